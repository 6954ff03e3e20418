/*
 * chirograph send: sign, send, check the answer's signature, print it. What is printed was checked,
 * or a line on standard error says that it was not.
 */
#include "client.h"

#include <stdio.h>
#include <string.h>

struct send {
	struct ask ask;
	const char *folder;
	struct chg_request *request;
	struct answer answer;
};

static bool is_url(const char *text)
{
	return strstr(text, "://") != NULL || strchr(text, ' ') != NULL;
}

/* What goes over the wire has a path (RFC 9112 §3.2.1), so what is signed has one too. */
static bool path_complete(struct ask *a)
{
	CLEAN(bytes_free) struct bytes whole = {NULL, 0, 0};
	size_t host = (size_t)(strstr(a->url, "://") - a->url) + 3, end;

	end = host + strcspn(a->url + host, "/?");
	if (a->url[end] == '/')
		return true;
	if (!bytes_put(&whole, a->url, end) || !bytes_put(&whole, "/", 1) ||
	    !bytes_put(&whole, a->url + end, strlen(a->url + end)))
		return false;
	bytes_free(&a->full_url);
	a->full_url = whole;
	whole = (struct bytes){NULL, 0, 0};
	a->url = a->full_url.data;
	return true;
}

/* A path alone is completed by the base URL. */
static bool url_complete(struct ask *a)
{
	const char *base = a->base_url;
	size_t size;

	if (a->url == NULL) {
		complain_text("send: which URL?");
		return false;
	}
	if (a->url[0] == '/' && base != NULL) {
		size = strlen(base);
		while (size > 0 && base[size - 1] == '/')
			size--;
		if (!bytes_put(&a->full_url, base, size) ||
		    !bytes_put(&a->full_url, a->url, strlen(a->url)))
			return false;
		a->url = a->full_url.data;
	}
	return ask_url_is_good(a->url) && path_complete(a);
}

static bool request_ready(struct send *s, const char *what)
{
	struct ask *a = &s->ask;

	if (is_url(what))
		a->url = what;
	else if (!cli_named_read(s->folder, what, a))
		return false;
	if (!url_complete(a) || !ask_body(a))
		return false;
	return !a->is_compact || !a->has_body || cli_body_compact(&a->body);
}

static void line_add(void *response, const void *line, size_t size)
{
	chg_response_add_line(response, line, size);
}

static enum chg_algorithm answer_algorithm(const struct chg_key *key)
{
	enum chg_algorithm first = chg_key_algorithm(key);

	return first == CHG_RSA_SHA256 ? CHG_RSA_PSS_SHA512 : first;
}

static bool body_print(const struct send *s, const char *body, size_t size)
{
	json_t *parsed = s->ask.is_raw ? NULL : json_loadb(body, size, JSON_DECODE_ANY, NULL);
	bool is_written = true;

	if (parsed != NULL) {
		is_written = json_dumpf(parsed, stdout,
				 JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY) == 0;
		putchar('\n');
	} else if (size > 0)
		is_written = fwrite(body, 1, size, stdout) == size;
	json_decref(parsed);
	return is_written && fflush(stdout) == 0;
}

static int status_of_http(long status)
{
	if (status >= 200 && status < 300)
		return EXIT_FINE;
	if (status >= 400 && status < 500)
		return EXIT_HTTP_4XX;
	return status >= 500 ? EXIT_HTTP_5XX : EXIT_HTTP_OTHER;
}

static int answer_check(struct send *s, struct chg_response *c, const struct chg_key *key)
{
	size_t size;
	const char *body;

	chg_response_set_key(c, key, answer_algorithm(key));
	chg_response_set_status(c, (unsigned)s->answer.status);
	cli_lines_each(&s->answer.lines, line_add, c);
	chg_response_set_body(c, s->answer.body.data, s->answer.body.size);
	if (chg_response_verify(c) != CHG_OK) {
		fprintf(stderr, "HTTP %ld\n", s->answer.status);
		complain_text("the answer is not believed: %s", chg_response_why(c));
		return EXIT_UNVERIFIED;
	}
	fprintf(stderr, "HTTP %ld, signature verified\n", s->answer.status);
	body = chg_response_body(c, &size);
	return body_print(s, body, size) ? status_of_http(s->answer.status) : EXIT_FAILED;
}

static int answer_take(struct send *s)
{
	CLEAN(cli_key_drop) struct chg_key *key = NULL;
	CLEAN(cli_response_drop) struct chg_response *c = NULL;

	if (s->ask.platform_key == NULL) {
		fprintf(stderr, "HTTP %ld, signature not checked: no --platform-key\n",
		    s->answer.status);
		return body_print(s, s->answer.body.data, s->answer.body.size)
			   ? status_of_http(s->answer.status)
			   : EXIT_FAILED;
	}
	if (!cli_public_key_load(s->ask.platform_key, &key))
		return EXIT_FAILED;
	c = chg_response_new(s->request);
	return c != NULL ? answer_check(s, c, key) : EXIT_FAILED;
}

static int send_run(struct send *s, const char *what)
{
	CLEAN(cli_key_drop) struct chg_key *early = NULL;

	if (!request_ready(s, what))
		return EXIT_WRONG_USE;
	/* a platform key that cannot be read is found before anything is sent */
	if (s->ask.platform_key != NULL && !cli_public_key_load(s->ask.platform_key, &early))
		return EXIT_FAILED;
	if (!ask_keys(&s->ask) || !ask_request(&s->ask, &s->request) ||
	    !cli_http_send(&s->ask, s->request, &s->answer))
		return EXIT_FAILED;
	return answer_take(s);
}

int client_send(int argc, char **argv)
{
	struct send s = {.folder = "requests"};
	struct option_spec options[ASK_OPTIONS + 6] = {
	    {"--platform-key", &s.ask.platform_key, NULL, NULL},
	    {"--base-url", &s.ask.base_url, NULL, NULL}, {"--cacert", &s.ask.cacert, NULL, NULL},
	    {"--requests", &s.folder, NULL, NULL}, {"--upload", &s.ask.upload, NULL, NULL},
	    {"--raw", NULL, NULL, &s.ask.is_raw}};
	int status = EXIT_WRONG_USE;

	size_t count = 6 + ask_options(&s.ask, options + 6);
	if (options_take(&argc, argv, options, count)) {
		if (argc == 2 || (argc == 1 && s.ask.url != NULL))
			status = send_run(&s, argc == 2 ? argv[1] : s.ask.url);
		else
			complain_text("send: the name of a request, or a URL");
	}
	cli_answer_free(&s.answer);
	chg_request_free(s.request);
	ask_free(&s.ask);
	return status;
}
