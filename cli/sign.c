/*
 * chirograph sign: what the vendor's signing client does, without its two faults. It signs exactly
 * what was pasted (the last line end dropped), and piped input is the input.
 */
#include "client.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

/* A terminal in line mode silently cuts what is longer. */
#define TERMINAL_LINE_MAX 4095

static char end_key(void)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, &t) != 0 || t.c_cc[VEOF] == 0 || t.c_cc[VEOF] > 26)
		return 'D';
	return (char)('@' + t.c_cc[VEOF]);
}

static bool lines_were_cut(const struct bytes *text)
{
	const char *at = text->data, *end;

	for (; (end = strchr(at, '\n')) != NULL; at = end + 1)
		if (end - at >= TERMINAL_LINE_MAX)
			return true;
	return strlen(at) >= TERMINAL_LINE_MAX;
}

static void line_end_drop(struct bytes *b)
{
	if (b->size > 0 && b->data[b->size - 1] == '\n')
		b->data[--b->size] = '\0';
}

/* The first line of standard input. Read byte by byte: what follows is the body's. */
static bool url_read(struct ask *a, bool is_terminal)
{
	char c = '\0';

	if (is_terminal) {
		fputs("url: ", stdout);
		fflush(stdout);
	}
	if (!bytes_put(&a->full_url, "", 0))
		return false;
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		if (c != '\r' && !bytes_put(&a->full_url, &c, 1))
			return false;
	a->url = a->full_url.data;
	return ask_url_is_good(a->url);
}

static bool body_read(struct ask *a, bool is_terminal)
{
	if (is_terminal) {
		printf("body (hit Ctrl+%c on a line of its own to end):\n", end_key());
		fflush(stdout);
	}
	if (!cli_stream_read(STDIN_FILENO, &a->body))
		return false;
	if (is_terminal && lines_were_cut(&a->body)) {
		complain_text("a line of %d bytes or more: terminals cut those. Use --body FILE",
		    TERMINAL_LINE_MAX);
		return false;
	}
	line_end_drop(&a->body);
	a->has_body = a->body.size > 0;
	return true;
}

static bool has_no_body(const char *method)
{
	return method != NULL &&
	       (strcasecmp(method, "GET") == 0 || strcasecmp(method, "HEAD") == 0 ||
		   strcasecmp(method, "DELETE") == 0);
}

static bool input_read(struct ask *a)
{
	bool is_terminal = isatty(STDIN_FILENO) == 1;

	if (a->url != NULL ? !ask_url_is_good(a->url) : !url_read(a, is_terminal))
		return false;
	if (a->body_file != NULL) {
		if (!ask_body(a))
			return false;
		if (strcmp(a->body_file, "-") == 0) /* typed or piped; a file is signed as it is */
			line_end_drop(&a->body);
		a->has_body = a->body.size > 0;
	} else if (!has_no_body(a->method) && !body_read(a, is_terminal))
		return false;
	return !a->is_compact || !a->has_body || cli_body_compact(&a->body);
}

static bool is_secret(const char *name)
{
	return strcasecmp(name, "x-api-key") == 0;
}

static void result_print(const struct ask *a, const struct chg_request *r)
{
	size_t size;
	const char *payload = chg_request_payload(r, &size);

	if (chg_request_hash(r)[0] != '\0')
		printf("Hash: %s\n", chg_request_hash(r));
	for (size_t i = 0; i < chg_request_header_count(r); i++)
		if (!is_secret(chg_request_header_name(r, i)) &&
		    (a->parsed != CHG_X_SIGN ||
			strcasecmp(chg_request_header_name(r, i), "content-type") != 0))
			printf("%s: %s\n", chg_request_header_name(r, i),
			    chg_request_header_value(r, i));
	printf("Length: %zu\n", a->body.size);
	if (payload != NULL && a->parsed == CHG_ES512_WRAPPED)
		printf("Body: %.*s\n", (int)size, payload);
}

static int sign_run(struct ask *a)
{
	CLEAN(cli_request_drop) struct chg_request *r = NULL;

	if (!input_read(a))
		return EXIT_WRONG_USE;
	if (!ask_keys(a) || !ask_request(a, &r))
		return EXIT_FAILED;
	result_print(a, r);
	return EXIT_FINE;
}

int client_sign(int argc, char **argv)
{
	struct ask a = {.method = NULL};
	struct option_spec options[ASK_OPTIONS];
	int status = EXIT_WRONG_USE;

	if (options_take(&argc, argv, options, ask_options(&a, options))) {
		if (argc == 1)
			status = sign_run(&a);
		else
			complain_text("sign: %s: the URL is told with --url", argv[1]);
	}
	ask_free(&a);
	return status;
}
