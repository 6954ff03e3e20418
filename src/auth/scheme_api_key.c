/*
 * The api-key scheme: `Authorization: <key>`. The key text carries its public id, which finds
 * the row; the row holds only SHA-256 of the whole text, compared in constant time. A key made
 * for another scheme is refused even when its secret is right.
 */
#include "auth/scheme.h"

#include "base/codec.h"
#include "base/crypto.h"
#include "base/json.h"

#include <string.h>

#define KEY_TEXT_MAX 256
#define KEY_JSON_MAX 256

static enum err member_decode(const json_t *object, const char *name, uint8_t *out, size_t size)
{
	const json_t *member = json_object_get(object, name);
	struct buf bytes;

	ENSURE(json_is_string(member), ERR_AUTH_KEY);
	buf_init(&bytes, KEY_JSON_MAX);
	enum err e =
	    b64url_decode(&bytes, span_of(json_string_value(member), json_string_length(member)));
	bool good = e == OK && bytes.size == size;
	if (good)
		memcpy(out, bytes.data, size);
	buf_free(&bytes);
	return good ? OK : ERR_AUTH_KEY;
}

/* The public id and the environment that a key text names. */
static enum err key_object_read(
    const json_t *object, uint8_t key_id[API_KEY_ID_BYTES], enum environment *environment)
{
	uint8_t secret[API_KEY_SECRET_BYTES];
	const json_t *sandbox = json_object_get(object, "sandbox");

	ENSURE(json_is_object(object), ERR_AUTH_KEY);
	ENSURE(sandbox == NULL || json_is_boolean(sandbox), ERR_AUTH_KEY);
	*environment = json_is_true(sandbox) ? ENVIRONMENT_SANDBOX : ENVIRONMENT_PRODUCTION;
	TRY(member_decode(object, "key_id", key_id, API_KEY_ID_BYTES));
	enum err e = member_decode(object, "key", secret, sizeof(secret));
	secret_wipe(secret, sizeof(secret));
	return e;
}

static enum err key_read(
    struct span text, uint8_t key_id[API_KEY_ID_BYTES], enum environment *environment)
{
	json_t *object CLEANUP(json_freep) = NULL;
	struct buf json;

	ENSURE(text.size > 0 && text.size <= KEY_TEXT_MAX, ERR_AUTH_KEY);
	buf_init(&json, KEY_JSON_MAX);
	enum err e = b64url_decode(&json, text);
	if (e == OK)
		e = json_read(buf_span(&json), &object, NULL);
	buf_free(&json);
	ENSURE(e == OK, ERR_AUTH_KEY);
	return key_object_read(object, key_id, environment);
}

/* Compared even when there is no such row, so that time does not tell which ids exist. */
enum err scheme_key_find(
    struct auth *a, struct auth_session *s, struct span text, struct fault *fault)
{
	static const uint8_t nobody[SHA256_SIZE];
	uint8_t key_id[API_KEY_ID_BYTES], hash[SHA256_SIZE];
	enum environment environment;

	if (key_read(text, key_id, &environment) != OK)
		return fault_set(fault, ERR_AUTH_KEY, "", "%s", "");
	TRY(sha256(text, hash));
	enum err e = ring_get(a->ring, AUTH_KIND_KEY, span_of(key_id, sizeof(key_id)), &s->entry);
	ENSURE(e == OK || e == ERR_NOT_FOUND, e);
	const struct auth_key *key = e == OK ? &s->entry->key : NULL;
	bool equal = ct_equal(hash, key != NULL ? key->secret_hash : nobody, sizeof(hash));
	if (key == NULL || !equal || key->revoked_at != 0 || key->environment != environment)
		return fault_set(fault, ERR_AUTH_KEY, "", "%s", "");
	if ((key->schemes & s->scheme) == 0)
		return fault_set(
		    fault, ERR_AUTH_SCHEME, "", "%s", "Sign the request as that scheme asks.");
	s->key = key;
	return OK;
}

enum err scheme_key_named(
    struct auth *a, struct auth_session *s, struct span id, struct fault *fault)
{
	enum err e = ring_get(a->ring, AUTH_KIND_KEY, id, &s->entry);

	ENSURE(e == OK || e == ERR_NOT_FOUND, e);
	if (e != OK || s->entry->key.revoked_at != 0)
		return fault_set(fault, ERR_AUTH_KEY, "", "%s", "");
	if ((s->entry->key.schemes & s->scheme) == 0)
		return fault_set(
		    fault, ERR_AUTH_SCHEME, "", "%s", "Sign the request as that scheme asks.");
	s->key = &s->entry->key;
	return OK;
}

static enum err api_key_identify(struct auth *a, struct auth_session *s, struct fault *fault)
{
	return scheme_key_find(a, s, s->credentials.authorization, fault);
}

static enum err nothing_more(struct auth *a, struct auth_session *s, struct fault *fault)
{
	return OK;
}

/* Reads and removals may carry a body for the schemes that sign it; nobody else has a reason to. */
static enum err api_key_body(struct auth *a, struct auth_session *s, struct fault *fault)
{
	bool has_body = s->req->body.size > 0;

	if (!has_body || (auth_is_write(s->req) && s->req->method != HTTP_DELETE))
		return OK;
	return fault_set(fault, ERR_TOO_LARGE, "", "This address takes no body.");
}

const struct scheme scheme_api_key = {AUTH_API_KEY, api_key_identify, nothing_more, api_key_body};

static void key_json(
    struct buf *json, struct span key_id, struct span secret, enum environment environment)
{
	struct json_writer w;
	struct buf text;

	jw_init(&w, json);
	jw_object(&w, NULL);
	buf_init(&text, KEY_JSON_MAX);
	b64url_encode(&text, key_id);
	jw_span(&w, "key_id", buf_span(&text));
	buf_reset(&text);
	b64url_encode(&text, secret);
	jw_span(&w, "key", buf_span(&text));
	buf_free(&text);
	if (environment == ENVIRONMENT_SANDBOX)
		jw_bool(&w, "sandbox", true);
	jw_end_object(&w);
}

enum err auth_key_new(enum environment environment, struct buf *text,
    uint8_t key_id[API_KEY_ID_BYTES], uint8_t secret_hash[32])
{
	uint8_t secret[API_KEY_SECRET_BYTES];
	struct buf json;
	size_t start = text->size;

	TRY(random_bytes(key_id, API_KEY_ID_BYTES));
	TRY(random_bytes(secret, sizeof(secret)));
	buf_init(&json, KEY_JSON_MAX);
	key_json(
	    &json, span_of(key_id, API_KEY_ID_BYTES), span_of(secret, sizeof(secret)), environment);
	enum err e = buf_done(&json);
	if (e == OK)
		b64url_encode(text, buf_span(&json));
	buf_free(&json);
	secret_wipe(secret, sizeof(secret));
	TRY(e);
	TRY(buf_done(text));
	return sha256(span_of(text->data + start, text->size - start), secret_hash);
}
