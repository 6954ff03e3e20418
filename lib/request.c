/*
 * The builder of requests. Setters only keep; chg_request_sign starts from nothing each time, so a
 * request can be signed again with another time or body.
 */
#include "lib/request.h"

#include <stdio.h>
#include <string.h>

struct chg_request *chg_request_new(enum chg_scheme scheme)
{
	struct chg_request *r = mem_alloc(sizeof(*r));

	if (r == NULL)
		return NULL;
	buf_init(&r->wrapped, BODY_BYTES);
	r->scheme = scheme;
	r->method = "GET";
	r->told = arena_new(OBJECT_BYTES);
	if (r->told != NULL)
		return r;
	mem_free(r, sizeof(*r));
	return NULL;
}

void chg_request_free(struct chg_request *r)
{
	if (r == NULL)
		return;
	buf_free(&r->wrapped);
	arena_free(r->told);
	arena_free(r->made);
	mem_free(r, sizeof(*r));
}

static const char *keep(struct chg_request *r, const char *text)
{
	return text_keep(r->told, &r->mistake, text);
}

void chg_request_set_target(struct chg_request *r, const char *method, const char *url)
{
	r->method = keep(r, method);
	r->url = keep(r, url);
}

void chg_request_set_body(struct chg_request *r, const void *body, size_t size)
{
	r->body = span_of(body, body != NULL ? size : 0);
	r->file_name = NULL;
}

void chg_request_set_upload(
    struct chg_request *r, const char *file_name, const void *file, size_t size)
{
	r->file_name = keep(r, file_name);
	r->file = span_of(file, size);
	if (r->file_name == NULL || strpbrk(r->file_name, "\"\\\r\n") != NULL)
		say(&r->mistake, CHG_ERR_ARGUMENT, "the file of an upload needs a plain name");
}

void chg_request_set_content_type(struct chg_request *r, const char *type)
{
	r->content_type = keep(r, type);
}

void chg_request_set_key(
    struct chg_request *r, const struct chg_key *k, enum chg_algorithm algorithm)
{
	r->key = k;
	r->algorithm = (enum sign_algorithm)algorithm;
}

void chg_request_set_key_id(struct chg_request *r, const char *id)
{
	r->key_id = keep(r, id);
}

void chg_request_set_api_key(struct chg_request *r, const char *api_key)
{
	struct span bare = key_text_trim(span_str(api_key));
	char *copy = bare.size > 0 ? span_dup(r->told, bare) : NULL;

	r->api_key = copy;
	if (bare.size > 0 && copy == NULL)
		say(&r->mistake, CHG_ERR_MEMORY, "memory ran out");
}

void chg_request_set_client_key(struct chg_request *r, const char *client_key)
{
	r->client_key = keep(r, client_key);
}

void chg_request_set_time(struct chg_request *r, int64_t unix_seconds)
{
	r->time = unix_seconds;
	r->has_time = true;
}

void chg_request_set_nonce(struct chg_request *r, int64_t nonce)
{
	r->nonce = nonce;
	r->has_nonce = true;
	if (nonce < 0)
		say(&r->mistake, CHG_ERR_ARGUMENT, "a nonce is not negative");
}

void chg_request_set_answer_signed(struct chg_request *r, bool is_wanted)
{
	r->is_answer_signed = is_wanted;
}

void request_header(struct chg_request *r, const char *name, struct span value)
{
	struct message_header *h = &r->fields.items[r->fields.count];
	char *copy = span_dup(r->made, value);

	if (copy == NULL) {
		say(&r->said, CHG_ERR_MEMORY, "memory ran out");
		return;
	}
	*h = (struct message_header){span_str(name), span_of(copy, value.size)};
	r->fields.count++;
}

/* multipart/form-data with one part (RFC 7578); the boundary is random. */
static void upload_make(struct chg_request *r)
{
	char boundary[UUID_TEXT_SIZE];
	enum err e = random_uuid(boundary);

	if (e == OK) {
		buf_format(&r->wrapped,
		    "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
		    "Content-Type: application/octet-stream\r\n\r\n",
		    boundary, r->file_name);
		buf_put_span(&r->wrapped, r->file);
		buf_format(&r->wrapped, "\r\n--%s--\r\n", boundary);
		e = buf_done(&r->wrapped);
	}
	r->payload = buf_span(&r->wrapped);
	r->sent_type = arena_format(r->made, "multipart/form-data; boundary=%s", boundary);
	say_err(&r->said, e == OK && r->sent_type == NULL ? ERR_MEMORY : e, "the upload");
}

