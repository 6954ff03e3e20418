/*
 * chirograph listen: a feed as lines of JSON. Each connection is signed afresh; a connection that
 * ends is made again after a pause that doubles up to a minute, unless the server refused the key.
 */
#include "client.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PAUSE_MAX 60u

struct listen {
	struct ask ask;
	const char *count_text;
	int64_t count, seen; /* count 0: without end */
	bool acknowledges;   /* what was printed needs not come again */
	unsigned pause;
};

/* {"ack":"<id>"}: only once the object is out of our hands. */
static void acknowledge(struct feed *f, const json_t *object)
{
	const char *id = json_string_value(json_object_get(object, "id"));
	json_t *ack = id != NULL ? json_pack("{ss}", "ack", id) : NULL;
	char text[126];
	size_t size = ack != NULL ? json_dumpb(ack, text, sizeof(text) - 1, JSON_COMPACT) : 0;

	json_decref(ack);
	if (size == 0 || size >= sizeof(text))
		return;
	text[size] = '\0';
	(void)feed_send(f, text); /* a connection that is gone is noticed by the next read */
}

static bool text_print(struct listen *l, struct feed *f, const struct bytes *text)
{
	json_t *parsed = json_loadb(text->data, text->size, JSON_DECODE_ANY, NULL);
	bool is_written = true;

	if (parsed != NULL)
		is_written = json_dumpf(parsed, stdout,
				 JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY) == 0 &&
			     putchar('\n') != EOF;
	else
		complain_text("a frame of %zu bytes is not JSON", text->size);
	is_written = fflush(stdout) == 0 && is_written;
	if (is_written && l->acknowledges)
		acknowledge(f, parsed);
	json_decref(parsed);
	return is_written;
}

static bool is_enough(const struct listen *l)
{
	return l->count != 0 && l->seen >= l->count;
}

/* Until the connection ends. */
static void feed_print(struct listen *l, struct feed *f)
{
	CLEAN(bytes_free) struct bytes text = {NULL, 0, 0};

	while (!is_enough(l) && feed_next(f, &text) == FEED_TEXT) {
		l->pause = 1;
		l->seen++;
		if (!text_print(l, f, &text))
			l->count = l->seen; /* nobody reads on */
	}
}

/* A refusal that another try will not change. */
static bool is_final(long status)
{
	return status >= 400 && status < 500 && status != 408 && status != 429;
}

static int connect_once(struct listen *l)
{
	CLEAN(cli_request_drop) struct chg_request *r = NULL;
	struct feed *f;
	long status = 0;

	if (!ask_request(&l->ask, &r))
		return EXIT_FAILED;
	f = feed_open(l->ask.url, l->ask.cacert, r, &status);
	if (f == NULL)
		return is_final(status) ? EXIT_HTTP_4XX : EXIT_FINE;
	fprintf(stderr, "connected\n");
	feed_print(l, f);
	feed_close(f);
	return EXIT_FINE;
}

static int listen_run(struct listen *l)
{
	int status = EXIT_FINE;

	l->pause = 1;
	while (!is_enough(l) && !feed_is_stopped()) {
		status = connect_once(l);
		if (status != EXIT_FINE)
			break;
		if (is_enough(l) || feed_is_stopped())
			break;
		fprintf(stderr, "disconnected; again in %u s\n", l->pause);
		sleep(l->pause);
		l->pause = l->pause * 2 > PAUSE_MAX ? PAUSE_MAX : l->pause * 2;
	}
	return status;
}

static bool listen_ready(struct listen *l, const char *url)
{
	l->ask.url = url;
	l->ask.method = "GET";
	if (strncmp(url, "wss://", 6) != 0) {
		complain_text("%s: the URL of a feed begins with wss://", url);
		return false;
	}
	return ask_url_is_good(url) &&
	       (l->count_text == NULL || cli_number_read("--count", l->count_text, &l->count));
}

int client_listen(int argc, char **argv)
{
	struct listen l = {.count = 0};
	struct ask *a = &l.ask;
	const struct option_spec options[] = {{"--scheme", &a->scheme, NULL, NULL},
	    {"--key", &a->key, NULL, NULL}, {"--api-key", &a->api_key, NULL, NULL},
	    {"--client-key", &a->client_key, NULL, NULL}, {"--key-id", &a->key_id, NULL, NULL},
	    {"--passphrase-file", &a->passphrase_file, NULL, NULL},
	    {"--cacert", &a->cacert, NULL, NULL}, {"--count", &l.count_text, NULL, NULL},
	    {"--ack", NULL, NULL, &l.acknowledges}};
	int status = EXIT_WRONG_USE;

	if (options_take(&argc, argv, options, COUNT(options))) {
		if (argc != 2)
			complain_text("listen: which wss:// URL?");
		else if (listen_ready(&l, argv[1]))
			status = ask_keys(a) ? listen_run(&l) : EXIT_FAILED;
	}
	ask_free(a);
	return status;
}
