/*
 * chirograph verify-response, verify-webhook, verify-proof: the library's checkers over files.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verify {
	struct ask ask;
	const char *headers, *request_headers, *status, *time, *window, *signature_key, *forms;
	const char *bodies[OPTION_LIST_MAX + 1], *partner_keys[OPTION_LIST_MAX + 1],
	    *platform_keys[OPTION_LIST_MAX + 1];
	struct chg_key *keys[2 * OPTION_LIST_MAX];
	size_t key_count;
	struct bytes lines, secret;
	int64_t now, seconds;
	struct chg_request *request;
};

static void verify_free(struct verify *v)
{
	for (size_t i = 0; i < v->key_count; i++)
		chg_key_free(v->keys[i]);
	bytes_free(&v->lines);
	bytes_free(&v->secret);
	chg_request_free(v->request);
	ask_free(&v->ask);
}

static bool keys_load(struct verify *v, const char *const *paths)
{
	for (size_t i = 0; paths[i] != NULL; i++) {
		if (!cli_public_key_load(paths[i], &v->keys[v->key_count]))
			return false;
		v->key_count++;
	}
	return true;
}

static bool moment_read(struct verify *v)
{
	v->seconds = 300;
	return (v->time == NULL || cli_number_read("--time", v->time, &v->now)) &&
	       (v->window == NULL || cli_number_read("--window", v->window, &v->seconds));
}

static bool is_given(const char *name, const char *value)
{
	if (value != NULL)
		return true;
	complain_text("%s is missing", name);
	return false;
}

static int verdict(enum chg_status status, const char *why)
{
	if (status == CHG_OK) {
		puts("The signature holds.");
		return EXIT_FINE;
	}
	complain_text("%s", why);
	return status == CHG_ERR_ARGUMENT || status == CHG_ERR_MEMORY ? EXIT_FAILED
								      : EXIT_UNVERIFIED;
}

/* "HTTP/1.1 201 Created", as curl -i and -D write it. */
static unsigned status_of_lines(const struct bytes *lines)
{
	const char *space = lines->size > 5 && strncmp(lines->data, "HTTP/", 5) == 0
				? strchr(lines->data, ' ')
				: NULL;

	return space != NULL ? (unsigned)strtoul(space + 1, NULL, 10) : 0;
}

static void response_line(void *c, const void *line, size_t size)
{
	chg_response_add_line(c, line, size);
}

static void request_line(void *r, const void *line, size_t size)
{
	chg_request_add_sent_line(r, line, size);
}

static bool request_rebuild(struct verify *v)
{
	CLEAN(bytes_free) struct bytes sent = {NULL, 0, 0};
	enum chg_scheme scheme;

	if (!chg_scheme_of(v->ask.scheme, &scheme)) {
		complain_text("--scheme %s is unknown", v->ask.scheme);
		return false;
	}
	if (v->request_headers != NULL && !cli_file_read(v->request_headers, &sent))
		return false;
	v->request = chg_request_new(scheme);
	if (v->request == NULL)
		return false;
	chg_request_set_target(v->request, v->ask.method, v->ask.url);
	chg_request_set_client_key(v->request, v->ask.client_key);
	cli_lines_each(&sent, request_line, v->request);
	if (chg_request_sent(v->request) == CHG_OK)
		return true;
	complain_text("%s", chg_request_why(v->request));
	return false;
}

static enum chg_algorithm answer_algorithm(const struct chg_key *key)
{
	enum chg_algorithm first = chg_key_algorithm(key);

	return first == CHG_RSA_SHA256 ? CHG_RSA_PSS_SHA512 : first;
}

static int response_check(struct verify *v, struct chg_response *c)
{
	int64_t status = status_of_lines(&v->lines);
	size_t size;
	const char *body;
	enum chg_status s;

	if (v->status != NULL && !cli_number_read("--status", v->status, &status))
		return EXIT_WRONG_USE;
	chg_response_set_key(c, v->keys[0], answer_algorithm(v->keys[0]));
	chg_response_set_window(c, v->seconds);
	if (v->time != NULL)
		chg_response_set_time(c, v->now);
	chg_response_set_status(c, (unsigned)status);
	cli_lines_each(&v->lines, response_line, c);
	chg_response_set_body(c, v->ask.body.data, v->ask.body.size);
	s = chg_response_verify(c);
	if (s != CHG_OK || !v->ask.is_raw)
		return verdict(s, chg_response_why(c));
	body = chg_response_body(c, &size);
	return fwrite(body, 1, size, stdout) == size ? EXIT_FINE : EXIT_FAILED;
}

