/*
 * How each scheme signs a request. What is signed is src/sign's business; here stand the headers
 * around it and the defaults of a client.
 */
#include "base/codec.h"
#include "base/json.h"
#include "lib/request.h"

#include <stdio.h>
#include <string.h>

#define TOKEN_BYTES (64 * LIMIT_KB) /* an auth token: a URL and little else */

static struct span payload_or_empty(const struct chg_request *r)
{
	return r->payload.size > 0 ? r->payload : SPAN_EMPTY;
}

enum chg_status sign_api_key(struct chg_request *r)
{
	if (r->api_key == NULL)
		return say(&r->said, CHG_ERR_ARGUMENT, "api-key needs an API key");
	request_header(r, "Authorization", span_str(r->api_key));
	return r->said.status;
}

/* The signer of the key that was told; says what does not fit. */
static bool signer_ready(struct chg_request *r, struct signer *out)
{
	if (r->key == NULL || !r->key->is_private) {
		say(&r->said, CHG_ERR_ARGUMENT, "%s needs a private key",
		    chg_scheme_name(r->scheme));
		return false;
	}
	if (signer_of_key(r->key->pkey, r->algorithm, out) == OK)
		return true;
	say(&r->said, CHG_ERR_KEY, "a %s key does not sign with this algorithm",
	    key_kind_name(r->key->kind));
	return false;
}

static bool es512_ready(struct chg_request *r, struct signer *out)
{
	if (!signer_ready(r, out))
		return false;
	if (r->algorithm != SIGN_ES512)
		say(&r->said, CHG_ERR_KEY, "%s signs with ES512 and a P-521 key only",
		    chg_scheme_name(r->scheme));
	else if (r->client_key == NULL)
		say(&r->said, CHG_ERR_ARGUMENT, "%s needs the integration key (API-CLIENT-KEY)",
		    chg_scheme_name(r->scheme));
	return r->said.status == CHG_OK;
}

/* The body becomes the claims of a token, byte for byte; only an object can be claims. */
static enum err body_token_make(struct chg_request *r, const struct signer *s, struct buf *token)
{
	CLEANUP(json_freep) json_t *claims = NULL;
	struct fault fault = {.code = OK};

	if (json_read(r->body, &claims, &fault) != OK || !json_is_object(claims)) {
		say(&r->said, CHG_ERR_ARGUMENT,
		    "the body of es512-wrapped must be a JSON object. %s", fault.detail);
		return OK;
	}
	TRY(jws_make(s, NULL, r->body, token));
	buf_reset(&r->wrapped);
	TRY(wrapped_body_make(buf_span(token), &r->wrapped));
	r->payload = buf_span(&r->wrapped);
	return OK;
}

/* protocols: es512-wrapped, the second line. An upload signs its file, a body its token. */
static enum err wrapped_md5(struct chg_request *r, const struct signer *s, char md5[MD5_TEXT_SIZE])
{
	CLEANUP(buf_free) struct buf token;

	buf_init(&token, BODY_BYTES);
	md5[0] = '\0';
	if (r->file_name != NULL)
		return md5_text(r->file, md5);
	if (r->body.size == 0)
		return OK;
	TRY(body_token_make(r, s, &token));
	return md5_text(buf_span(&token), md5);
}

static enum err wrapped_token_make(struct chg_request *r, const struct signer *s, struct buf *out)
{
	CLEANUP(buf_free) struct buf lines, claims;
	char md5[MD5_TEXT_SIZE], date[32];

	buf_init(&lines, TOKEN_BYTES);
	buf_init(&claims, TOKEN_BYTES);
	TRY(wrapped_md5(r, s, md5));
	wrapped_date_write(r->at, date);
	TRY(wrapped_lines_make(&(struct wrapped){.method = span_str(r->method),
				   .md5 = span_str(md5),
				   .content_type = span_str(r->sent_type),
				   .date = span_str(date),
				   .url = r->target.path},
	    &lines));
	TRY(wrapped_claims_make(span_str(r->client_key), buf_span(&lines), &claims));
	buf_format(out, "QIT %s:", r->client_key);
	return jws_make(s, NULL, buf_span(&claims), out);
}

static enum chg_status client_headers(struct chg_request *r, struct buf *token, enum err e)
{
	if (e != OK)
		say_err(&r->said, e, "signing");
	if (r->said.status == CHG_OK) {
		request_header(r, "Authorization", buf_span(token));
		request_header(r, "API-CLIENT-KEY", span_str(r->client_key));
	}
	buf_free(token);
	return r->said.status;
}

enum chg_status sign_wrapped(struct chg_request *r)
{
	struct signer s;
	struct buf token;

	if (!es512_ready(r, &s))
		return r->said.status;
	buf_init(&token, TOKEN_BYTES);
	return client_headers(r, &token, wrapped_token_make(r, &s, &token));
}

