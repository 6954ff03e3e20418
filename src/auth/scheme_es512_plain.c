/*
 * The es512-plain scheme: the token in Authorization claims the method, the path with its query,
 * the time, and the MD5 of the body's raw bytes.
 */
#include "auth/scheme.h"

#include "base/limits.h"

#define CLAIMS_MAX (64 * LIMIT_KB)

static enum err refuse(struct fault *fault, const char *why)
{
	return fault_set(fault, ERR_TOKEN, "", "%s", why);
}

static bool is_uri(const struct auth_session *s, struct span uri)
{
	if (span_equal(uri, s->req->target))
		return true;
	return s->key->is_compat &&
	       (span_equal(uri, s->req->path) || wrapped_url_equal(uri, s->req->target));
}

static enum err claims_check(struct auth_session *s, const struct plain *p, struct fault *fault)
{
	int64_t ms = 0;

	if (!span_equal_str(p->method, http_method_name(s->req->method)))
		return refuse(fault, "Another method was signed.");
	if (!is_uri(s, p->uri))
		return refuse(fault, "Another uri was signed.");
	if (plain_time_read(p->timestamp, &ms) != OK)
		return refuse(fault, "The claim timestamp is not ISO 8601 in UTC.");
	TRY(scheme_window(s, ms, s->key->window_s, fault));
	s->md5 = p->payload_md5;
	s->has_md5 = p->payload_md5.data != NULL; /* an empty claim is one, and a wrong one */
	return OK;
}

static enum err plain_head(struct auth *a, struct auth_session *s, struct fault *fault)
{
	struct buf claims CLEANUP(buf_free);
	struct span token = s->credentials.authorization;
	struct plain p;

	buf_init(&claims, CLAIMS_MAX);
	if (token.size == 0)
		return refuse(fault, "Authorization is missing.");
	TRY(scheme_token_open(s, token, "Authorization", &claims, fault));
	enum err e = plain_claims_read(buf_span(&claims), s->req->arena, &p);
	if (e == ERR_TOKEN)
		return refuse(fault, "Its claims must be payload_md5, timestamp, method and uri.");
	TRY(e);
	TRY(claims_check(s, &p, fault));
	return scheme_token_mark(s, token);
}

static enum err plain_body(struct auth *a, struct auth_session *s, struct fault *fault)
{
	if (plain_md5_fits(s->md5, s->req->body, s->has_md5))
		return OK;
	return refuse(fault, "The claim payload_md5 is not the MD5 of the body.");
}

const struct scheme scheme_es512_plain = {
    AUTH_ES512_PLAIN, scheme_integration_find, plain_head, plain_body};
