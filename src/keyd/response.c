/*
 * Signing answers and webhooks. Nothing is signed but what one of the three forms makes: the claims
 * of es512-plain, the two tokens of es512-wrapped, the signature base of an HTTP message. A token's
 * claims are made here, from typed fields; the body of a wrapped answer
 * comes as a signing input whose header must be ours, since it may be larger than a frame and comes
 * in a memfd then.
 */
#include "keyd/serve.h"

#include "base/codec.h"
#include "base/limits.h"
#include "keyd/own.h"
#include "sign/sign.h"

#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

#define TOKEN_MAX (128 * LIMIT_KB)
/* {"alg":"ES512","typ":"JWT"} */
#define OUR_HEADER "eyJhbGciOiJFUzUxMiIsInR5cCI6IkpXVCJ9."

/* The key in use. Both tokens of an answer are of one key, and the answer says which. */
struct es512 {
	EVP_PKEY *key;
	char kid[KEYD_KID_SIZE];
	struct signer signer;
};

static void es512_free(struct es512 *s)
{
	pkey_freep(&s->key);
}

static enum err es512_take(struct keyring *ring, struct es512 *s)
{
	TRY(keyring_signer(ring, KEYD_RESPONSE_ES512, &s->key, s->kid));
	return signer_of_key(s->key, SIGN_ES512, &s->signer);
}

static enum err token_put(const struct es512 *s, struct span claims, struct wire_writer *w)
{
	struct buf token CLEANUP(buf_free);

	buf_init(&token, TOKEN_MAX);
	TRY(jws_make(&s->signer, NULL, claims, &token));
	wire_put_bytes(w, buf_span(&token));
	wire_put_str(w, s->kid);
	return buf_done(&w->body);
}

enum err call_response_plain(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	struct buf claims CLEANUP(buf_free);
	struct es512 s CLEANUP(es512_free) = {.key = NULL};
	struct plain p = {.payload_md5 = wire_bytes(r)};

	p.timestamp = wire_bytes(r);
	p.method = wire_bytes(r);
	p.uri = wire_bytes(r);
	end_request(r);
	buf_init(&claims, TOKEN_MAX);
	ENSURE(p.payload_md5.size == MD5_TEXT_SIZE - 1, ERR_BAD_REQUEST);
	TRY(plain_claims_make(&p, &claims));
	TRY(es512_take(ring, &s));
	return token_put(&s, buf_span(&claims), w);
}

static bool is_our_input(struct span input)
{
	const size_t header = sizeof(OUR_HEADER) - 1;

	return span_starts(input, OUR_HEADER) && input.size > header &&
	       span_is_plain(span_of(input.data + header, input.size - header), "-_");
}

/* Signs the body's input, writes its signature, and gives the MD5 of the token that results. */
static enum err body_sign(
    const struct es512 *s, struct span input, char md5[MD5_TEXT_SIZE], struct wire_writer *w)
{
	struct buf token CLEANUP(buf_free), signature CLEANUP(buf_free);

	buf_init(&token, 2 * LIMIT_BODY_CREATE);
	buf_init(&signature, SIGN_SIGNATURE_MAX);
	TRY(s->signer.sign(s->signer.ctx, input, &signature));
	TRY(buf_done(&signature));
	wire_put_bytes(w, buf_span(&signature));
	buf_put_span(&token, input);
	buf_put_byte(&token, '.');
	b64url_encode(&token, buf_span(&signature));
	TRY(buf_done(&token));
	return md5_text(buf_span(&token), md5);
}

static enum err wrapped_sign(
    const struct es512 *s, struct span key, struct wrapped *l, struct wire_writer *w)
{
	struct buf lines CLEANUP(buf_free), claims CLEANUP(buf_free);

	buf_init(&lines, TOKEN_MAX);
	buf_init(&claims, TOKEN_MAX);
	TRY(wrapped_lines_make(l, &lines));
	TRY(wrapped_claims_make(key, buf_span(&lines), &claims));
	return token_put(s, buf_span(&claims), w);
}

enum err call_response_wrapped(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	struct buf large CLEANUP(buf_free);
	struct es512 s CLEANUP(es512_free) = {.key = NULL};
	char md5[MD5_TEXT_SIZE] = "";
	struct span key = wire_bytes(r);
	struct wrapped l = {.method = wire_bytes(r)};
	enum err e = OK;

	l.content_type = wire_bytes(r);
	l.date = wire_bytes(r);
	l.url = wire_bytes(r);
	struct span input = wire_bytes(r);
	buf_init(&large, 2 * LIMIT_BODY_CREATE);
	if (wire_u32(r) != 0) {
		int fd = wire_fd(r);
		e = fd >= 0 ? wire_fd_read(fd, large.limit, &large) : ERR_BAD_REQUEST;
		if (fd >= 0)
			close(fd);
		input = buf_span(&large);
	}
	end_request(r);
	TRY(e);
	ENSURE(is_our_input(input), ERR_BAD_REQUEST);
	TRY(es512_take(ring, &s));
	TRY(body_sign(&s, input, md5, w));
	l.md5 = span_str(md5);
	return wrapped_sign(&s, key, &l, w);
}

/* RFC 9421 §2.5: lines of `"component": value`, the last one the parameters. */
static bool is_base(struct span base)
{
	static const char last[] = "\n\"@signature-params\": (";
	const uint8_t *at =
	    base.size > 0 ? memmem(base.data, base.size, last, sizeof(last) - 1) : NULL;

	if (at == NULL || base.data[0] != '"')
		return false;
	size_t from = (size_t)(at - base.data) + 1;
	return memchr(base.data + from, '\n', base.size - from) == NULL;
}

enum err call_response_message(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	struct buf signature CLEANUP(buf_free);
	EVP_PKEY *key CLEANUP(pkey_freep) = NULL;
	char kid[KEYD_KID_SIZE];
	struct span wanted = wire_bytes(r), base = wire_bytes(r);
	struct signer signer;

	end_request(r);
	buf_init(&signature, SIGN_SIGNATURE_MAX);
	ENSURE(is_base(base), ERR_BAD_REQUEST);
	TRY(keyring_signer(ring, KEYD_RESPONSE_ED25519, &key, kid));
	ENSURE(span_equal_str(wanted, kid), ERR_NOT_READY);
	TRY(signer_of_key(key, SIGN_ED25519, &signer));
	TRY(signer.sign(signer.ctx, base, &signature));
	wire_put_bytes(w, buf_span(&signature));
	return buf_done(&signature);
}
