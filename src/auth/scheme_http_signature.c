/*
 * The http-signature scheme: RFC 9421 with the profile that a partner's requests must have.
 * Covered: the method, the whole target (as @target-uri, or @authority with @path and @query or
 * @request-target), and content-digest when there is a body; created and keyid are there. The kind
 * of the stored key decides the algorithm; alg may only repeat it.
 */
#include "auth/scheme.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/limits.h"

#include <ctype.h>
#include <string.h>

static enum err refuse(struct fault *fault, const char *why)
{
	return fault_set(fault, ERR_TOKEN, "", "%s", why);
}

static enum err http_identify(struct auth *a, struct auth_session *s, struct fault *fault)
{
	struct buf id CLEANUP(buf_free);
	const struct credentials *c = &s->credentials;
	const char *reason = "";

	buf_init(&id, sizeof(s->message->keyid));
	s->message = arena_alloc(s->req->arena, sizeof(*s->message));
	ENSURE(s->message != NULL, ERR_MEMORY);
	enum err e = message_read(c->signature_input, c->signature, NULL, s->message, &reason);
	if (e == ERR_TOKEN)
		return fault_set(fault, e, "", "Signature-Input or Signature: %s.", reason);
	TRY(e);
	if (s->message->keyid[0] == '\0')
		return refuse(fault, "The parameter keyid is missing.");
	if (b64url_decode(&id, span_str(s->message->keyid)) != OK || id.size != API_KEY_ID_BYTES)
		return fault_set(fault, ERR_AUTH_KEY, "", "%s", "");
	return scheme_key_named(a, s, buf_span(&id), fault);
}

static enum err covers_check(const struct auth_session *s, struct fault *fault)
{
	const struct message_signature *m = s->message;
	bool path = message_covers(m, "@path", false) &&
		    (message_covers(m, "@query", false) || s->req->query.size == 0);
	bool target = message_covers(m, "@target-uri", false) ||
		      (message_covers(m, "@authority", false) &&
			  (path || message_covers(m, "@request-target", false)));

	if (!message_covers(m, "@method", false))
		return refuse(fault, "@method must be covered.");
	if (!target)
		return refuse(
		    fault, "@target-uri, or @authority with @path and @query, must be covered.");
	return OK;
}

static enum err time_check(const struct auth_session *s, struct fault *fault)
{
	const struct message_signature *m = s->message;

	if (m->created == 0)
		return refuse(fault, "The parameter created is missing.");
	TRY(scheme_window(s, m->created * CLOCK_SECOND, LIMIT_WINDOW_S, fault));
	if (m->expires != 0 && m->expires * CLOCK_SECOND < s->req->now)
		return fault_set(fault, ERR_STALE, "", "The parameter expires is over.");
	return OK;
}

/* What the key's kind allows; RSA has two, and alg says which. */
static enum sign_algorithm algorithm_of(enum key_kind kind, const char *alg)
{
	static const struct {
		enum key_kind kind;
		enum sign_algorithm algorithm;
	} rows[] = {{KEY_ED25519, SIGN_ED25519}, {KEY_P256, SIGN_ES256}, {KEY_P384, SIGN_ES384},
	    {KEY_RSA, SIGN_RSA_PSS_512}, {KEY_RSA, SIGN_RSA_SHA256}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].kind == kind &&
		    (alg[0] == '\0' || strcmp(sign_algorithm_name(rows[i].algorithm), alg) == 0))
			return rows[i].algorithm;
	return SIGN_NONE;
}

static enum err keys_verify(struct auth_session *s, struct span base, struct span signature)
{
	for (size_t i = 0; i < s->key->public_key_count; i++) {
		const struct auth_public_key *k = &s->key->public_keys[i];
		enum sign_algorithm a = algorithm_of(k->kind, s->message->alg);
		if (a == SIGN_NONE || !scheme_key_is_valid(s, k))
			continue;
		enum err e = sign_verify(k->pkey, a, base, signature);
		if (e == OK)
			s->public_key = k;
		if (e != ERR_SIGNATURE && e != ERR_KEY_TYPE)
			return e;
	}
	return ERR_SIGNATURE;
}

