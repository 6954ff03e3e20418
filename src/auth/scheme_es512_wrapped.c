/*
 * The es512-wrapped scheme: `Authorization: QIT <integration key>:<jwt>`, the five signed lines
 * inside that token, and a body that is a token itself. A file is sent as it is; then the MD5 in
 * the lines is that of the file's bytes.
 */
#include "auth/scheme.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"

#include <string.h>
#include <strings.h>

#define CLAIMS_MAX (64 * LIMIT_KB)
#define PARTS_MAX 16

static enum err refuse(struct fault *fault, const char *why)
{
	return fault_set(fault, ERR_TOKEN, "", "%s", why);
}

/* "QIT key:token" */
static enum err authorization_read(
    const struct auth_session *s, struct span *token, struct fault *fault)
{
	struct span rest = s->credentials.authorization, client = s->credentials.client_key;

	span_cut(&rest, ' ');
	*token = span_trim(rest);
	struct span key = span_cut(token, ':');
	if (key.size != client.size ||
	    strncasecmp((const char *)key.data, (const char *)client.data, key.size) != 0)
		return refuse(fault, "Authorization and API-CLIENT-KEY name different keys.");
	return OK;
}

static enum err lines_check(struct auth_session *s, const struct wrapped *l, struct fault *fault)
{
	int64_t seconds = 0;

	if (!span_equal_str(l->method, http_method_name(s->req->method)))
		return refuse(fault, "Another method was signed.");
	if (!wrapped_url_equal(l->url, s->req->target))
		return refuse(fault, "Another URL was signed.");
	if (wrapped_date_read(l->date, &seconds) != OK)
		return refuse(fault, "The date that was signed does not read as "
				     "Mon, 02 Nov 2026 12:00:00 GMT.");
	TRY(scheme_window(s, seconds * CLOCK_SECOND, s->key->window_s, fault));
	const char *md5 = span_dup(s->req->arena, l->md5);
	ENSURE(md5 != NULL, ERR_MEMORY);
	s->md5 = span_of(md5, l->md5.size);
	return OK;
}

static enum err claims_check(struct auth_session *s, struct span claims, struct fault *fault)
{
	struct buf key CLEANUP(buf_free), text CLEANUP(buf_free);
	struct wrapped lines;

	buf_init(&key, CLAIMS_MAX);
	buf_init(&text, CLAIMS_MAX);
	enum err e = wrapped_claims_read(claims, &key, &text);
	if (e == ERR_TOKEN)
		return refuse(fault, "Its claims must be sub and signature.");
	TRY(e);
	struct span client = s->credentials.client_key;
	if (key.size != client.size ||
	    strncasecmp((const char *)key.data, (const char *)client.data, key.size) != 0)
		return refuse(fault, "The claim sub is not the API-CLIENT-KEY.");
	if (wrapped_lines_read(buf_span(&text), &lines) != OK)
		return refuse(fault, "The claim signature must be five lines.");
	return lines_check(s, &lines, fault);
}

static enum err wrapped_head(struct auth *a, struct auth_session *s, struct fault *fault)
{
	struct buf claims CLEANUP(buf_free);
	struct span token;

	buf_init(&claims, CLAIMS_MAX);
	TRY(authorization_read(s, &token, fault));
	TRY(scheme_token_open(s, token, "Authorization", &claims, fault));
	TRY(claims_check(s, buf_span(&claims), fault));
	return scheme_token_mark(s, token);
}

static enum err md5_check(const struct auth_session *s, struct span bytes, struct fault *fault)
{
	char md5[MD5_TEXT_SIZE];

	TRY(md5_text(bytes, md5));
	if (s->md5.size == MD5_TEXT_SIZE - 1 && ct_equal(md5, s->md5.data, s->md5.size))
		return OK;
	return refuse(fault, "The MD5 that was signed is not that of the body.");
}

/* Clients add iat: the body is what they meant without it. */
static enum err iat_drop(struct buf *body)
{
	json_t *object CLEANUP(json_freep) = NULL;
	char *text;

	if (body->size == 0 || memmem(body->data, body->size, "\"iat\"", 5) == NULL)
		return OK;
	if (json_bound(buf_span(body), NULL) != OK ||
	    json_read(buf_span(body), &object, NULL) != OK ||
	    json_object_get(object, "iat") == NULL)
		return OK; /* the handler says what is wrong */
	json_object_del(object, "iat");
	text = json_dumps(object, JSON_COMPACT);
	ENSURE(text != NULL, ERR_MEMORY);
	buf_reset(body);
	buf_put_str(body, text);
	mem_foreign_free(text);
	return buf_done(body);
}

static enum err token_body(struct auth_session *s, struct span token, struct fault *fault)
{
	TRY(md5_check(s, token, fault));
	TRY(scheme_token_open(s, token, "encoded_body", &s->decoded, fault));
	TRY(iat_drop(&s->decoded));
	s->body = buf_span(&s->decoded);
	return OK;
}

/* Only the file is signed, so in strict mode nothing else may come beside it. */
static enum err form_body(struct auth_session *s, struct fault *fault)
{
	struct http_part parts[PARTS_MAX];
	const struct http_part *file = NULL;
	size_t count = 0;

	if (http_multipart(s->req, parts, PARTS_MAX, &count) != OK)
		return refuse(fault, "The multipart body cannot be read.");
	for (size_t i = 0; i < count; i++) {
		bool is_file = parts[i].filename.size > 0 || span_equal_str(parts[i].name, "file");
		if (is_file && file != NULL)
			return refuse(fault, "Only one file is signed.");
		if (is_file)
			file = &parts[i];
		else if (!s->key->is_compat)
			return refuse(fault, "Fields beside the file are not signed: send JSON.");
	}
	if (file == NULL)
		return refuse(fault, "A part named file is expected.");
	s->file = file->data;
	return md5_check(s, file->data, fault);
}

static bool is_type(const struct auth_session *s, const char *wanted)
{
	struct span type = http_header(s->req, "Content-Type", NULL);

	return span_equal_nocase(span_trim(span_cut(&type, ';')), wanted);
}

static enum err no_body(struct auth_session *s, struct fault *fault)
{
	s->body = SPAN_EMPTY;
	return s->md5.size == 0 ? OK : refuse(fault, "An MD5 was signed, and no body came.");
}

static enum err wrapped_body(struct auth *a, struct auth_session *s, struct fault *fault)
{
	struct buf token CLEANUP(buf_free);
	bool is_empty = false;

	buf_init(&token, s->req->body.size);
	if (s->req->body.size == 0)
		return no_body(s, fault);
	if (is_type(s, "multipart/form-data"))
		return form_body(s, fault);
	if (is_type(s, "application/pdf") || is_type(s, "image/jpeg")) {
		s->file = s->req->body;
		return md5_check(s, s->file, fault);
	}
	enum err e = wrapped_body_read(s->req->body, &token, &is_empty);
	if (e == ERR_MEMORY)
		return e;
	if (e != OK)
		return refuse(fault, "The body must be one token, in the member encoded_body.");
	return is_empty ? no_body(s, fault) : token_body(s, buf_span(&token), fault);
}

const struct scheme scheme_es512_wrapped = {
    AUTH_ES512_WRAPPED, scheme_integration_find, wrapped_head, wrapped_body};
