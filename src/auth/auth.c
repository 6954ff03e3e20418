/*
 * From headers to a principal. The scheme is told first and alone by which headers are there;
 * then that scheme's file checks, and no other is tried. Two schemes on one request, or a
 * doubled header, are refused before any secret is looked at.
 */
#include "auth/scheme.h"

#include "base/clock.h"
#include "base/limits.h"

#include <stdio.h>
#include <string.h>

static const struct scheme *const schemes[] = {&scheme_api_key, &scheme_es512_wrapped,
    &scheme_es512_plain, &scheme_x_sign, &scheme_http_signature};

static const struct scheme *scheme_row(enum auth_scheme scheme)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (schemes[i]->scheme == scheme)
			return schemes[i];
	return NULL;
}

/* ---- the room ---- */

static enum err bases_copy(struct auth *a, const struct auth_config *config)
{
	a->bases = mem_alloc((config->base_count + 1) * sizeof(*a->bases));
	ENSURE(a->bases != NULL, ERR_MEMORY);
	if (config->base_count > 0)
		memcpy(a->bases, config->bases, config->base_count * sizeof(*a->bases));
	a->config.bases = a->bases;
	return OK;
}

enum err auth_open(const struct auth_config *config, struct auth **out)
{
	struct auth *a = mem_alloc(sizeof(*a));
	struct ring_config ring = {.store = config->store,
	    .limit = config->entry_limit > 0 ? config->entry_limit : LIMIT_KEY_CACHE,
	    .entry_ms = config->entry_ms > 0 ? config->entry_ms : LIMIT_KEY_CACHE_MS};

	ENSURE(a != NULL, ERR_MEMORY);
	a->config = *config;
	a->opened_at = clock_now();
	enum err e = bases_copy(a, config);
	if (e == OK)
		e = ring_new(&ring, &a->ring);
	if (e == OK)
		e = seen_new(config->seen_limit > 0 ? config->seen_limit : LIMIT_SEEN, &a->seen);
	if (e == OK)
		*out = a;
	else
		auth_close(a);
	return e;
}

void auth_close(struct auth *a)
{
	if (a == NULL)
		return;
	ring_free(a->ring);
	seen_free(a->seen);
	mem_free(a->bases, (a->config.base_count + 1) * sizeof(*a->bases));
	mem_free(a, sizeof(*a));
}

/* ---- telling the scheme ---- */

static bool has_byte(struct span s, int byte)
{
	return s.size > 0 && memchr(s.data, byte, s.size) != NULL;
}

/* Three parts and two dots, no scheme word: what an API key never has. */
static bool is_jwt(struct span s)
{
	size_t dots = 0;

	for (size_t i = 0; i < s.size; i++)
		dots += s.data[i] == '.';
	return dots == 2 && !has_byte(s, ' ');
}

static bool is_wrapped_word(struct span s)
{
	return s.size > 4 && span_equal_nocase(span_of(s.data, 4), "QIT ");
}

static enum err credentials_read(
    const struct http_request *req, struct credentials *c, struct fault *fault)
{
	const struct {
		const char *name;
		struct span *value;
	} all[] = {
	    {"Authorization", &c->authorization},
	    {"API-CLIENT-KEY", &c->client_key},
	    {"x-api-key", &c->api_key},
	    {"x-sign", &c->sign},
	    {"x-timestamp", &c->timestamp},
	    {"x-nonce", &c->nonce},
	    {"Signature-Input", &c->signature_input},
	    {"Signature", &c->signature},
	    {"Content-Digest", &c->content_digest},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		size_t count;
		*all[i].value = http_header(req, all[i].name, &count);
		if (count > 1)
			return fault_set(
			    fault, ERR_AUTH_DOUBLE, "", "%s appears twice.", all[i].name);
	}
	return OK;
}

/* What has dots was meant to be a token; plain says what is wrong with it. */
static enum err tell_authorization(
    const struct credentials *c, enum auth_scheme *out, struct fault *fault)
{
	bool is_token =
	    is_jwt(c->authorization) || (c->client_key.size > 0 && has_byte(c->authorization, '.'));

	*out = is_wrapped_word(c->authorization) ? AUTH_ES512_WRAPPED
	       : is_token                        ? AUTH_ES512_PLAIN
						 : AUTH_API_KEY;
	if (*out != AUTH_API_KEY && c->client_key.size == 0)
		return fault_set(fault, ERR_CLIENT_KEY_MISSING, "", "%s", "");
	if (*out != AUTH_API_KEY || c->client_key.size == 0)
		return OK;
	*out = (enum auth_scheme)0;
	return fault_set(fault, ERR_AUTH_DOUBLE, "", "Send one scheme's headers only.");
}

enum err scheme_tell(const struct credentials *c, enum auth_scheme *out, struct fault *fault)
{
	bool bearer = c->authorization.size > 0 || c->client_key.size > 0;
	bool partner = c->api_key.size > 0 || c->sign.size > 0;
	bool message = c->signature_input.size > 0 || c->signature.size > 0;

