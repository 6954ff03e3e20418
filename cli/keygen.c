/*
 * chirograph keygen: a key pair under the names that the platforms' own clients read. The private
 * file is made with mode 0600 and never overwrites; the public key also goes to standard output.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct form {
	const char *word;
	enum chg_key_kind kind;
	bool is_traditional; /* PKCS#1, SEC1 */
	const char *private_name, *public_name;
} forms[] = {
    {"es512", CHG_P521, true, "jwtECDSASHA512.key", "jwtECDSASHA512.key.pub"},
    {"rsa", CHG_RSA, true, "private.pem", "public.pem"},
    {"ed25519", CHG_KIND_ED25519, false, "ed25519.pem", "ed25519.pub.pem"},
};

struct keygen {
	const struct form *form;
	const char *folder, *passphrase_file, *bits_text;
	bool wants_passphrase;
	int64_t bits;
};

static bool file_make(const char *folder, const char *name, mode_t mode, const char *text)
{
	char path[PATH_MAX];
	ssize_t size = (ssize_t)strlen(text);
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0) {
		complain_text("%s: %s", path, strerror(errno));
		return false;
	}
	bool is_written = write(fd, text, (size_t)size) == size && fsync(fd) == 0;
	is_written = close(fd) == 0 && is_written;
	if (!is_written) {
		complain_text("%s: %s", path, strerror(errno));
		unlink(path);
	}
	return is_written;
}

static bool name_is_free(const char *folder, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path)) {
		complain_text("%s: too long", folder);
		return false;
	}
	if (!cli_file_exists(path))
		return true;
	complain_text("%s is there already; a key is never overwritten: move it away first", path);
	return false;
}

static bool pair_write(const struct keygen *k, const struct chg_key *key, const char *passphrase)
{
	char *private_pem = NULL, *public_pem = NULL, fingerprint[CHG_FINGERPRINT_SIZE];
	bool is_done =
	    chg_key_private_pem(key, k->form->is_traditional, passphrase, &private_pem) == CHG_OK &&
	    chg_key_public_pem(key, &public_pem) == CHG_OK &&
	    chg_key_fingerprint(key, fingerprint) == CHG_OK;

	if (!is_done)
		complain_text("the key could not be written as PEM");
	is_done = is_done && file_make(k->folder, k->form->private_name, 0600, private_pem) &&
		  file_make(k->folder, k->form->public_name, 0644, public_pem);
	if (is_done) {
		fputs(public_pem, stdout);
		fprintf(stderr, "%s/%s: keep it to yourself\n%s/%s: hand this one over\n%s\n",
		    k->folder, k->form->private_name, k->folder, k->form->public_name, fingerprint);
	}
	chg_text_free(private_pem);
	chg_text_free(public_pem);
	return is_done;
}

static bool bits_read(struct keygen *k)
{
	if (k->bits_text == NULL)
		return true;
	if (!cli_number_read("--bits", k->bits_text, &k->bits))
		return false;
	if (k->form->kind == CHG_RSA && k->bits >= 2048 && k->bits <= 8192)
		return true;
	complain_text("--bits: 2048 to 8192, for RSA keys");
	return false;
}

static bool passphrase_want(const struct keygen *k, struct bytes *out)
{
	if (!k->wants_passphrase && k->passphrase_file == NULL)
		return true;
	if (!cli_passphrase_read(k->passphrase_file, "New passphrase: ", true, out))
		return false;
	if (out->size == 0)
		complain_text("the passphrase is empty");
	return out->size > 0;
}

static bool pair_make(struct keygen *k)
{
	CLEAN(bytes_free) struct bytes passphrase = {NULL, 0, 0};
	CLEAN(cli_key_drop) struct chg_key *key = NULL;

	if (!bits_read(k) || !name_is_free(k->folder, k->form->private_name) ||
	    !name_is_free(k->folder, k->form->public_name) || !passphrase_want(k, &passphrase))
		return false;
	if (chg_key_generate(k->form->kind, (unsigned)k->bits, &key) != CHG_OK) {
		complain_text("the key could not be made");
		return false;
	}
	return pair_write(k, key, passphrase.data);
}

int client_keygen(int argc, char **argv)
{
	struct keygen k = {.folder = "."};
	const struct option_spec options[] = {{"--out", &k.folder, NULL, NULL},
	    {"--passphrase", NULL, NULL, &k.wants_passphrase},
	    {"--passphrase-file", &k.passphrase_file, NULL, NULL},
	    {"--bits", &k.bits_text, NULL, NULL}};

	if (!options_take(&argc, argv, options, COUNT(options)))
		return EXIT_WRONG_USE;
	for (size_t i = 0; argc == 2 && i < COUNT(forms); i++)
		if (strcmp(argv[1], forms[i].word) == 0)
			k.form = &forms[i];
	if (k.form == NULL) {
		complain_text("keygen: which kind? es512, rsa or ed25519");
		return EXIT_WRONG_USE;
	}
	return pair_make(&k) ? EXIT_FINE : EXIT_FAILED;
}