static int response_run(struct verify *v)
{
	CLEAN(cli_response_drop) struct chg_response *c = NULL;

	if (!is_given("--url", v->ask.url) || !is_given("--method", v->ask.method) ||
	    !is_given("--scheme", v->ask.scheme) || !is_given("--headers", v->headers) ||
	    !is_given("--platform-key", v->platform_keys[0]) || !moment_read(v))
		return EXIT_WRONG_USE;
	if (!keys_load(v, v->platform_keys) || !cli_file_read(v->headers, &v->lines) ||
	    !ask_body(&v->ask) || !request_rebuild(v))
		return EXIT_FAILED;
	c = chg_response_new(v->request);
	return c != NULL ? response_check(v, c) : EXIT_FAILED;
}

int client_verify_response(int argc, char **argv)
{
	struct verify v = {.now = 0};
	const struct option_spec options[] = {{"--url", &v.ask.url, NULL, NULL},
	    {"--method", &v.ask.method, NULL, NULL}, {"--scheme", &v.ask.scheme, NULL, NULL},
	    {"--client-key", &v.ask.client_key, NULL, NULL},
	    {"--platform-key", NULL, v.platform_keys, NULL}, {"--headers", &v.headers, NULL, NULL},
	    {"--request-headers", &v.request_headers, NULL, NULL},
	    {"--body", &v.ask.body_file, NULL, NULL}, {"--status", &v.status, NULL, NULL},
	    {"--time", &v.time, NULL, NULL}, {"--window", &v.window, NULL, NULL},
	    {"--raw", NULL, NULL, &v.ask.is_raw}};
	int status = EXIT_WRONG_USE;

	if (options_take(&argc, argv, options, COUNT(options)) && argc == 1)
		status = response_run(&v);
	verify_free(&v);
	return status;
}

/* What material was given says which forms must be there, unless --form says so. */
static bool forms_choose(const struct verify *v, unsigned *forms)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = {{"legacy", CHG_WEBHOOK_LEGACY}, {"v1", CHG_WEBHOOK_V1},
	    {"v1a", CHG_WEBHOOK_V1A}, {"es512", CHG_WEBHOOK_ES512}};
	const char *at = v->forms;

	*forms = v->signature_key != NULL ? CHG_WEBHOOK_LEGACY | CHG_WEBHOOK_V1 : 0;
	for (size_t i = 0; i < v->key_count; i++)
		*forms |=
		    chg_key_kind_of(v->keys[i]) == CHG_P521 ? CHG_WEBHOOK_ES512 : CHG_WEBHOOK_V1A;
	if (at == NULL)
		return true;
	for (*forms = 0; *at != '\0'; at += *at == ',') {
		size_t size = strcspn(at, ","), i = 0;
		while (i < COUNT(known) &&
		       (strlen(known[i].name) != size || strncmp(known[i].name, at, size) != 0))
			i++;
		if (i == COUNT(known)) {
			complain_text("--form %s: legacy, v1, v1a, es512", v->forms);
			return false;
		}
		*forms |= known[i].bit;
		at += size;
	}
	return true;
}

static void webhook_line(void *c, const void *line, size_t size)
{
	chg_webhook_add_line(c, line, size);
}

static int webhook_check(struct verify *v)
{
	unsigned forms;
	struct chg_webhook *c;
	int status;

	if (!forms_choose(v, &forms))
		return EXIT_WRONG_USE;
	c = chg_webhook_new(v->ask.url, forms);
	if (c == NULL)
		return EXIT_FAILED;
	chg_webhook_set_secret(c, v->secret.data);
	for (size_t i = 0; i < v->key_count; i++)
		chg_webhook_set_key(c, v->keys[i], chg_key_algorithm(v->keys[i]));
	chg_webhook_set_window(c, v->seconds);
	if (v->time != NULL)
		chg_webhook_set_time(c, v->now);
	cli_lines_each(&v->lines, webhook_line, c);
	chg_webhook_set_body(c, v->ask.body.data, v->ask.body.size);
	status = verdict(chg_webhook_verify(c), chg_webhook_why(c));
	chg_webhook_free(c);
	return status;
}

