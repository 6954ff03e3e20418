/*
 * See the header. keyd is asked at most once a minute, whoever asks us: the list is kept, and an
 * old one is better than none while keyd restarts. A key whose time is over is not published.
 */
#include "web/platform_keys.h"

#include "api/call.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "web/assets.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

#define KEPT_MS CLOCK_MINUTE
#define P521_BYTES 66
#define PEM_LINE 64

static struct {
	pthread_mutex_t lock;
	struct keyd_public list[KEYD_PUBLIC_MAX];
	size_t count;
	int64_t read_at; /* clock_monotonic; 0: never */
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

enum err platform_keys_reload(struct app *app)
{
	struct keyd_public fresh[KEYD_PUBLIC_MAX];
	size_t n = KEYD_PUBLIC_MAX;

	TRY(keyd_response_public(app->keyd, fresh, &n));
	pthread_mutex_lock(&kept.lock);
	memcpy(kept.list, fresh, n * sizeof(fresh[0]));
	kept.count = n;
	kept.read_at = clock_monotonic() + 1;
	pthread_mutex_unlock(&kept.lock);
	return OK;
}

static size_t keys_take(struct app *app, struct keyd_public out[KEYD_PUBLIC_MAX])
{
	size_t n;
	bool is_old;

	pthread_mutex_lock(&kept.lock);
	is_old = kept.read_at == 0 || clock_monotonic() - kept.read_at > KEPT_MS;
	if (is_old && kept.read_at != 0)
		kept.read_at = clock_monotonic() + 1; /* one request asks, the others go on */
	pthread_mutex_unlock(&kept.lock);
	if (is_old && platform_keys_reload(app) != OK)
		log_warn("the platform's keys are those read before", NULL);
	pthread_mutex_lock(&kept.lock);
	n = kept.count;
	memcpy(out, kept.list, n * sizeof(out[0]));
	pthread_mutex_unlock(&kept.lock);
	return n;
}

static enum err member_put(struct json_writer *w, const char *name, struct span bytes)
{
	struct buf text CLEANUP(buf_free);

	buf_init(&text, 128);
	b64url_encode(&text, bytes);
	jw_span(w, name, buf_span(&text));
	return buf_done(&text);
}

static enum err point_put(struct json_writer *w, EVP_PKEY *key)
{
	uint8_t point[1 + 2 * P521_BYTES];
	size_t size = 0;

	ENSURE(EVP_PKEY_get_octet_string_param(
		   key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof(point), &size) == 1,
	    ERR_CRYPTO);
	ENSURE(size == sizeof(point) && point[0] == 4, ERR_CRYPTO);
	TRY(member_put(w, "x", span_of(point + 1, P521_BYTES)));
	return member_put(w, "y", span_of(point + 1 + P521_BYTES, P521_BYTES));
}

static enum err numbers_put(struct json_writer *w, const struct keyd_public *k)
{
	const unsigned char *at = k->spki;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)k->spki_size);
	uint8_t raw[32];
	size_t size = sizeof(raw);
	enum err e;

	ENSURE(key != NULL, ERR_CRYPTO);
	if (k->line == KEYD_RESPONSE_ES512)
		e = point_put(w, key);
	else if (EVP_PKEY_get_raw_public_key(key, raw, &size) == 1)
		e = member_put(w, "x", span_of(raw, size)); /* RFC 8037 §2 */
	else
		e = ERR_CRYPTO;
	EVP_PKEY_free(key);
	return e;
}

/* RFC 7468: lines of 64. */
static enum err pem_put(struct json_writer *w, const struct keyd_public *k)
{
	struct buf text CLEANUP(buf_free), code CLEANUP(buf_free);

	buf_init(&text, 1024);
	buf_init(&code, 1024);
	b64_encode(&code, span_of(k->spki, k->spki_size));
	buf_put_str(&text, "-----BEGIN PUBLIC KEY-----\n");
	for (size_t at = 0; at < code.size; at += PEM_LINE) {
		size_t left = code.size - at;
		buf_put(&text, code.data + at, left < PEM_LINE ? left : PEM_LINE);
		buf_put_byte(&text, '\n');
	}
	buf_put_str(&text, "-----END PUBLIC KEY-----\n");
	jw_span(w, "pem", buf_span(&text));
	TRY(buf_done(&code));
	return buf_done(&text);
}

static enum err key_put(struct json_writer *w, const struct keyd_public *k)
{
	bool is_es512 = k->line == KEYD_RESPONSE_ES512;

	jw_object(w, NULL);
	jw_string(w, "kty", is_es512 ? "EC" : "OKP");
	jw_string(w, "crv", is_es512 ? "P-521" : "Ed25519");
	TRY(numbers_put(w, k));
	jw_string(w, "kid", k->kid);
	jw_string(w, "alg", is_es512 ? "ES512" : "EdDSA");
	jw_string(w, "use", "sig");
	jw_string(w, "purpose", k->line == KEYD_WEBHOOK ? "webhook" : "response");
	jw_time(w, "from", k->from);
	jw_time(w, "until", k->until);
	TRY(pem_put(w, k));
	jw_end_object(w);
	return OK;
}

static enum err keys_put(struct app *app, struct json_writer *w)
{
	struct keyd_public all[KEYD_PUBLIC_MAX];
	size_t n = keys_take(app, all);
	int64_t now = clock_now();

	ENSURE(n > 0, ERR_PEER_GONE);
	jw_array(w, "keys");
	for (size_t i = 0; i < n; i++)
		if (all[i].until == 0 || all[i].until > now)
			TRY(key_put(w, &all[i]));
	jw_end_array(w);
	jw_end_object(w);
	return OK;
}

static void cache_set(const struct http_request *req, struct http_reply *reply)
{
	uint8_t hash[SHA256_SIZE];
	char text[2 * SHA256_SIZE + 1];
	const char *etag;

	if (sha256(buf_span(&reply->body), hash) != OK)
		return;
	hex_text(text, hash, sizeof(hash));
	etag = arena_format(req->arena, "\"%.32s\"", text);
	http_reply_header(reply, "Cache-Control", "public, max-age=300");
	if (etag == NULL)
		return;
	http_reply_header(reply, "ETag", etag);
	if (assets_has_etag(req, etag)) {
		reply->status = 304;
		buf_reset(&reply->body);
	}
}

void platform_keys_get(void *app, const struct http_request *req, struct http_reply *reply)
{
	struct json_writer w;
	enum err e;

	reply_json(reply, 200, &w);
	e = keys_put(app, &w);
	if (e == OK) {
		cache_set(req, reply);
		return;
	}
	buf_reset(&reply->body);
	reply_error(app, req, reply, e, NULL);
}
