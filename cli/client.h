/*
 * The client: subcommands over chirograph.h, libcurl and jansson, and nothing else of ours, so that
 * it builds without the server and is an example of the library. Secrets come from files or the
 * terminal, never from the command line.
 */
#ifndef CHIROGRAPH_CLI_CLIENT_H
#define CHIROGRAPH_CLI_CLIENT_H

#include "chirograph.h"
#include "options.h"

#include <jansson.h>

/* Exit statuses; docs/client.md has the table. */
enum {
	EXIT_FINE = 0,
	EXIT_FAILED = 1, /* no answer, no key, a file that is not there */
	EXIT_WRONG_USE = 2,
	EXIT_UNVERIFIED = 3, /* a signature is missing or wrong */
	EXIT_HTTP_4XX = 4,
	EXIT_HTTP_5XX = 5,
	EXIT_HTTP_OTHER = 6,
};

#define CLIENT_COMMAND(name, function, needs_curl, arguments, summary) \
	int function(int argc, char **argv);
#include "commands.def"
#undef CLIENT_COMMAND

/* ---- bytes: the only file that allocates ---- */

#define BYTES_MAX (128u * 1024u * 1024u)

struct bytes { /* zero-initialise; data is NUL-ended once something was put */
	char *data;
	size_t size, room;
};
#define CLEAN(f) __attribute__((cleanup(f)))
bool bytes_put(struct bytes *b, const void *data, size_t size); /* false: too large, no memory */
void bytes_free(struct bytes *b);                               /* wipes */
void *cli_zeroed(size_t size);                                  /* NULL: no memory */
void cli_zeroed_free(void *p);
void cli_json_text_free(char *text); /* of json_dumps */
void cli_json_drop(json_t **j);
void cli_key_drop(struct chg_key **k);
void cli_request_drop(struct chg_request **r);
void cli_response_drop(struct chg_response **c);

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- files and keys ---- */

bool cli_file_read(
    const char *path, struct bytes *out); /* "-": standard input. Says what is wrong. */
bool cli_stream_read(int fd, struct bytes *out);
bool cli_file_exists(const char *path);
bool cli_key_load(const char *path, const char *passphrase_file, struct chg_key **out);
bool cli_public_key_load(const char *path, struct chg_key **out);
/* From the file, or from the terminal without echo, twice when is_new. NUL-ended. */
bool cli_passphrase_read(const char *file, const char *prompt, bool is_new, struct bytes *out);

/* ---- one request, from flags, a named request or the terminal ---- */

struct ask {
	const char *method, *url, *base_url, *body_file, *scheme, *key, *api_key, *client_key,
	    *key_id, *timestamp, *nonce, *passphrase_file, *content_type, *platform_key, *cacert,
	    *upload;
	bool is_compact, is_raw;
	enum chg_scheme parsed;
	bool has_body;
	struct bytes body, full_url, api_key_text, client_key_text;
	struct chg_key *private_key;
	json_t *named; /* what the texts above may point into */
};

#define ASK_OPTIONS 13
size_t ask_options(struct ask *a, struct option_spec *out); /* ASK_OPTIONS of them */
bool ask_body(struct ask *a);                               /* --body, --upload */
bool ask_keys(struct ask *a); /* scheme, key, API key: with the defaults of the working folder */
bool ask_request(struct ask *a, struct chg_request **out); /* signed */
bool ask_url_is_good(const char *url);     /* says what is wrong, as "GET https://…" */
bool cli_body_compact(struct bytes *body); /* JSON without white space between tokens */
void ask_free(struct ask *a);
bool cli_named_read(const char *folder, const char *name, struct ask *a);

/* ---- HTTP ---- */

struct answer {
	long status;
	struct bytes lines, body; /* header lines as they came */
};
bool cli_http_send(const struct ask *a, const struct chg_request *r, struct answer *out);
void cli_answer_free(struct answer *a);
/* CRLF or LF lines, one by one. */
void cli_lines_each(
    const struct bytes *lines, void (*each)(void *, const void *, size_t), void *ctx);

/* ---- the feed's socket (RFC 6455), over TLS that libcurl makes ---- */

struct feed;
enum feed_event { FEED_TEXT, FEED_CLOSED, FEED_STOPPED };

/* status: of an HTTP answer that refused, or 0. Says what is wrong. */
struct feed *feed_open(
    const char *url, const char *cacert, const struct chg_request *r, long *status);
/* A short text, at most 125 bytes. */
bool feed_send(struct feed *f, const char *text);
enum feed_event feed_next(struct feed *f, struct bytes *text); /* pings are answered inside */
void feed_close(struct feed *f);
bool feed_is_stopped(void); /* SIGINT, SIGTERM came */

#endif