static int webhook_run(struct verify *v)
{
	if (!is_given("--url", v->ask.url) || !is_given("--headers", v->headers) ||
	    !is_given("--body", v->ask.body_file) || !moment_read(v))
		return EXIT_WRONG_USE;
	if (v->signature_key != NULL && !cli_file_read(v->signature_key, &v->secret))
		return EXIT_FAILED;
	if (!keys_load(v, v->platform_keys) || !cli_file_read(v->headers, &v->lines) ||
	    !ask_body(&v->ask))
		return EXIT_FAILED;
	return webhook_check(v);
}

int client_verify_webhook(int argc, char **argv)
{
	struct verify v = {.now = 0};
	const struct option_spec options[] = {{"--url", &v.ask.url, NULL, NULL},
	    {"--signature-key", &v.signature_key, NULL, NULL},
	    {"--platform-key", NULL, v.platform_keys, NULL}, {"--headers", &v.headers, NULL, NULL},
	    {"--body", &v.ask.body_file, NULL, NULL}, {"--form", &v.forms, NULL, NULL},
	    {"--time", &v.time, NULL, NULL}, {"--window", &v.window, NULL, NULL}};
	int status = EXIT_WRONG_USE;

	if (options_take(&argc, argv, options, COUNT(options)) && argc == 1)
		status = webhook_run(&v);
	verify_free(&v);
	return status;
}

static const char *verdict_word(enum chg_proof_verdict v)
{
	switch (v) {
	case CHG_PROOF_UNSIGNED: return "unsigned";
	case CHG_PROOF_HOLDS: return "holds";
	case CHG_PROOF_NEEDS_BODY: return "needs body";
	case CHG_PROOF_BAD: return "bad";
	}
	return "?";
}

static void part_print(const char *side, const struct chg_proof_part *part)
{
	printf("  %-8s %-10s", side, verdict_word(part->verdict));
	if (part->fingerprint[0] != '\0')
		printf(" %s %s%s", chg_key_kind_name(part->kind), part->fingerprint,
		    part->is_key_trusted ? "" : " (key not told)");
	if (part->why[0] != '\0')
		printf(": %s", part->why);
	if (part->verdict == CHG_PROOF_NEEDS_BODY)
		printf(" (%s)", part->body_sha256);
	putchar('\n');
}

static void proof_print(const struct chg_proof *p)
{
	for (size_t i = 0; i < chg_proof_count(p); i++) {
		printf("%zu. %s %s %s, %s, HTTP %u\n", i + 1, chg_proof_at(p, i),
		    chg_proof_method(p, i), chg_proof_url(p, i), chg_proof_scheme(p, i),
		    chg_proof_http_status(p, i));
		part_print("request", chg_proof_part(p, i, CHG_REQUEST));
		part_print("answer", chg_proof_part(p, i, CHG_RESPONSE));
	}
}

static bool proof_tell(struct verify *v, struct chg_proof *p)
{
	size_t partner;

	if (!keys_load(v, v->partner_keys))
		return false;
	partner = v->key_count;
	if (!keys_load(v, v->platform_keys))
		return false;
	for (size_t i = 0; i < v->key_count; i++)
		chg_proof_trust(p, i < partner ? CHG_REQUEST : CHG_RESPONSE, v->keys[i]);
	for (size_t i = 0; v->bodies[i] != NULL; i++) {
		CLEAN(bytes_free) struct bytes body = {NULL, 0, 0};
		if (!cli_file_read(v->bodies[i], &body))
			return false;
		chg_proof_add_body(p, body.data, body.size);
	}
	return true;
}

static int proof_run(struct verify *v, struct chg_proof *p, const char *path)
{
	enum chg_status status;

	if (!proof_tell(v, p) || !cli_file_read(path, &v->lines))
		return EXIT_FAILED;
	status = chg_proof_verify(p, v->lines.data, v->lines.size);
	proof_print(p);
	return verdict(status, chg_proof_why(p));
}

int client_verify_proof(int argc, char **argv)
{
	struct verify v = {.now = 0};
	const struct option_spec options[] = {{"--body", NULL, v.bodies, NULL},
	    {"--partner-key", NULL, v.partner_keys, NULL},
	    {"--platform-key", NULL, v.platform_keys, NULL}};
	struct chg_proof *p = chg_proof_new();
	int status = EXIT_WRONG_USE;

	if (p != NULL && options_take(&argc, argv, options, COUNT(options))) {
		if (argc == 2)
			status = proof_run(&v, p, argv[1]);
		else
			complain_text("verify-proof: which file?");
	}
	chg_proof_free(p);
	verify_free(&v);
	return status;
}
