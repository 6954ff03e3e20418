/*
 * Content-Digest (RFC 9530): made with SHA-256; checked with SHA-256 and SHA-512, of which one must
 * be there and each one that is there must fit. Other algorithms are not looked at (§5: weak ones).
 */
#include "base/codec.h"
#include "sign/sign.h"
#include "sign/structured.h"

#include <string.h>

enum err digest_make(struct span body, struct buf *out)
{
	uint8_t digest[SHA256_SIZE];
	TRY(sha256(body, digest));
	buf_put_str(out, "sha-256=:");
	b64_encode(out, span_of(digest, sizeof digest));
	buf_put_byte(out, ':');
	return buf_done(out);
}

static enum err compare(struct span base64, const uint8_t *wanted, size_t size)
{
	CLEANUP(buf_free) struct buf bytes;
	buf_init(&bytes, SHA512_SIZE + 2);
	enum err e = b64_decode(&bytes, base64);
	ENSURE(e != ERR_MEMORY, e);
	ENSURE(e == OK && bytes.size == size && ct_equal(bytes.data, wanted, size), ERR_DIGEST);
	return OK;
}

/* seen: a bit for each known algorithm. */
static enum err check_one(const char *name, struct span base64, struct span body, unsigned *seen)
{
	uint8_t digest[SHA512_SIZE];
	unsigned bit = strcmp(name, "sha-256") == 0 ? 1 : strcmp(name, "sha-512") == 0 ? 2 : 0;
	if (bit == 0)
		return OK;
	ENSURE((*seen & bit) == 0, ERR_DIGEST);
	*seen |= bit;
	if (bit == 1)
		TRY(sha256(body, digest));
	else
		TRY(sha512(body, digest));
	return compare(base64, digest, bit == 1 ? SHA256_SIZE : SHA512_SIZE);
}

enum err digest_check(struct span content_digest, struct span body)
{
	struct span at = span_trim(content_digest), base64;
	unsigned seen = 0;
	do {
		char name[SF_NAME_SIZE];
		ENSURE(
		    sf_key(&at, name) && sf_byte(&at, '=') && sf_bytes(&at, &base64), ERR_DIGEST);
		TRY(check_one(name, base64, body, &seen));
	} while (sf_comma(&at));
	ENSURE(at.size == 0 && seen != 0, ERR_DIGEST);
	return OK;
}
