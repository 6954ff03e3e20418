/*
 * The x-sign scheme: `x-api-key` says who, `x-sign` is an RSA signature of timestamp or nonce, the
 * full URL and the raw body. The URL is built from the configured base URLs, never from Host.
 *
 * What was signed is not named: neither the method, nor whether the digits were a timestamp or a
 * nonce. So a signature is bound to the method and the field it first came with. A timestamp has
 * exactly ten digits; a nonce of ten digits must therefore lie above every timestamp that this key
 * has used (its floor), and its mark outlives the time that its digits would mean as a timestamp.
 */
#include "auth/scheme.h"

#include "base/clock.h"
#include "base/limits.h"

#include <string.h>

#define TIMESTAMP_DIGITS 10
#define FLOOR_STEP_S 60 /* kept durably at most this often */

static enum err refuse(struct fault *fault, enum err e, const char *why)
{
	return fault_set(fault, e, "", "%s", why);
}

static enum err x_sign_identify(struct auth *a, struct auth_session *s, struct fault *fault)
{
	if (s->credentials.api_key.size == 0)
		return refuse(fault, ERR_AUTH_MISSING, "");
	return scheme_key_find(a, s, s->credentials.api_key, fault);
}

/* A decimal integer up to 2^63-1, written one way only. */
static bool number_read(struct span text, int64_t *out)
{
	int64_t value = 0;

	if (text.size == 0 || text.size > 19 || (text.size > 1 && text.data[0] == '0'))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		int digit = text.data[i] - '0';
		if (digit < 0 || digit > 9 || value > (INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

static bool is_unsigned(const struct auth_session *s)
{
	return s->key->environment == ENVIRONMENT_SANDBOX && s->credentials.sign.size == 0;
}

static enum err timestamp_read(struct auth_session *s, struct fault *fault)
{
	struct span text = s->credentials.timestamp;

	if (text.size != TIMESTAMP_DIGITS || !number_read(text, &s->timestamp))
		return refuse(fault, ERR_STALE, "timestamp");
	s->field = 't';
	if (scheme_window(s, s->timestamp * CLOCK_SECOND, LIMIT_WINDOW_S, NULL) != OK)
		return refuse(fault, ERR_STALE, "timestamp");
	return OK;
}

static enum err nonce_read(struct auth_session *s, struct fault *fault)
{
	struct auth_live *l = s->entry->live;
	struct span text = s->credentials.nonce;

	if (!number_read(text, &s->nonce))
		return refuse(fault, ERR_SIGNATURE, "nonce");
	s->field = 'n';
	if (text.size != TIMESTAMP_DIGITS)
		return OK;
	pthread_mutex_lock(&l->lock);
	bool is_above = s->nonce > l->newest_timestamp;
	pthread_mutex_unlock(&l->lock);
	return is_above ? OK : refuse(fault, ERR_REPLAY, "nonce");
}

static enum err x_sign_head(struct auth *a, struct auth_session *s, struct fault *fault)
{
	if (is_unsigned(s))
		return OK;
	if (s->credentials.sign.size == 0)
		return refuse(fault, ERR_SIGNATURE, "signature");
	if (s->credentials.timestamp.size > 0) /* both filled: the timestamp counts */
		return timestamp_read(s, fault);
	return nonce_read(s, fault);
}

/* RFC 6455 §4.2.1: the token, in any case, in a list. */
static bool is_websocket(const struct http_request *req)
{
	struct span rest = http_header(req, "Upgrade", NULL);

	while (rest.size > 0)
		if (span_equal_nocase(span_trim(span_cut(&rest, ',')), "websocket"))
			return req->method == HTTP_GET;
	return false;
}

/* "wss://host" for feeds, else as configured. */
static const char *url_of(const struct auth_session *s, const struct auth_base *b)
{
	struct span target = s->req->target, host = auth_base_host(b), path = auth_base_path(b);

	if (!is_websocket(s->req))
		return arena_format(
		    s->req->arena, "%s%.*s", b->url, (int)target.size, (const char *)target.data);
	return arena_format(s->req->arena, "wss://%.*s%.*s%.*s", (int)host.size,
	    (const char *)host.data, (int)path.size, (const char *)path.data, (int)target.size,
	    (const char *)target.data);
}

static enum err keys_verify(struct auth_session *s, struct span input, struct span signature)
{
	for (size_t i = 0; i < s->key->public_key_count; i++) {
		const struct auth_public_key *k = &s->key->public_keys[i];
		if (k->kind != KEY_RSA || !scheme_key_is_valid(s, k))
			continue;
		enum err e = sign_verify(k->pkey, SIGN_RSA_SHA256, input, signature);
		if (e == OK)
			s->public_key = k;
		if (e != ERR_SIGNATURE)
			return e;
	}
	return ERR_SIGNATURE;
}

static enum err base_verify(
    struct auth_session *s, const struct auth_base *b, struct span signature)
{
	struct buf input CLEANUP(buf_free);
	struct span prefix = s->field == 't' ? s->credentials.timestamp : s->credentials.nonce;
	const char *url = url_of(s, b);

	ENSURE(url != NULL, ERR_MEMORY);
	buf_init(&input, s->req->body.size + 2 * LIMIT_HEAD_BYTES);
	TRY(xsign_input(prefix, span_str(url), s->req->body, &input));
	return keys_verify(s, buf_span(&input), signature);
}

/* A nonce whose digits could be a timestamp is remembered until that time is over. */
static enum err mark_set(struct auth_session *s, struct span signature)
{
	int64_t as_time = (s->nonce + LIMIT_WINDOW_S + 1) * CLOCK_SECOND;

	s->token = s->credentials.sign;
	TRY(scheme_mark(s, SPAN_EMPTY, signature, LIMIT_WINDOW_S));
	if (s->field == 'n' && s->credentials.nonce.size == TIMESTAMP_DIGITS &&
	    as_time > s->mark_until)
		s->mark_until = as_time;
	return OK;
}

static enum err signature_check(struct auth *a, struct auth_session *s, struct span signature)
{
	const struct auth_base *b;
	size_t at = 0;

	while ((b = scheme_base(a, s, &at)) != NULL) {
		enum err e = base_verify(s, b, signature);
		if (e == OK)
			s->base = b;
		if (e != ERR_SIGNATURE)
			return e;
	}
	return ERR_SIGNATURE;
}

static enum err x_sign_body(struct auth *a, struct auth_session *s, struct fault *fault)
{
	struct buf signature CLEANUP(buf_free);

	buf_init(&signature, SIGN_SIGNATURE_MAX);
	if (is_unsigned(s))
		return OK;
	enum err e = xsign_read(s->credentials.sign, &signature);
	if (e == OK)
		e = signature_check(a, s, buf_span(&signature));
	if (e == ERR_SIGNATURE)
		return refuse(fault, e, "signature");
	TRY(e);
	return mark_set(s, buf_span(&signature));
}

/* The signature of a write, or of a nonce, is in the store for certain. Memory knows it too unless
 * it came to the process before this one, was pushed out, or was a nonce whose time is only now. */
bool scheme_x_sign_is_doubtful(const struct auth *a, const struct auth_session *s)
{
	int64_t signed_at = s->timestamp * CLOCK_SECOND;

	if (!s->has_mark || s->field != 't')
		return false;
	return (a->config.has_marks && signed_at <= a->opened_at + LIMIT_WINDOW_S * CLOCK_SECOND) ||
	       s->req->now < seen_lost_until(a->seen) || s->key->last_nonce >= s->timestamp;
}

int64_t auth_floor(const struct auth_session *s)
{
	int64_t floor = 0;

	if (s->field != 't')
		return 0;
	pthread_mutex_lock(&s->entry->live->lock);
	if (s->timestamp > s->entry->live->floor_kept)
		floor = s->timestamp + FLOOR_STEP_S;
	pthread_mutex_unlock(&s->entry->live->lock);
	return floor;
}

void auth_floor_kept(struct auth_session *s, int64_t floor)
{
	struct auth_live *l = s->entry->live;

	pthread_mutex_lock(&l->lock);
	if (floor > l->floor_kept)
		l->floor_kept = floor;
	pthread_mutex_unlock(&l->lock);
}

const struct scheme scheme_x_sign = {AUTH_X_SIGN, x_sign_identify, x_sign_head, x_sign_body};
