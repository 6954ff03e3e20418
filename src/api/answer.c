/*
 * ES512 partners get every answer signed, errors too, as soon as they are known; so do those of
 * http-signature. Under api-key and x-sign, which sign no answer of their own, writes carry an
 * RFC 9421 signature, and reads when the request has Accept-Signature. One round trip to keyd each.
 */
#include "api/answer.h"

#include "api/archive.h"
#include "api/call.h"
#include "base/clock.h"
#include "base/log.h"
#include "sign/sign.h"

#include <string.h>

#define TOKEN_MAX (64 * LIMIT_KB)
#define COMPONENTS_MAX 8

struct answer {
	struct app *app;
	const struct http_request *req;
	const struct session *session;
	struct http_reply *reply;
	struct answer_made *made;
};

static enum err header_put(struct answer *a, const char *name, struct span value)
{
	const char *copy = span_dup(a->req->arena, value);

	ENSURE(copy != NULL, ERR_MEMORY);
	answer_header(a->made, name, copy);
	return OK;
}

static enum err tokens_put(struct answer *a, const char *word, struct span token)
{
	const char *key = a->session->auth.key->client_key;
	const char *authorization = word == NULL
					? span_dup(a->req->arena, token)
					: arena_format(a->req->arena, "%s %s:%.*s", word, key,
					      (int)token.size, (const char *)token.data);

	ENSURE(authorization != NULL, ERR_MEMORY);
	answer_header(a->made, "Authorization", authorization);
	answer_header(a->made, "API-CLIENT-KEY", key);
	return OK;
}

static enum err wrapped_tokens(struct answer *a, struct keyd_wrapped_tokens *tokens)
{
	char date[CLOCK_TEXT_SIZE];

	clock_format_http(clock_now(), date);
	struct keyd_wrapped form = {.integration_key = span_str(a->session->auth.key->client_key),
	    .method = span_str(http_method_name(a->req->method)),
	    .content_type = span_str("application/json"),
	    .date = span_str(date),
	    .url = a->req->target};
	TRY(keyd_response_wrapped(a->app->keyd, &form, buf_span(&a->reply->body), tokens));
	TRY(wrapped_body_make(buf_span(tokens->body), &a->made->body));
	TRY(buf_done(&a->made->body));
	memcpy(a->made->kid, tokens->kid, sizeof(a->made->kid));
	return tokens_put(a, "QIT", buf_span(tokens->authorization));
}

static enum err wrapped_sign(struct answer *a)
{
	struct buf body CLEANUP(buf_free), head CLEANUP(buf_free);
	struct keyd_wrapped_tokens tokens = {.body = &body, .authorization = &head};

	buf_init(&body, 2 * LIMIT_BODY_CREATE);
	buf_init(&head, TOKEN_MAX);
	return wrapped_tokens(a, &tokens);
}

static enum err plain_sign(struct answer *a)
{
	struct buf token CLEANUP(buf_free);
	char md5[MD5_TEXT_SIZE], now[32];

	buf_init(&token, TOKEN_MAX);
	TRY(md5_text(buf_span(&a->reply->body), md5));
	plain_time_write(clock_now(), now);
	struct plain p = {.payload_md5 = span_str(md5),
	    .timestamp = span_str(now),
	    .method = span_str(http_method_name(a->req->method)),
	    .uri = a->req->target};
	TRY(keyd_response_plain(a->app->keyd, &p, &token, a->made->kid));
	return tokens_put(a, NULL, buf_span(&token));
}

/* ---- RFC 9421 ---- */

enum err answer_keys_read(struct app *app, size_t *count)
{
	struct keyd_public *all = mem_alloc(KEYD_PUBLIC_MAX * sizeof(*all));
	enum err e = all != NULL ? OK : ERR_MEMORY;

