/*
 * Thin faces of OpenSSL. No private keys here, and no state: see digest.c.
 */
#include "base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <stdio.h>
#include <string.h>

enum err random_bytes(void *out, size_t size)
{
	ENSURE(size <= INT32_MAX && RAND_bytes(out, (int)size) == 1, ERR_CRYPTO);
	return OK;
}

enum err random_uuid(char out[UUID_TEXT_SIZE])
{
	uint8_t b[16];
	TRY(random_bytes(b, sizeof b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(out, UUID_TEXT_SIZE,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
	    b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
	    b[15]);
	return OK;
}

#define KSUID_EPOCH 1400000000
#define KSUID_BYTES 20

/* The next base62 digit from the right; what is left of the number stays in b. */
static unsigned base62_digit(uint8_t b[KSUID_BYTES])
{
	unsigned rest = 0;

	for (size_t i = 0; i < KSUID_BYTES; i++) {
		unsigned v = rest << 8 | b[i];
		b[i] = (uint8_t)(v / 62);
		rest = v % 62;
	}
	return rest;
}

enum err random_ksuid(int64_t now, char out[KSUID_TEXT_SIZE])
{
	static const char digits[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint32_t seconds = (uint32_t)(now / 1000 - KSUID_EPOCH);
	uint8_t b[KSUID_BYTES];

	TRY(random_bytes(b + 4, KSUID_BYTES - 4));
	for (size_t i = 0; i < 4; i++)
		b[i] = (uint8_t)(seconds >> (24 - 8 * i));
	for (size_t i = KSUID_TEXT_SIZE - 1; i-- > 0;)
		out[i] = digits[base62_digit(b)];
	out[KSUID_TEXT_SIZE - 1] = '\0';
	return OK;
}

bool ct_equal(const void *a, const void *b, size_t size)
{
	return CRYPTO_memcmp(a, b, size) == 0;
}

void secret_wipe(void *p, size_t size)
{
	if (p != NULL)
		explicit_bzero(p, size);
}

enum err sha256(struct span in, uint8_t out[SHA256_SIZE])
{
	ENSURE(EVP_Digest(in.data, in.size, out, NULL, digest_sha256(), NULL) == 1, ERR_CRYPTO);
	return OK;
}

enum err sha512(struct span in, uint8_t out[SHA512_SIZE])
{
	ENSURE(EVP_Digest(in.data, in.size, out, NULL, digest_sha512(), NULL) == 1, ERR_CRYPTO);
	return OK;
}

static enum err hmac(const char *digest, struct span key, struct span in, uint8_t *out, size_t size)
{
	EVP_MAC *mac = mac_hmac_take();
	EVP_MAC_CTX *c = EVP_MAC_CTX_new(mac);
	mac_hmac_give(mac); /* the context holds it */
	ENSURE(c != NULL, ERR_MEMORY);
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
	    OSSL_PARAM_construct_end()};
	static const uint8_t none[1];
	size_t written = 0;
	bool is_ok = EVP_MAC_init(c, key.size ? key.data : none, key.size, params) == 1 &&
		     EVP_MAC_update(c, in.data, in.size) == 1 &&
		     EVP_MAC_final(c, out, &written, size) == 1;
	EVP_MAC_CTX_free(c);
	ENSURE(is_ok && written == size, ERR_CRYPTO);
	return OK;
}

enum err hmac_sha256(struct span key, struct span in, uint8_t out[SHA256_SIZE])
{
	return hmac("SHA2-256", key, in, out, SHA256_SIZE);
}

enum err hmac_sha1(struct span key, struct span in, uint8_t out[20])
{
	return hmac("SHA1", key, in, out, 20);
}