static enum chg_status start(struct chg_request *r)
{
	r->said = r->mistake;
	r->is_signed = false;
	r->fields.count = 0;
	r->hash[0] = '\0';
	buf_reset(&r->wrapped);
	arena_free(r->made);
	r->made = arena_new(BODY_BYTES);
	if (r->made == NULL)
		return say(&r->said, CHG_ERR_MEMORY, "memory ran out");
	if (r->method == NULL || r->url == NULL)
		return say(&r->said, CHG_ERR_ARGUMENT, "method and URL are missing");
	r->at = r->has_time ? r->time : now_seconds();
	r->payload = r->body;
	r->sent_type = r->content_type;
	if (r->sent_type == NULL && r->body.size > 0)
		r->sent_type = "application/json";
	if (r->file_name != NULL)
		upload_make(r);
	return target_read(r->url, r->made, &r->target, &r->said);
}

/* Accept-Signature (RFC 9421 §5.1): what an answer is asked to cover. */
static void answer_ask(struct chg_request *r)
{
	static const char wanted[] =
	    "sig=(\"@status\" \"content-digest\" \"@method\";req \"@target-uri\";req);created";

	if (r->is_answer_signed)
		request_header(r, "Accept-Signature", span_str(wanted));
}

enum chg_status chg_request_sign(struct chg_request *r)
{
	static enum chg_status (*const sign[])(struct chg_request *) = {
	    [CHG_API_KEY] = sign_api_key,
	    [CHG_ES512_WRAPPED] = sign_wrapped,
	    [CHG_ES512_PLAIN] = sign_plain,
	    [CHG_X_SIGN] = sign_x_sign,
	    [CHG_HTTP_SIGNATURE] = sign_message,
	};
	enum chg_status status = start(r);

	if (status != CHG_OK || r->said.status != CHG_OK)
		return r->said.status;
	if ((unsigned)r->scheme >= sizeof(sign) / sizeof(sign[0]) || sign[r->scheme] == NULL)
		return say(&r->said, CHG_ERR_ARGUMENT, "there is no such scheme");
	if (r->sent_type != NULL)
		request_header(r, "Content-Type", span_str(r->sent_type));
	status = sign[r->scheme](r);
	answer_ask(r);
	r->is_signed = status == CHG_OK && r->said.status == CHG_OK;
	if (!r->is_signed)
		r->fields.count = 0;
	return r->said.status;
}

void chg_request_add_sent(struct chg_request *r, const char *name, const char *value)
{
	fields_add(&r->sent, r->told, &r->mistake, span_str(name), span_str(value));
}

void chg_request_add_sent_line(struct chg_request *r, const void *line, size_t size)
{
	fields_add_line(&r->sent, r->told, &r->mistake, span_of(line, size));
}

enum chg_status chg_request_sent(struct chg_request *r)
{
	if (start(r) != CHG_OK || r->said.status != CHG_OK)
		return r->said.status;
	r->fields = r->sent;
	r->is_signed = true;
	return CHG_OK;
}

const char *chg_request_why(const struct chg_request *r)
{
	return r->said.text;
}

size_t chg_request_header_count(const struct chg_request *r)
{
	return r->fields.count;
}

const char *chg_request_header_name(const struct chg_request *r, size_t i)
{
	return i < r->fields.count ? (const char *)r->fields.items[i].name.data : NULL;
}

const char *chg_request_header_value(const struct chg_request *r, size_t i)
{
	return i < r->fields.count ? (const char *)r->fields.items[i].value.data : NULL;
}

const char *chg_request_header(const struct chg_request *r, const char *name)
{
	for (size_t i = 0; i < r->fields.count; i++)
		if (span_equal_nocase(r->fields.items[i].name, name))
			return (const char *)r->fields.items[i].value.data;
	return NULL;
}

const void *chg_request_payload(const struct chg_request *r, size_t *size)
{
	*size = r->is_signed ? r->payload.size : 0;
	return *size > 0 ? r->payload.data : NULL;
}

const char *chg_request_hash(const struct chg_request *r)
{
	return r->hash;
}
