/*
 * The checker of answers. It belongs to the request that was signed: a perfect signature over
 * another request's answer is refused.
 */
#include "lib/check.h"
#include "lib/request.h"

struct chg_response {
	const struct chg_request *request;
	struct arena *told;
	struct said mistake, said;
	const struct chg_key *key;
	enum sign_algorithm algorithm;
	int64_t time, window;
	bool has_time, is_verified;
	unsigned status;
	struct fields fields;
	struct span body;
	struct buf decoded;
};

struct chg_response *chg_response_new(const struct chg_request *r)
{
	struct chg_response *c = mem_alloc(sizeof(*c));

	if (c == NULL)
		return NULL;
	c->request = r;
	c->window = WINDOW_SECONDS;
	buf_init(&c->decoded, BODY_BYTES);
	c->told = arena_new(OBJECT_BYTES);
	if (c->told != NULL)
		return c;
	mem_free(c, sizeof(*c));
	return NULL;
}

void chg_response_free(struct chg_response *c)
{
	if (c == NULL)
		return;
	buf_free(&c->decoded);
	arena_free(c->told);
	mem_free(c, sizeof(*c));
}

void chg_response_set_key(
    struct chg_response *c, const struct chg_key *k, enum chg_algorithm algorithm)
{
	c->key = k;
	c->algorithm = (enum sign_algorithm)algorithm;
	if (c->fields.count > 0)
		say(&c->mistake, CHG_ERR_ARGUMENT, "the key must be told before the first header");
}

void chg_response_set_time(struct chg_response *c, int64_t unix_seconds)
{
	c->time = unix_seconds;
	c->has_time = true;
}

void chg_response_set_window(struct chg_response *c, int64_t seconds)
{
	c->window = seconds;
}

void chg_response_set_status(struct chg_response *c, unsigned status)
{
	c->status = status;
}

static void key_wanted(struct chg_response *c)
{
	if (c->key == NULL)
		say(&c->mistake, CHG_ERR_ARGUMENT, "the key must be told before the first header");
}

void chg_response_add_header(struct chg_response *c, const char *name, const char *value)
{
	key_wanted(c);
	fields_add(&c->fields, c->told, &c->mistake, span_str(name), span_str(value));
}

void chg_response_add_line(struct chg_response *c, const void *line, size_t size)
{
	key_wanted(c);
	fields_add_line(&c->fields, c->told, &c->mistake, span_of(line, size));
}

void chg_response_set_body(struct chg_response *c, const void *body, size_t size)
{
	c->body = span_of(body, body != NULL ? size : 0);
}

static enum chg_status check(struct chg_response *c, struct finding *f)
{
	const struct chg_request *r = c->request;
	struct evidence e = {.key = c->key->pkey,
	    .algorithm = c->algorithm,
	    .method = span_str(r->method),
	    .target = r->target,
	    .fields = &c->fields,
	    .request_fields = &r->fields,
	    .is_response = true,
	    .status = c->status,
	    .body = c->body,
	    .has_body = true,
	    .client_key = r->client_key};

	if (r->scheme == CHG_ES512_WRAPPED)
		return check_wrapped(&e, f, &c->said);
	if (r->scheme == CHG_ES512_PLAIN)
		return check_plain(&e, f, &c->said);
	return check_message(&e, f, &c->said);
}

enum chg_status chg_response_verify(struct chg_response *c)
{
	struct finding f = {.decoded = &c->decoded};

	c->said = c->mistake;
	c->is_verified = false;
	buf_reset(&c->decoded);
	if (c->said.status != CHG_OK)
		return c->said.status;
	if (c->request == NULL || !c->request->is_signed)
		return say(&c->said, CHG_ERR_ARGUMENT, "the request was not signed");
	if (c->key == NULL)
		return say(&c->said, CHG_ERR_ARGUMENT, "no key was told");
	if (check(c, &f) == CHG_OK && buf_done(&c->decoded) == OK)
		check_time(f.at, c->has_time ? c->time : now_seconds(), c->window, &c->said);
	c->is_verified = c->said.status == CHG_OK;
	return c->said.status;
}

const char *chg_response_why(const struct chg_response *c)
{
	return c->said.text;
}

const void *chg_response_body(const struct chg_response *c, size_t *size)
{
	bool is_decoded = c->is_verified && c->decoded.size > 0;
	struct span body = is_decoded ? buf_span(&c->decoded) : c->body;

	*size = body.size;
	return body.data;
}