static enum err plain_token_make(struct chg_request *r, const struct signer *s, struct buf *token)
{
	CLEANUP(buf_free) struct buf claims;
	char md5[MD5_TEXT_SIZE], time[32];

	buf_init(&claims, TOKEN_BYTES);
	TRY(md5_text(r->payload.size > 0 ? r->payload : span_str("{}"), md5));
	plain_time_write(r->at * 1000, time);
	TRY(plain_claims_make(&(struct plain){.payload_md5 = span_str(md5),
				  .timestamp = span_str(time),
				  .method = span_str(r->method),
				  .uri = r->target.path},
	    &claims));
	return jws_make(s, NULL, buf_span(&claims), token);
}

enum chg_status sign_plain(struct chg_request *r)
{
	struct signer s;
	struct buf token;

	if (!es512_ready(r, &s))
		return r->said.status;
	buf_init(&token, TOKEN_BYTES);
	return client_headers(r, &token, plain_token_make(r, &s, &token));
}

static enum err x_sign_make(struct chg_request *r, const struct signer *s, struct span prefix)
{
	CLEANUP(buf_free) struct buf input, mark, text;
	struct span body = payload_or_empty(r), url = r->target.url;
	uint8_t digest[SHA256_SIZE];

	buf_init(&input, BODY_BYTES);
	buf_init(&mark, SIGN_SIGNATURE_MAX);
	buf_init(&text, 2 * SIGN_SIGNATURE_MAX);
	TRY(xsign_digest(prefix, url, body, digest));
	hex_text(r->hash, digest, sizeof(digest));
	TRY(xsign_input(prefix, url, body, &input));
	TRY(s->sign(s->ctx, buf_span(&input), &mark));
	b64url_encode(&text, buf_span(&mark));
	TRY(buf_done(&text));
	if (r->api_key != NULL)
		request_header(r, "x-api-key", span_str(r->api_key));
	request_header(r, "x-sign", buf_span(&text));
	request_header(r, r->has_nonce ? "x-nonce" : "x-timestamp", prefix);
	return OK;
}

enum chg_status sign_x_sign(struct chg_request *r)
{
	struct signer s;
	char prefix[24];
	enum err e;

	if (!signer_ready(r, &s))
		return r->said.status;
	if (r->algorithm != SIGN_RSA_SHA256)
		return say(&r->said, CHG_ERR_KEY, "x-sign signs with RSA and SHA-256 only");
	snprintf(prefix, sizeof(prefix), "%lld", (long long)(r->has_nonce ? r->nonce : r->at));
	e = x_sign_make(r, &s, span_str(prefix));
	return e == OK ? r->said.status : say_err(&r->said, e, "signing");
}

/* Covered: method and target always; with a body its digest and type (RFC 9421 §7.2.8). */
static size_t components_choose(const struct chg_request *r, struct message_component *out)
{
	size_t n = 0;

	out[n++] = (struct message_component){.name = "@method"};
	out[n++] = (struct message_component){.name = "@target-uri"};
	if (r->payload.size > 0)
		out[n++] = (struct message_component){.name = "content-digest"};
	if (r->sent_type != NULL)
		out[n++] = (struct message_component){.name = "content-type"};
	return n;
}

static enum err message_sign(struct chg_request *r, const struct signer *s)
{
	CLEANUP(buf_free) struct buf input, mark, digest;
	struct message_component components[4];
	char nonce[UUID_TEXT_SIZE];

	buf_init(&input, TOKEN_BYTES);
	buf_init(&mark, TOKEN_BYTES);
	buf_init(&digest, 256);
	TRY(random_uuid(nonce));
	if (r->payload.size > 0) {
		TRY(digest_make(r->payload, &digest));
		request_header(r, "Content-Digest", buf_span(&digest));
	}
	TRY(message_make(s,
	    &(struct message){.method = span_str(r->method),
		.scheme = r->target.scheme,
		.authority = r->target.authority,
		.target = r->target.path,
		.headers = r->fields.items,
		.header_count = r->fields.count},
	    &(struct message_make){.label = "sig",
		.keyid = r->key_id,
		.nonce = nonce,
		.components = components,
		.component_count = components_choose(r, components),
		.created = r->at},
	    &input, &mark));
	request_header(r, "Signature-Input", buf_span(&input));
	request_header(r, "Signature", buf_span(&mark));
	return OK;
}

enum chg_status sign_message(struct chg_request *r)
{
	struct signer s;
	enum err e;

	if (!signer_ready(r, &s))
		return r->said.status;
	if (r->key_id == NULL)
		return say(&r->said, CHG_ERR_ARGUMENT, "http-signature needs the id of the key");
	if (sign_algorithm_name(r->algorithm) == NULL)
		return say(&r->said, CHG_ERR_KEY,
		    "http-signature signs with Ed25519, P-256, P-384 or RSA keys, not with %s",
		    key_kind_name(r->key->kind));
	e = message_sign(r, &s);
	return e == OK ? r->said.status : say_err(&r->said, e, "signing");
}
