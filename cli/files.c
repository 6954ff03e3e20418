/*
 * Files, keys and passphrases. A passphrase is typed without echo on the terminal itself, so it
 * works beside piped input too.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

bool cli_stream_read(int fd, struct bytes *out)
{
	char piece[65536];
	ssize_t n;

	if (!bytes_put(out, "", 0))
		return false;
	while ((n = read(fd, piece, sizeof(piece))) > 0 || (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		if (!bytes_put(out, piece, (size_t)n)) {
			complain_text("the input is larger than 128 MB");
			return false;
		}
	}
	explicit_bzero(piece, sizeof(piece));
	if (n < 0)
		complain_text("reading: %s", strerror(errno));
	return n == 0;
}

bool cli_file_read(const char *path, struct bytes *out)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	bool is_read;

	if (fd < 0) {
		complain_text("%s: %s", path, strerror(errno));
		return false;
	}
	is_read = cli_stream_read(fd, out);
	if (fd != STDIN_FILENO)
		close(fd);
	return is_read;
}

bool cli_file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool line_read(int fd, struct bytes *out)
{
	bool is_kept = bytes_put(out, "", 0);
	char c;

	while (is_kept && read(fd, &c, 1) == 1 && c != '\n')
		is_kept = bytes_put(out, &c, 1);
	return is_kept;
}

/* One line from the terminal, echo off. */
static bool terminal_ask(const char *prompt, struct bytes *out)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios was, silent;

	if (fd < 0 || tcgetattr(fd, &was) != 0) {
		complain_text("a passphrase is needed and there is no terminal to ask on: use "
			      "--passphrase-file");
		if (fd >= 0)
			close(fd);
		return false;
	}
	silent = was;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(fd, TCSAFLUSH, &silent);
	dprintf(fd, "%s", prompt);
	bool is_kept = line_read(fd, out);
	(void)tcsetattr(fd, TCSAFLUSH, &was);
	dprintf(fd, "\n");
	close(fd);
	return is_kept;
}

static void last_line_end_drop(struct bytes *b)
{
	if (b->size > 0 && b->data[b->size - 1] == '\n')
		b->data[--b->size] = '\0';
	if (b->size > 0 && b->data[b->size - 1] == '\r')
		b->data[--b->size] = '\0';
}

bool cli_passphrase_read(const char *file, const char *prompt, bool is_new, struct bytes *out)
{
	CLEAN(bytes_free) struct bytes again = {NULL, 0, 0};

	if (file != NULL) {
		if (!cli_file_read(file, out))
			return false;
		last_line_end_drop(out);
		return true;
	}
	if (!terminal_ask(prompt, out))
		return false;
	if (!is_new)
		return true;
	if (!terminal_ask("The same again: ", &again))
		return false;
	if (strcmp(again.data, out->data) == 0)
		return true;
	complain_text("the two passphrases differ");
	return false;
}

struct asking {
	const char *path, *file;
	bool has_failed;
};

static int passphrase_give(void *context, char *out, size_t size)
{
	CLEAN(bytes_free) struct bytes word = {NULL, 0, 0};
	struct asking *a = context;
	char prompt[512];

	snprintf(prompt, sizeof(prompt), "Passphrase of %s: ", a->path);
	a->has_failed = !cli_passphrase_read(a->file, prompt, false, &word);
	if (a->has_failed || word.size > size)
		return -1;
	memcpy(out, word.data, word.size);
	return (int)word.size;
}

bool cli_key_load(const char *path, const char *passphrase_file, struct chg_key **out)
{
	CLEAN(bytes_free) struct bytes pem = {NULL, 0, 0};
	struct asking asking = {path, passphrase_file, false};
	struct chg_fault fault = {.text = ""};

	if (!cli_file_read(path, &pem))
		return false;
	if (chg_key_private(pem.data, pem.size, passphrase_give, &asking, out, &fault) == CHG_OK)
		return true;
	if (!asking.has_failed)
		complain_text("%s: %s", path, fault.text);
	return false;
}

bool cli_public_key_load(const char *path, struct chg_key **out)
{
	CLEAN(bytes_free) struct bytes pem = {NULL, 0, 0};
	struct chg_fault fault = {.text = ""};

	if (!cli_file_read(path, &pem))
		return false;
	if (chg_key_public(pem.data, pem.size, out, &fault) == CHG_OK)
		return true;
	complain_text("%s: %s", path, fault.text);
	return false;
}
