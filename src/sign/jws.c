/*
 * JWS in compact form (RFC 7515), with one algorithm: ES512. jws_read judges all that can be judged
 * without a key, so a token that cannot be good costs no arithmetic; jws_check does the rest. Only
 * the caller says which key it is.
 */
#include "base/codec.h"
#include "base/json.h"
#include "base/limits.h"
#include "sign/ecdsa.h"

#include <string.h>

#define HEADER_MAX (4 * LIMIT_KB)

static enum err refuse(const char **reason, const char *why)
{
	*reason = why;
	return ERR_TOKEN;
}

/* RFC 7515 §4: duplicate names refused; §4.1.11: no extension is understood, so no crit. */
static enum err judge_header(json_t *header, const char **reason)
{
	json_t *alg = json_object_get(header, "alg");
	if (!json_is_object(header))
		return refuse(reason, "its header is not a JSON object");
	if (!json_is_string(alg) || strcmp(json_string_value(alg), "ES512") != 0 ||
	    json_string_length(alg) != 5)
		return refuse(reason, "its alg is not ES512");
	if (json_object_get(header, "crit") != NULL)
		return refuse(reason, "it has crit, and no extension is known here");
	return OK;
}

static enum err read_header(struct span text, const char **reason)
{
	CLEANUP(buf_free) struct buf bytes;
	CLEANUP(json_freep) json_t *header = NULL;
	buf_init(&bytes, HEADER_MAX);
	if (text.size == 0 || text.size > HEADER_MAX)
		return refuse(reason, "its header is empty or longer than 4 KB");
	enum err e = b64url_decode(&bytes, text);
	if (e == ERR_MEMORY)
		return e;
	if (e != OK)
		return refuse(reason, "its header is not base64url without padding");
	e = json_bound(buf_span(&bytes), NULL);
	if (e == OK)
		e = json_read(buf_span(&bytes), &header, NULL);
	if (e == ERR_MEMORY)
		return e;
	if (e == ERR_JSON_DUPLICATE)
		return refuse(reason, "a member of its header appears twice");
	if (e != OK)
		return refuse(reason, "its header is not JSON");
	return judge_header(header, reason);
}

/* RFC 7518 §3.4: R || S of 132 bytes; DER and every other length are refused. */
static enum err read_signature(struct span text, struct jws *out, const char **reason)
{
	CLEANUP(buf_free) struct buf bytes;
	buf_init(&bytes, JWS_SIGNATURE_ES512);
	if (text.size != JWS_SIGNATURE_ES512 / 3 * 4)
		return refuse(reason, "its signature is not R||S of 132 bytes");
	enum err e = b64url_decode(&bytes, text);
	if (e == ERR_MEMORY)
		return e;
	if (e != OK)
		return refuse(reason, "its signature is not base64url without padding");
	if (!ecdsa_raw_is_valid(SIGN_ES512, buf_span(&bytes)))
		return refuse(reason, "its signature has an r or s out of range");
	memcpy(out->signature, bytes.data, sizeof out->signature);
	return OK;
}

enum err jws_read(struct span token, struct jws *out, const char **reason)
{
	struct span rest = token, tail;
	*out = (struct jws){0};
	*reason = "it is not a token";
	out->header = span_cut(&rest, '.');
	out->payload = span_cut(&rest, '.');
	tail = rest;
	if (out->header.size + out->payload.size + 2 > token.size ||
	    memchr(tail.data, '.', tail.size) != NULL)
		return refuse(reason, "it has not three parts");
	out->input = span_of(token.data, out->header.size + 1 + out->payload.size);
	TRY(read_header(out->header, reason));
	if (out->payload.size == 0)
		return refuse(reason, "its payload is empty");
	return read_signature(tail, out, reason);
}

enum err jws_check(EVP_PKEY *key, const struct jws *t)
{
	return sign_verify(key, SIGN_ES512, t->input, span_of(t->signature, sizeof t->signature));
}

enum err jws_payload(const struct jws *t, struct buf *out)
{
	enum err e = b64url_decode(out, t->payload);
	return e == ERR_BASE64 ? ERR_TOKEN : e;
}

static enum err put_header(const char *kid, struct buf *token)
{
	CLEANUP(buf_free) struct buf text;
	struct json_writer w;
	buf_init(&text, HEADER_MAX);
	jw_init(&w, &text);
	jw_object(&w, NULL);
	jw_string(&w, "alg", "ES512");
	jw_string(&w, "typ", "JWT");
	if (kid != NULL)
		jw_string(&w, "kid", kid);
	jw_end_object(&w);
	TRY(buf_done(&text));
	b64url_encode(token, buf_span(&text));
	return buf_done(token);
}

enum err jws_make(const struct signer *s, const char *kid, struct span payload, struct buf *token)
{
	CLEANUP(buf_free) struct buf mark;
	size_t start = token->size;
	buf_init(&mark, JWS_SIGNATURE_ES512);
	ENSURE(s->algorithm == SIGN_ES512, ERR_KEY_TYPE);
	TRY(put_header(kid, token));
	buf_put_byte(token, '.');
	b64url_encode(token, payload);
	TRY(buf_done(token));
	TRY(s->sign(s->ctx, span_of(token->data + start, token->size - start), &mark));
	ENSURE(mark.size == JWS_SIGNATURE_ES512, ERR_CRYPTO);
	buf_put_byte(token, '.');
	b64url_encode(token, buf_span(&mark));
	return buf_done(token);
}
