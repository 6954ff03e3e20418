/*
 * What of a request and of its answer is kept: what a signature consists of and what it covers,
 * the key that it is good for, the hash of the body. Secrets (an API key) are never among it.
 */
#include "api/archive.h"

#include "api/answer.h"
#include "base/log.h"
#include "store/vault.h"

#include <ctype.h>
#include <string.h>

#define SIDE_MAX (256 * LIMIT_KB)
#define HEADER_NAME 64

static void hash_put(struct json_writer *w, const char *name, struct span bytes)
{
	uint8_t sum[SHA256_SIZE];

	if (bytes.size == 0)
		jw_null(w, name);
	else if (sha256(bytes, sum) == OK)
		jw_hex(w, name, span_of(sum, sizeof(sum)));
	else
		w->out->failed = ERR_CRYPTO;
}

/* RFC 9421 §2.1: the values of all lines of this name. */
static void header_put(struct json_writer *w, const struct http_request *req, const char *name)
{
	struct buf all CLEANUP(buf_free);
	size_t found = 0;

	buf_init(&all, LIMIT_HEAD_BYTES);
	for (size_t i = 0; i < req->header_count; i++) {
		if (!span_equal_nocase(req->headers[i].name, name))
			continue;
		if (found++ > 0)
			buf_put_str(&all, ", ");
		buf_put_span(&all, span_trim(req->headers[i].value));
	}
	if (found > 0)
		jw_span(w, name, buf_span(&all));
	if (all.failed != OK)
		w->out->failed = all.failed;
}

static void covered_put(struct json_writer *w, const struct auth_session *s)
{
	const struct message_signature *m = s->message;

	header_put(w, s->req, "signature-input");
	header_put(w, s->req, "signature");
	for (size_t i = 0; i < m->component_count; i++)
		if (m->components[i].name[0] != '@')
			header_put(w, s->req, m->components[i].name);
}

static void headers_put(struct json_writer *w, const struct auth_session *s)
{
	jw_object(w, "headers");
	if (s->public_key != NULL && (s->scheme & AUTH_ES512) != 0) {
		header_put(w, s->req, "authorization");
		header_put(w, s->req, "api-client-key");
	} else if (s->public_key != NULL && s->scheme == AUTH_X_SIGN) {
		header_put(w, s->req, "x-sign");
		header_put(w, s->req, s->field == 't' ? "x-timestamp" : "x-nonce");
	} else if (s->public_key != NULL) {
		covered_put(w, s);
	}
	jw_end_object(w);
}

static void key_put(struct json_writer *w, enum key_kind kind, struct span spki, const char *print)
{
	jw_object(w, "key");
	jw_string(w, "kind", key_kind_name(kind));
	jw_b64(w, "spki", spki);
	jw_string(w, "fingerprint", print);
	jw_end_object(w);
}

/* es512-wrapped: the token inside the body is the body; of a file, the file alone is signed. */
static enum err wrapped_put(struct json_writer *w, const struct auth_session *s)
{
	struct buf token CLEANUP(buf_free);
	struct span body = s->req->body;
	bool is_empty = false;

	buf_init(&token, LIMIT_PROOF_TOKEN);
	if (s->scheme != AUTH_ES512_WRAPPED)
		return OK;
	if (s->file.size > 0) {
		hash_put(w, "file_sha256", s->file);
		return OK;
	}
	if (body.size == 0 || body.size > LIMIT_PROOF_TOKEN)
		return OK;
	TRY(wrapped_body_read(body, &token, &is_empty));
	if (!is_empty)
		jw_span(w, "encoded_body", buf_span(&token));
	return OK;
}

static const char *scheme_name(enum auth_scheme s)
{
	switch (s) {
	case AUTH_API_KEY: return "api-key";
	case AUTH_ES512_WRAPPED: return "es512-wrapped";
	case AUTH_ES512_PLAIN: return "es512-plain";
	case AUTH_X_SIGN: return "x-sign";
	default: return "http-signature";
	}
}

/* The base URL that was signed or named by Host; else the main one's host, without its path, since
 * the answer covers the path as it came. */
static void url_put(struct buf *out, const struct app *app, const struct auth_session *s)
{
	const char *host = strstr(app->base_url, "://");

	if (s->base != NULL)
		buf_put_str(out, s->base->url);
	else if (host != NULL)
		buf_put(out, app->base_url,
		    (size_t)(host + 3 - app->base_url) + strcspn(host + 3, "/"));
	buf_put_span(out, s->req->target);
}

static enum err request_write(const struct call *call, struct buf *out)
{
	const struct auth_session *s = &call->session->auth;
	struct json_writer w;