	if (bearer + partner + message > 1)
		return fault_set(fault, ERR_AUTH_DOUBLE, "", "Send one scheme's headers only.");
	if (c->authorization.size > 0)
		return tell_authorization(c, out, fault);
	if (!bearer && !partner && !message)
		return fault_set(fault, ERR_AUTH_MISSING, "", "%s", "");
	*out = bearer ? AUTH_ES512_PLAIN : partner ? AUTH_X_SIGN : AUTH_HTTP_SIGNATURE;
	return OK;
}

/* ---- steps ---- */

static void principal_fill(struct auth_session *s)
{
	const struct auth_key *k = s->key;

	s->principal = (struct principal){.scheme = s->scheme,
	    .organisation = k->organisation,
	    .environment = k->environment,
	    .key = k->client_key != NULL ? -k->row : k->row,
	    .user = k->user};
}

enum err auth_head(
    struct auth *a, const struct http_request *req, struct auth_session *s, struct fault *fault)
{
	*s = (struct auth_session){.req = req, .body = req->body};
	buf_init(&s->decoded, 2 * LIMIT_BODY_CREATE);
	TRY(credentials_read(req, &s->credentials, fault));
	TRY(scheme_tell(&s->credentials, &s->scheme, fault));
	const struct scheme *scheme = scheme_row(s->scheme);
	s->base = scheme_base_by_host(a, s);
	enum err e = scheme->identify(a, s, fault);
	if (s->key != NULL) { /* a refusal is signed from here */
		s->stage = AUTH_STAGE_KNOWN;
		principal_fill(s);
	}
	TRY(e);
	TRY(scheme->head(a, s, fault));
	s->stage = AUTH_STAGE_HEAD;
	return OK;
}

static struct span pattern_path(const char *pattern)
{
	struct span path = span_str(pattern);

	if (path.size > 2 && path.data[path.size - 1] == '?')
		path.size -= 2;
	return path;
}

/* "METHOD /pattern" with commas between; empty: all. */
static bool is_route_of(const char *routes, const struct http_route *route)
{
	struct span rest = span_str(routes);

	while (rest.size > 0) {
		struct span path = span_trim(span_cut(&rest, ','));
		struct span method = span_cut(&path, ' ');
		if (span_equal_str(method, http_method_name(route->method)) &&
		    span_equal(pattern_path(route->pattern), span_trim(path)))
			return true;
	}
	return false;
}

static enum err route_check(const struct auth_session *s, struct fault *fault)
{
	const struct http_route *route = s->req->route;
	const char *routes = s->key->routes;

	if ((route->schemes & s->scheme) != 0 &&
	    (routes == NULL || routes[0] == '\0' || is_route_of(routes, route)))
		return OK;
	if ((s->scheme & AUTH_ES512) == 0)
		return fault_set(fault, ERR_AUTH_ROUTE, "", "%s", "");
	return fault_set(fault, ERR_AUTH_ROUTE, "",
	    "This integration may not use this route (Action: %s %.*s)",
	    http_method_name(s->req->method),
	    (int)(s->req->path.size < 128 ? s->req->path.size : 128),
	    (const char *)s->req->path.data);
}

/* A base URL may take the keys of one environment only. */
static enum err environment_check(const struct auth_session *s, struct fault *fault)
{
	if (s->base == NULL || s->base->environment < 0 ||
	    s->base->environment == (int)s->key->environment)
		return OK;
	return fault_set(
	    fault, ERR_AUTH_KEY, "", "This address takes keys of the other environment.");
}

static enum err rate_check(struct auth *a, struct auth_session *s, struct fault *fault)
{
	int64_t rate = s->key->rate > 0 ? s->key->rate : a->config.rate;

	if (rate <= 0)
		return OK;
	s->retry_after_s = live_take(s->entry->live, rate, clock_monotonic());
	return s->retry_after_s == 0 ? OK : fault_set(fault, ERR_RATE, "", "%s", "");
}

bool auth_is_write(const struct http_request *req)
{
	return req->method != HTTP_GET && req->method != HTTP_HEAD;
}

static enum err repeated(struct fault *fault, const char *detail)
{
	return fault_set(fault, ERR_REPLAY, "", "%s", detail);
}

/* A write whose effect was kept may still ask for its stored answer. */
static enum err seen_check(struct auth *a, struct auth_session *s, struct fault *fault)
{
	bool is_write = auth_is_write(s->req);
	struct seen_mark m = {.mark = s->mark,
	    .tag = (unsigned)s->req->method << 8 | (unsigned char)s->field,
	    .until = s->mark_until,
	    .now = s->req->now};
	size_t keys = 0;

