/*
 * From headers to a principal. The scheme is told first and alone by which headers are there;
 * then that scheme's file checks, and no other is tried. Two schemes on one request, or a
 * doubled header, are refused before any secret is looked at.
 */
#include "auth/scheme.h"

#include "base/limits.h"

#include <string.h>

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

static enum err tell_authorization(
    const struct credentials *c, enum auth_scheme *out, struct fault *fault)
{
	bool wrapped = is_wrapped_word(c->authorization), jwt = is_jwt(c->authorization);

	if (wrapped || jwt) {
		if (c->client_key.size == 0)
			return fault_set(fault, ERR_CLIENT_KEY_MISSING, "", "%s", "");
		*out = wrapped ? AUTH_ES512_WRAPPED : AUTH_ES512_PLAIN;
		return OK;
	}
	if (c->client_key.size > 0)
		return fault_set(fault, ERR_AUTH_DOUBLE, "",
		    "Authorization holds no token that belongs to API-CLIENT-KEY.");
	*out = AUTH_API_KEY;
	return OK;
}

enum err scheme_tell(const struct credentials *c, enum auth_scheme *out, struct fault *fault)
{
	bool bearer = c->authorization.size > 0;
	bool partner = c->api_key.size > 0 || c->sign.size > 0;
	bool message = c->signature_input.size > 0 || c->signature.size > 0;

	if (bearer + partner + message > 1 || (c->client_key.size > 0 && (partner || message)))
		return fault_set(fault, ERR_AUTH_DOUBLE, "", "Send one scheme's headers only.");
	if (bearer)
		return tell_authorization(c, out, fault);
	if (c->client_key.size > 0)
		return fault_set(fault, ERR_CLIENT_TOKEN, "", "Authorization is missing.");
	if (!partner && !message)
		return fault_set(fault, ERR_AUTH_MISSING, "", "%s", "");
	*out = partner ? AUTH_X_SIGN : AUTH_HTTP_SIGNATURE;
	return OK;
}

/* Schemes whose keys this version does not issue yet: every key of theirs is unknown. */
static enum err scheme_unknown_key(
    const struct credentials *c, enum auth_scheme scheme, struct fault *fault)
{
	if (scheme == AUTH_ES512_WRAPPED || scheme == AUTH_ES512_PLAIN)
		return fault_set(fault, ERR_CLIENT_KEY, "", "%.*s",
		    (int)(c->client_key.size < 64 ? c->client_key.size : 64),
		    (const char *)c->client_key.data);
	return fault_set(fault, ERR_AUTH_KEY, "", "%s", "");
}

/* Under ES512 the platform's own clients expect 401 for a route that is not theirs. */
static enum err route_check(
    const struct http_request *req, enum auth_scheme scheme, struct fault *fault)
{
	if (req->route == NULL || (req->route->schemes & scheme) != 0)
		return OK;
	if (scheme == AUTH_ES512_WRAPPED || scheme == AUTH_ES512_PLAIN)
		return fault_set(fault, ERR_CLIENT_TOKEN, "",
		    "This integration may not use this route (Action: %s %s).",
		    http_method_name(req->method), req->route->pattern);
	return fault_set(fault, ERR_AUTH_ROUTE, "", "%s", "");
}

enum err auth_check(const struct auth_store *store, const struct http_request *req,
    struct principal *out, struct fault *fault)
{
	struct credentials c = {0};
	enum auth_scheme scheme;

	memset(out, 0, sizeof(*out));
	TRY(credentials_read(req, &c, fault));
	TRY(scheme_tell(&c, &scheme, fault));
	if (scheme == AUTH_API_KEY)
		TRY(scheme_api_key_check(store, &c, out, fault));
	else
		return scheme_unknown_key(&c, scheme, fault);
	return route_check(req, scheme, fault);
}