	buf_format(out, "%s\n", http_method_name(call->req->method));
	url_put(out, call->app, s);
	buf_format(out, "\n%s\n", scheme_name(s->scheme));
	jw_init(&w, out);
	jw_object(&w, NULL);
	hash_put(&w, "body_sha256", call->req->body);
	TRY(wrapped_put(&w, s));
	headers_put(&w, s);
	if (s->public_key != NULL)
		key_put(&w, s->public_key->kind, s->public_key->spki, s->public_key->fingerprint);
	jw_end_object(&w);
	return buf_done(out);
}

static void name_put(struct json_writer *w, const char *name, const char *value)
{
	char lower[HEADER_NAME] = "";

	for (size_t i = 0; name[i] != '\0' && i + 1 < sizeof(lower); i++)
		lower[i] = (char)tolower((unsigned char)name[i]);
	jw_string(w, lower, value);
}

/* A key id is the base64url of what a fingerprint has in base64. */
static void answer_key_put(struct json_writer *w, const struct keyd_public *k)
{
	char print[KEY_FINGERPRINT_SIZE + 8];
	bool is_es512 = k->line == KEYD_RESPONSE_ES512;

	snprintf(print, sizeof(print), "SHA256:%s", k->kid);
	for (char *c = print; *c != '\0'; c++)
		*c = (char)(*c == '-' ? '+' : *c == '_' ? '/' : *c);
	key_put(w, is_es512 ? KEY_P521 : KEY_ED25519, span_of(k->spki, k->spki_size), print);
}

static enum err answer_write(
    struct app *app, const struct session *s, const struct http_reply *reply, struct buf *out)
{
	const struct answer_made *made = &s->answer;
	bool is_wrapped = s->auth.scheme == AUTH_ES512_WRAPPED;
	struct span body = buf_span(is_wrapped ? &made->body : &reply->body);
	struct keyd_public key;
	struct json_writer w;

	TRY(answer_key(app, made->kid, &key));
	jw_init(&w, out);
	jw_object(&w, NULL);
	jw_int(&w, "status", made->status);
	hash_put(&w, "body_sha256", body);
	if (body.size > 0 && body.size <= LIMIT_PROOF_ANSWER)
		jw_b64(&w, "body", body);
	jw_object(&w, "headers");
	for (size_t i = 0; i < made->header_count; i++)
		name_put(&w, made->headers[i].name, made->headers[i].value);
	jw_end_object(&w);
	answer_key_put(&w, &key);
	jw_end_object(&w);
	return buf_done(out);
}

static enum err seal(const uint8_t key[KEY_SIZE], struct vault_place place, const struct buf *plain,
    struct arena *arena, struct span *out)
{
	struct buf sealed CLEANUP(buf_free);

	buf_init(&sealed, 2 * SIDE_MAX);
	TRY(vault_seal(key, place, buf_span(plain), &sealed));
	const char *copy = span_dup(arena, buf_span(&sealed));
	ENSURE(copy != NULL, ERR_MEMORY);
	*out = span_of(copy, sealed.size);
	return OK;
}

static enum err request_seal(struct call *call, struct archived *x)
{
	struct buf plain CLEANUP(buf_free);

	buf_init(&plain, SIDE_MAX);
	TRY(request_write(call, &plain));
	return seal(x->key, exchange_request_place(x->id), &plain, call->arena, &x->row.request);
}

static enum err answer_seal(struct app *app, struct session *s, const struct http_reply *reply)
{
	struct archived *x = &s->archived;
	struct buf plain CLEANUP(buf_free);

	buf_init(&plain, SIDE_MAX);
	TRY(answer_write(app, s, reply, &plain));
	return seal(
	    x->key, exchange_answer_place(x->id), &plain, s->auth.req->arena, &x->row.answer);
}

enum err archive_prepare(struct call *call, const uint8_t key[KEY_SIZE])
{
	struct archived *x = &call->session->archived;

	TRY(random_uuid(x->id));
	memcpy(x->key, key, KEY_SIZE);
	x->row = (struct stored_exchange){
	    .organisation = call->principal.organisation, .id = x->id, .at = call->req->now};
	TRY(request_seal(call, x));
	return call->session->answer.is_ahead ? answer_seal(call->app, call->session, call->reply)
					      : OK;
}

enum err archive_keep(struct call *call, struct db *db, int64_t envelope)
{
	struct archived *x = &call->session->archived;

	x->row.envelope = envelope;
	return store_exchange_add(db, &x->row);
}

static enum err answer_work(struct db *db, void *ctx)
{
	return store_exchange_answer(db, ctx);
}

void archive_answer(struct app *app, struct session *s, const struct http_reply *reply)
{
	struct archived *x = &s->archived;

	if (x->row.row == 0 || x->row.answer.size > 0)
		return;
	enum err e = answer_seal(app, s, reply);
	if (e == OK)
		e = store_write(app->store, answer_work, &x->row);
	if (e != OK)
		log_error("the signature of an answer was not kept", "error=%s", err_symbol(e));
}