	*count = KEYD_PUBLIC_MAX;
	if (e == OK)
		e = keyd_response_public(app->keyd, all, count);
	if (e == OK) {
		pthread_rwlock_wrlock(&app->answer_keys.lock);
		app->answer_keys.count = 0;
		for (size_t i = 0; i < *count; i++)
			if (all[i].line != KEYD_WEBHOOK && app->answer_keys.count < APP_ANSWER_KEYS)
				app->answer_keys.list[app->answer_keys.count++] = all[i];
		pthread_rwlock_unlock(&app->answer_keys.lock);
	}
	mem_free(all, KEYD_PUBLIC_MAX * sizeof(*all));
	return e;
}

static bool key_find(struct app *app, const char *kid, struct keyd_public *out)
{
	bool is_found = false;

	pthread_rwlock_rdlock(&app->answer_keys.lock);
	for (size_t i = 0; i < app->answer_keys.count && !is_found; i++) {
		is_found = strcmp(app->answer_keys.list[i].kid, kid) == 0;
		if (is_found)
			*out = app->answer_keys.list[i];
	}
	pthread_rwlock_unlock(&app->answer_keys.lock);
	return is_found;
}

enum err answer_key(struct app *app, const char *kid, struct keyd_public *out)
{
	size_t count;

	if (key_find(app, kid, out))
		return OK;
	TRY(answer_keys_read(app, &count)); /* a rotation came into force */
	return key_find(app, kid, out) ? OK : ERR_NOT_FOUND;
}

/* Newest first: the first whose time has come. */
static void kid_now(struct app *app, char kid[KEYD_KID_SIZE])
{
	const struct keyd_public *list = app->answer_keys.list;
	int64_t now = clock_now();

	kid[0] = '\0';
	pthread_rwlock_rdlock(&app->answer_keys.lock);
	for (size_t i = 0; i < app->answer_keys.count && kid[0] == '\0'; i++)
		if (list[i].line == KEYD_RESPONSE_ED25519 && list[i].from <= now)
			memcpy(kid, list[i].kid, KEYD_KID_SIZE);
	pthread_rwlock_unlock(&app->answer_keys.lock);
}

/* The whole URL, unless Host named none of ours: then we do not know how the client spelt it. */
static size_t components_fill(const struct answer *a, struct message_component out[COMPONENTS_MAX])
{
	size_t n = 0;

	out[n++] = (struct message_component){"@status", false};
	out[n++] = (struct message_component){"content-digest", false};
	out[n++] = (struct message_component){"@method", true};
	if (a->session->auth.base != NULL)
		out[n++] = (struct message_component){"@target-uri", true};
	else
		out[n++] = (struct message_component){"@path", true};
	if (a->session->auth.base == NULL && a->req->query.size > 0)
		out[n++] = (struct message_component){"@query", true};
	if (a->session->auth.scheme == AUTH_HTTP_SIGNATURE)
		out[n++] = (struct message_component){"signature", true};
	return n;
}

static enum err message_fill(const struct answer *a, const char *digest, struct message *m)
{
	struct message_header *own = arena_alloc(a->req->arena, sizeof(*own));

	ENSURE(own != NULL, ERR_MEMORY);
	TRY(auth_message(&a->session->auth, a->session->auth.base, m));
	*own = (struct message_header){span_str("content-digest"), span_str(digest)};
	m->is_response = true;
	m->status = a->reply->status;
	m->request_headers = m->headers;
	m->request_header_count = m->header_count;
	m->headers = own;
	m->header_count = 1;
	return OK;
}

static enum err message_try(
    struct answer *a, const struct message *m, struct buf *input, struct buf *signature)
{
	struct message_component components[COMPONENTS_MAX];
	char kid[KEYD_KID_SIZE];
	struct keyd_message form = {a->app->keyd, kid};
	struct message_make how = {.label = "sig1",
	    .keyid = kid,
	    .components = components,
	    .component_count = components_fill(a, components),
	    .created = clock_now() / CLOCK_SECOND};

	kid_now(a->app, kid);
	memcpy(a->made->kid, kid, sizeof(kid));
	buf_reset(input);
	buf_reset(signature);
	struct signer signer = keyd_response_message(&form);
	return message_make(&signer, m, &how, input, signature);
}