	if (!s->has_mark)
		return OK;
	(void)http_header(s->req, "Idempotency-Key", &keys);
	switch (seen_note(a->seen, &m)) {
	case SEEN_NEW: return OK;
	case SEEN_OTHER: return repeated(fault, "It came under another method or field.");
	case SEEN_SAME:
		return is_write || !s->is_once ? OK : repeated(fault, "Sign each request anew.");
	case SEEN_SPENT:
		return is_write && keys > 0 ? OK : repeated(fault, "Sign each request anew.");
	}
	return OK;
}

static void timestamp_note(struct auth_session *s)
{
	struct auth_live *l = s->entry->live;

	if (s->field != 't')
		return;
	pthread_mutex_lock(&l->lock);
	if (s->timestamp > l->newest_timestamp)
		l->newest_timestamp = s->timestamp;
	pthread_mutex_unlock(&l->lock);
}

enum err auth_body(struct auth *a, struct auth_session *s, struct fault *fault)
{
	s->body = s->req->body;
	TRY(scheme_row(s->scheme)->body(a, s, fault));
	TRY(environment_check(s, fault));
	TRY(route_check(s, fault));
	TRY(rate_check(a, s, fault));
	TRY(seen_check(a, s, fault));
	timestamp_note(s);
	s->is_doubtful = !auth_is_write(s->req) && scheme_x_sign_is_doubtful(a, s);
	s->is_use_due = live_use(
	    s->entry->live, s->public_key != NULL ? s->public_key->row : 0, clock_monotonic());
	s->stage = AUTH_STAGE_DONE;
	return OK;
}

static bool is_still_key(const struct auth_session *s, const struct auth_key *now)
{
	if (now->revoked_at != 0 || !ct_equal(now->secret_hash, s->key->secret_hash, SHA256_SIZE))
		return false;
	if (s->public_key == NULL)
		return true;
	for (size_t i = 0; i < now->public_key_count; i++) {
		const struct auth_public_key *k = &now->public_keys[i];
		if (k->row == s->public_key->row)
			return k->valid_until == 0 || clock_now() < k->valid_until;
	}
	return false;
}

enum err auth_again(struct auth *a, const struct auth_session *s)
{
	struct auth_session now = *s;
	struct auth_entry *entry = NULL;
	enum err e = ring_get(a->ring, s->entry->kind, s->entry->id, &entry);

	ENSURE(e != ERR_NOT_FOUND, ERR_AUTH_KEY);
	TRY(e);
	now.key = &entry->key;
	e = is_still_key(s, now.key) ? route_check(&now, NULL) : ERR_AUTH_KEY;
	auth_entry_release(entry);
	return e;
}

void auth_session_end(struct auth_session *s)
{
	buf_free(&s->decoded);
	auth_entry_release(s->entry);
	s->entry = NULL;
}

void auth_spent(struct auth *a, const struct auth_session *s)
{
	if (s->has_mark)
		seen_spend(a->seen, s->mark);
}

/* ---- refusals ---- */

bool auth_is_refusal(enum err e)
{
	switch ((int)e) {
	case ERR_AUTH_MISSING:
	case ERR_AUTH_KEY:
	case ERR_AUTH_SCHEME:
	case ERR_AUTH_DOUBLE:
	case ERR_AUTH_ROUTE:
	case ERR_AUTH_ADDRESS:
	case ERR_CLIENT_KEY_MISSING:
	case ERR_CLIENT_KEY:
	case ERR_CLIENT_TOKEN:
	case ERR_TOKEN:
	case ERR_SIGNATURE:
	case ERR_STALE:
	case ERR_REPLAY:
	case ERR_DIGEST:
	case ERR_RATE: return true;
	default: return false;
	}
}

static const char *reason_of(enum err e)
{
	switch ((int)e) {
	case ERR_SIGNATURE: return "The signature does not verify.";
	case ERR_STALE: return "The time of the signature lies outside the window.";
	case ERR_REPLAY: return "This token was used before.";
	case ERR_AUTH_KEY: return "This address takes keys of the other environment.";
	case ERR_AUTH_ROUTE: return "This integration may not use this route.";
	default: return "The token is malformed.";
	}
}

enum err auth_refusal(const struct auth_session *s, enum err e, struct fault *fault)
{
	struct fault token = {.code = ERR_CLIENT_TOKEN};
	bool is_described = fault->code == e && fault->detail[0] != '\0';

	switch ((int)e) {
	case ERR_TOKEN:
	case ERR_SIGNATURE:
	case ERR_STALE:
	case ERR_REPLAY:
	case ERR_DIGEST:
	case ERR_AUTH_KEY:
	case ERR_AUTH_ROUTE: break;
	default: return e;
	}
	if ((s->scheme & AUTH_ES512) == 0)
		return e;
	snprintf(
	    token.detail, sizeof(token.detail), "%s", is_described ? fault->detail : reason_of(e));
	*fault = token;
	return ERR_CLIENT_TOKEN;
}
