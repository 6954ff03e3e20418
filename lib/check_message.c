/*
 * x-sign, and HTTP message signatures. A message signature counts only when it covers what makes
 * it this message: a response its status, its body and the request that it answers.
 */
#include "base/codec.h"
#include "lib/check.h"

#include <string.h>

#define BASE_BYTES (256 * LIMIT_KB)

enum chg_status check_x_sign(const struct evidence *e, struct finding *f, struct said *s)
{
	CLEANUP(buf_free) struct buf mark, input;
	struct span text = SPAN_EMPTY, prefix = SPAN_EMPTY;
	bool has_time;
	enum err err;

	buf_init(&mark, SIGN_SIGNATURE_MAX);
	buf_init(&input, BODY_BYTES);
	if (!fields_find(e->fields, "x-sign", &text, s))
		return say(s, CHG_ERR_UNSIGNED, "there is no x-sign header");
	has_time = fields_find(e->fields, "x-timestamp", &prefix, s) && prefix.size > 0;
	if (!has_time && !fields_find(e->fields, "x-nonce", &prefix, s))
		return say(s, CHG_ERR_FORM, "there is neither x-timestamp nor x-nonce");
	if (!e->has_body) {
		f->is_body_open = true;
		return CHG_OK;
	}
	err = xsign_read(text, &mark);
	if (err == OK)
		err = xsign_input(prefix, e->target.url, e->body, &input);
	if (err == OK)
		err = sign_verify(e->key, SIGN_RSA_SHA256, buf_span(&input), buf_span(&mark));
	if (err == ERR_SIGNATURE)
		return say(s, CHG_ERR_SIGNATURE, "x-sign is not this key's over this URL and body");
	return err == OK ? CHG_OK : say_err(s, err, "x-sign");
}

static bool covers_target(const struct evidence *e, const struct message_signature *m)
{
	bool is_req = e->is_response;
	bool has_query = memchr(e->target.path.data, '?', e->target.path.size) != NULL;

	if (message_covers(m, "@target-uri", is_req) ||
	    message_covers(m, "@request-target", is_req))
		return true;
	return message_covers(m, "@path", is_req) &&
	       (!has_query || message_covers(m, "@query", is_req));
}

static enum chg_status coverage_check(
    const struct evidence *e, const struct message_signature *m, struct said *s)
{
	bool is_empty = e->has_body ? e->body.size == 0 : e->body_sha256 == NULL;

	if (!message_covers(m, "@method", e->is_response))
		return say(s, CHG_ERR_FORM, "the signature does not cover the request's @method");
	if (!covers_target(e, m))
		return say(s, CHG_ERR_FORM, "the signature does not cover the request's URL");
	if (e->is_response && !message_covers(m, "@status", false))
		return say(s, CHG_ERR_FORM, "the signature does not cover @status");
	if (!is_empty && !message_covers(m, "content-digest", false))
		return say(s, CHG_ERR_FORM, "the signature does not cover content-digest");
	if (e->is_response && fields_has(e->request_fields, "signature") &&
	    !message_covers(m, "signature", true))
		return say(s, CHG_ERR_FORM,
		    "the answer's signature does not cover the request's signature");
	return CHG_OK;
}

/* RFC 9530 §2: without the body, a sha-256 member must say what the bundle says. */
static enum chg_status digest_fits_hash(
    const struct evidence *e, struct span digest, struct finding *f, struct said *s)
{
	CLEANUP(buf_free) struct buf wanted;

	buf_init(&wanted, 128);
	if (memmem(digest.data, digest.size, "sha-256=:", 9) == NULL) {
		f->is_body_open = true;
		return CHG_OK;
	}
	buf_put_str(&wanted, "sha-256=:");
	b64_encode(&wanted, span_of(e->body_sha256, SHA256_SIZE));
	buf_put_str(&wanted, ":");
	if (buf_done(&wanted) != OK)
		return say(s, CHG_ERR_MEMORY, "memory ran out");
	if (memmem(digest.data, digest.size, wanted.data, wanted.size) == NULL)
		return say(s, CHG_ERR_MISMATCH, "Content-Digest is of another body");
	return CHG_OK;
}

static enum chg_status digest_fits(const struct evidence *e, struct finding *f, struct said *s)
{
	struct span digest = SPAN_EMPTY;
	enum err err;

	if (!fields_find(e->fields, "content-digest", &digest, s))
		return s->status;
	if (!e->has_body && e->body_sha256 != NULL)
		return digest_fits_hash(e, digest, f, s);
	err = digest_check(digest, e->body);
	return err == OK ? CHG_OK : say(s, CHG_ERR_MISMATCH, "Content-Digest is of another body");
}

static enum chg_status base_verify(
    const struct evidence *e, const struct message_signature *m, struct said *s)
{
	CLEANUP(buf_free) struct buf base;
	struct message message = {.is_response = e->is_response,
	    .status = e->status,
	    .method = e->method,
	    .scheme = e->target.scheme,
	    .authority = e->target.authority,
	    .target = e->target.path,
	    .headers = e->fields->items,
	    .header_count = e->fields->count};
	enum err err;

	if (e->request_fields != NULL) {
		message.request_headers = e->request_fields->items;
		message.request_header_count = e->request_fields->count;
	}
	buf_init(&base, BASE_BYTES);
	err = message_base(&message, m, &base);
	if (err == ERR_TOKEN)
		return say(s, CHG_ERR_FORM, "the signature covers what the message lacks");
	if (err == OK)
		err = sign_verify(e->key, e->algorithm, buf_span(&base),
		    span_of(m->signature, m->signature_size));
	if (err == ERR_SIGNATURE)
		return say(s, CHG_ERR_SIGNATURE,
		    "the signature is not of the key that was told, or of another message");
	return err == OK ? CHG_OK : say_err(s, err, "the signature");
}

enum chg_status check_message(const struct evidence *e, struct finding *f, struct said *s)
{
	struct span input = SPAN_EMPTY, mark = SPAN_EMPTY;
	struct message_signature m;
	const char *reason = "", *name = sign_algorithm_name(e->algorithm);
	enum err err;

	if (!fields_has(e->fields, "signature-input") && !fields_has(e->fields, "signature"))
		return say(s, CHG_ERR_UNSIGNED, "there is no Signature header");
	if (!fields_find(e->fields, "signature-input", &input, s) ||
	    !fields_find(e->fields, "signature", &mark, s))
		return say(s, CHG_ERR_FORM, "Signature-Input and Signature are needed once each");
	if (name == NULL)
		return say(s, CHG_ERR_KEY, "the key that was told is not for RFC 9421");
	err = message_read(input, mark, NULL, &m, &reason);
	if (err != OK)
		return say(s, status_of(err), "the signature is refused: %s", reason);
	if (m.alg[0] != '\0' && strcmp(m.alg, name) != 0)
		return say(s, CHG_ERR_MISMATCH, "it says alg %s, but %s was told", m.alg, name);
	f->at = m.created;
	if (coverage_check(e, &m, s) != CHG_OK || base_verify(e, &m, s) != CHG_OK)
		return s->status;
	return digest_fits(e, f, s);
}