static enum err message_put(struct answer *a, struct buf *input, struct buf *signature)
{
	struct buf digest CLEANUP(buf_free);
	struct message m;
	size_t count;

	buf_init(&digest, 256);
	TRY(digest_make(buf_span(&a->reply->body), &digest));
	TRY(message_fill(a, buf_str(&digest), &m));
	enum err e = message_try(a, &m, input, signature);
	if (e == ERR_NOT_READY) { /* a rotation came into force */
		TRY(answer_keys_read(a->app, &count));
		e = message_try(a, &m, input, signature);
	}
	TRY(e);
	TRY(header_put(a, "Content-Digest", buf_span(&digest)));
	TRY(header_put(a, "Signature-Input", buf_span(input)));
	return header_put(a, "Signature", buf_span(signature));
}

static enum err message_sign(struct answer *a)
{
	struct buf input CLEANUP(buf_free), signature CLEANUP(buf_free);

	buf_init(&input, 4096);
	buf_init(&signature, 4096);
	return message_put(a, &input, &signature);
}

/* ---- which, and whether ---- */

static bool is_wanted(const struct answer *a)
{
	const struct session *s = a->session;

	if (s == NULL || s->is_unsigned || s->auth.stage < AUTH_STAGE_KNOWN ||
	    a->reply->source.read != NULL || a->req->method == HTTP_HEAD ||
	    a->reply->status == 304 || a->reply->status == 101)
		return false;
	if (s->auth.scheme != AUTH_API_KEY && s->auth.scheme != AUTH_X_SIGN)
		return true;
	return auth_is_write(a->req) || http_header(a->req, "Accept-Signature", NULL).size > 0;
}

static enum err sign(struct answer *a)
{
	buf_free(&a->made->body);
	buf_init(&a->made->body, LIMIT_BODY_CREATE);
	a->made->header_count = 0;
	a->made->status = a->reply->status;
	switch (a->session->auth.scheme) {
	case AUTH_ES512_WRAPPED: return wrapped_sign(a);
	case AUTH_ES512_PLAIN: return plain_sign(a);
	default: return message_sign(a);
	}
}

enum err answer_prepare(struct app *app, const struct http_request *req, struct http_reply *reply)
{
	struct session *s = session_of(req);
	struct answer a = {app, req, s, reply, &s->answer};

	if (!is_wanted(&a))
		return OK;
	TRY(sha256(buf_span(&reply->body), s->answer.sha256));
	TRY(sign(&a));
	s->answer.is_ahead = true;
	return OK;
}

/* What was signed ahead holds as long as the reply is still the same. */
static bool is_prepared(const struct answer *a)
{
	uint8_t sum[SHA256_SIZE];

	return a->made->is_ahead && a->made->status == a->reply->status &&
	       sha256(buf_span(&a->reply->body), sum) == OK &&
	       ct_equal(sum, a->made->sha256, sizeof(sum));
}

static void put(struct answer *a)
{
	struct buf plain = a->reply->body;

	for (size_t i = 0; i < a->made->header_count; i++)
		http_reply_header(a->reply, a->made->headers[i].name, a->made->headers[i].value);
	if (a->session->auth.scheme != AUTH_ES512_WRAPPED)
		return;
	a->reply->content_type = "application/json";
	a->reply->body = a->made->body;
	a->made->body = plain;
}

void answer_sign(struct app *app, const struct http_request *req, struct http_reply *reply)
{
	struct session *s = session_of(req);
	struct answer a = {app, req, s, reply, s != NULL ? &s->answer : NULL};

	if (!is_wanted(&a))
		return;
	enum err e = is_prepared(&a) ? OK : sign(&a);
	if (e == OK) {
		archive_answer(app, s, reply);
		put(&a);
		return;
	}
	log_error("an answer could not be signed", "error=%s route=%s", err_symbol(e),
	    req->route != NULL ? req->route->name : "-");
	s->is_unsigned = true;
	reply->header_count = 0;
	reply_error(app, req, reply, e == ERR_MEMORY ? e : ERR_PEER_GONE, NULL);
}
