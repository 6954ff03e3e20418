/*
 * What several schemes ask: is the time right, is this public key still valid, for which external
 * URL may the request have been signed. Host only says which base URL is tried first; what is not
 * among the configured ones is never believed.
 */
#include "auth/scheme.h"

#include "base/clock.h"
#include "base/limits.h"

#include <string.h>
#include <strings.h>

#define FOR_EVER (INT64_C(3650) * CLOCK_DAY)

/* Signers name whole seconds: the part of one that they cut off is theirs to have. */
enum err scheme_window(
    const struct auth_session *s, int64_t ms, int64_t window_s, struct fault *fault)
{
	int64_t late = s->req->now - ms;

	if (window_s <= 0 ||
	    (late < (window_s + 1) * CLOCK_SECOND && -late <= window_s * CLOCK_SECOND))
		return OK;
	return fault_set(fault, ERR_STALE, "",
	    "The time of the signature lies outside the window of %lld seconds around %lld.",
	    (long long)window_s, (long long)(s->req->now / CLOCK_SECOND));
}

enum err scheme_mark(
    struct auth_session *s, struct span content, struct span signature, int64_t window_s)
{
	uint8_t parts[2 * SHA256_SIZE + 2 * sizeof(int64_t)];
	int64_t who[2] = {(int64_t)s->scheme, s->principal.key};

	TRY(sha256(content, parts));
	TRY(sha256(signature, parts + SHA256_SIZE));
	memcpy(parts + 2 * SHA256_SIZE, who, sizeof(who));
	TRY(sha256(span_of(parts, sizeof(parts)), s->mark));
	s->has_mark = true;
	s->mark_until = s->req->now + (window_s > 0 ? 2 * (window_s + 1) * CLOCK_SECOND : FOR_EVER);
	return OK;
}

bool scheme_key_is_valid(const struct auth_session *s, const struct auth_public_key *k)
{
	return k->valid_until == 0 || s->req->now < k->valid_until;
}

/* "https://api.example.com:8443/prefix" */
static const char *after_scheme(const struct auth_base *b)
{
	const char *mark = strstr(b->url, "://");

	return mark != NULL ? mark + 3 : b->url;
}

struct span auth_base_host(const struct auth_base *b)
{
	const char *start = after_scheme(b);

	return span_of(start, strcspn(start, "/"));
}

struct span auth_base_path(const struct auth_base *b)
{
	const char *start = after_scheme(b);

	return span_str(start + strcspn(start, "/"));
}

static bool is_host(const struct auth_base *b, struct span host)
{
	struct span own = auth_base_host(b);

	return own.size == host.size &&
	       strncasecmp((const char *)own.data, (const char *)host.data, host.size) == 0;
}

static size_t first_base(const struct auth *a, struct span host)
{
	for (size_t i = 0; host.size > 0 && i < a->config.base_count; i++)
		if (is_host(&a->bases[i], host))
			return i;
	return 0;
}

const struct auth_base *scheme_base_by_host(const struct auth *a, const struct auth_session *s)
{
	struct span host = http_header(s->req, "Host", NULL);
	size_t first = first_base(a, host);

	return first < a->config.base_count && is_host(&a->bases[first], host) ? &a->bases[first]
									       : NULL;
}

const struct auth_base *scheme_base(const struct auth *a, const struct auth_session *s, size_t *at)
{
	size_t count = a->config.base_count, n = *at;
	size_t first = first_base(a, http_header(s->req, "Host", NULL));

	if (n >= count)
		return NULL;
	*at = n + 1;
	/* The first one, then the others in their order. */
	return &a->bases[n == 0 ? first : n <= first ? n - 1 : n];
}