/* "host[:port]" in lower case, the default port left out (RFC 9421 §2.2.3). */
static const char *authority_of(const struct auth_session *s, const struct auth_base *b)
{
	struct span host = auth_base_host(b);
	char *text = span_dup(s->req->arena, host);

	for (size_t i = 0; text != NULL && i < host.size; i++)
		text[i] = (char)tolower(text[i]);
	if (text != NULL && host.size > 4 && strcmp(text + host.size - 4, ":443") == 0)
		text[host.size - 4] = '\0';
	return text;
}

enum err auth_message(const struct auth_session *s, const struct auth_base *b, struct message *out)
{
	const struct http_request *req = s->req;
	struct span path = b != NULL ? auth_base_path(b) : SPAN_EMPTY, target = req->target;
	struct message_header *headers =
	    arena_alloc(req->arena, (req->header_count + 1) * sizeof(*headers));
	const char *authority = b != NULL ? authority_of(s, b) : "";
	const char *full = arena_format(req->arena, "%.*s%.*s", (int)path.size,
	    (const char *)path.data, (int)target.size, (const char *)target.data);

	ENSURE(headers != NULL && authority != NULL && full != NULL, ERR_MEMORY);
	for (size_t i = 0; i < req->header_count; i++)
		headers[i] = (struct message_header){req->headers[i].name, req->headers[i].value};
	*out = (struct message){.method = span_str(http_method_name(req->method)),
	    .scheme = span_str("https"),
	    .authority = span_str(authority),
	    .target = span_str(full),
	    .headers = headers,
	    .header_count = req->header_count};
	return OK;
}

/* ECDSA: of R alone, see scheme_token_mark. A signature that is not randomised and names no nonce
 * comes again whenever a client asks the same within a second. */
static enum err mark_set(struct auth_session *s, struct span base)
{
	const struct message_signature *m = s->message;
	enum key_kind kind = s->public_key->kind;
	bool is_ecdsa = kind == KEY_P256 || kind == KEY_P384;
	bool is_random = is_ecdsa || algorithm_of(kind, s->message->alg) == SIGN_RSA_PSS_512;

	s->token = s->credentials.signature;
	s->is_once = is_random || m->nonce[0] != '\0';
	return scheme_mark(s, base,
	    span_of(m->signature, is_ecdsa ? m->signature_size / 2 : m->signature_size),
	    LIMIT_WINDOW_S);
}

static enum err form_verify(
    struct auth_session *s, const struct auth_base *b, const char *scheme, struct fault *fault)
{
	struct buf base CLEANUP(buf_free);
	struct message m;

	buf_init(&base, 4 * LIMIT_HEAD_BYTES);
	TRY(auth_message(s, b, &m));
	m.scheme = span_str(scheme);
	enum err e = message_base(&m, s->message, &base);
	if (e == ERR_TOKEN)
		return refuse(fault, "A component that is covered is not in the request.");
	TRY(e);
	TRY(keys_verify(
	    s, buf_span(&base), span_of(s->message->signature, s->message->signature_size)));
	s->base = b;
	return mark_set(s, buf_span(&base));
}

/* The target of a feed is what its client calls it: wss://, or the https:// that it is on the wire.
 */
static enum err base_verify(struct auth_session *s, const struct auth_base *b, struct fault *fault)
{
	enum err e = form_verify(s, b, "https", fault);

	if (e != ERR_SIGNATURE || http_header(s->req, "Upgrade", NULL).size == 0)
		return e;
	return form_verify(s, b, "wss", fault);
}

static enum err http_head(struct auth *a, struct auth_session *s, struct fault *fault)
{
	const struct auth_base *b;
	size_t at = 0;

	TRY(covers_check(s, fault));
	TRY(time_check(s, fault));
	while ((b = scheme_base(a, s, &at)) != NULL) {
		enum err e = base_verify(s, b, fault);
		if (e != ERR_SIGNATURE)
			return e;
	}
	return fault_set(fault, ERR_SIGNATURE, "", "%s", "");
}

static enum err http_body(struct auth *a, struct auth_session *s, struct fault *fault)
{
	struct span digest = s->credentials.content_digest;

	if (s->req->body.size > 0 && !message_covers(s->message, "content-digest", false))
		return refuse(fault, "content-digest must be covered when there is a body.");
	if (digest.size == 0)
		return OK;
	enum err e = digest_check(digest, s->req->body);
	return e == ERR_DIGEST ? fault_set(fault, e, "", "%s", "") : e;
}

const struct scheme scheme_http_signature = {
    AUTH_HTTP_SIGNATURE, http_identify, http_head, http_body};
