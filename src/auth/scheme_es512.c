/*
 * What both ES512 schemes have in common: the integration that API-CLIENT-KEY names, the addresses
 * it may call from, and tokens signed with one of its P-521 keys.
 */
#include "auth/scheme.h"

#include "base/limits.h"

#include <ctype.h>
#include <string.h>

static bool is_uuid(struct span s)
{
	if (s.size != UUID_TEXT_SIZE - 1)
		return false;
	for (size_t i = 0; i < s.size; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (is_dash ? s.data[i] != '-' : isxdigit(s.data[i]) == 0)
			return false;
	}
	return true;
}

static enum err unknown(const struct auth_session *s, struct fault *fault)
{
	struct span key = s->credentials.client_key;

	return fault_set(fault, ERR_CLIENT_KEY, "", "%.*s", (int)(key.size < 64 ? key.size : 64),
	    (const char *)key.data);
}

static enum err address_check(const struct auth_session *s, struct fault *fault)
{
	struct address client;

	if (s->key->networks == NULL)
		return OK;
	if (address_parse(span_str(s->req->client), &client) &&
	    proxies_trust(s->entry->networks, &client))
		return OK;
	return fault_set(fault, ERR_AUTH_ADDRESS, "", "%s", s->req->client);
}

enum err scheme_integration_find(struct auth *a, struct auth_session *s, struct fault *fault)
{
	struct span key = s->credentials.client_key;
	char id[UUID_TEXT_SIZE];

	if (!is_uuid(key))
		return unknown(s, fault);
	for (size_t i = 0; i < key.size; i++)
		id[i] = (char)tolower(key.data[i]);
	enum err e = ring_get(a->ring, AUTH_KIND_INTEGRATION, span_of(id, key.size), &s->entry);
	if (e == ERR_NOT_FOUND || (e == OK && s->entry->key.revoked_at != 0))
		return unknown(s, fault);
	TRY(e);
	s->key = &s->entry->key;
	return address_check(s, fault);
}

static enum err token_verify(struct auth_session *s, const struct jws *t)
{
	for (size_t i = 0; i < s->key->public_key_count; i++) {
		const struct auth_public_key *k = &s->key->public_keys[i];
		if (k->kind != KEY_P521 || !scheme_key_is_valid(s, k))
			continue;
		enum err e = jws_check(k->pkey, t);
		if (e == OK)
			s->public_key = k;
		if (e != ERR_SIGNATURE)
			return e;
	}
	return ERR_SIGNATURE;
}

enum err scheme_token_open(struct auth_session *s, struct span token, const char *what,
    struct buf *claims, struct fault *fault)
{
	struct jws t;
	const char *reason = "";

	enum err e = jws_read(token, &t, &reason);
	if (e == ERR_TOKEN)
		return fault_set(
		    fault, e, "", "The token in %s is not accepted: %s.", what, reason);
	TRY(e);
	e = token_verify(s, &t);
	if (e == ERR_SIGNATURE)
		return fault_set(fault, e, "",
		    "The token in %s does not verify with the public key of this integration.",
		    what);
	TRY(e);
	e = jws_payload(&t, claims);
	return e == ERR_TOKEN ? fault_set(fault, e, "", "The token in %s has no payload.", what)
			      : e;
}

/* Of R alone: for one content it names the signature up to the sign of s, which anybody can flip
 * without the key. */
enum err scheme_token_mark(struct auth_session *s, struct span token)
{
	struct jws t;
	const char *reason;

	TRY(jws_read(token, &t, &reason));
	s->token = token;
	s->is_once = true;
	return scheme_mark(
	    s, t.input, span_of(t.signature, JWS_SIGNATURE_ES512 / 2), s->key->window_s);
}
