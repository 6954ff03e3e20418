/*
 * Thin faces of OpenSSL. No private keys here. Digest and cipher handles are fetched once.
 */
#include "base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static EVP_MD *md_sha256, *md_sha512;
static EVP_CIPHER *cipher_gcm;
static EVP_MAC *mac_hmac;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	md_sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	md_sha512 = EVP_MD_fetch(NULL, "SHA2-512", NULL);
	cipher_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	mac_hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

static void fetch_once(void)
{
	pthread_once(&fetched, fetch);
}

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
	fetch_once();
	ENSURE(EVP_Digest(in.data, in.size, out, NULL, md_sha256, NULL) == 1, ERR_CRYPTO);
	return OK;
}

enum err sha512(struct span in, uint8_t out[SHA512_SIZE])
{
	fetch_once();
	ENSURE(EVP_Digest(in.data, in.size, out, NULL, md_sha512, NULL) == 1, ERR_CRYPTO);
	return OK;
}

static enum err hmac(const char *digest, struct span key, struct span in, uint8_t *out, size_t size)
{
	fetch_once();
	EVP_MAC_CTX *c = EVP_MAC_CTX_new(mac_hmac);
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

static bool gcm_run_seal(
    EVP_CIPHER_CTX *c, const uint8_t *key, struct span aad, struct span plain, uint8_t *at)
{
	int n = 0;
	uint8_t *nonce = at, *text = at + GCM_NONCE_SIZE, *tag = text + plain.size;
	return EVP_EncryptInit_ex2(c, cipher_gcm, key, nonce, NULL) == 1 &&
	       (aad.size == 0 || EVP_EncryptUpdate(c, NULL, &n, aad.data, (int)aad.size) == 1) &&
	       (plain.size == 0 ||
		   EVP_EncryptUpdate(c, text, &n, plain.data, (int)plain.size) == 1) &&
	       EVP_EncryptFinal_ex(c, tag, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_SIZE, tag) == 1;
}

enum err gcm_seal(const uint8_t key[KEY_SIZE], struct span aad, struct span plain, struct buf *out)
{
	fetch_once();
	ENSURE(plain.size <= INT32_MAX / 2 && aad.size <= INT32_MAX / 2, ERR_LIMIT);
	uint8_t *at = buf_extend(out, GCM_NONCE_SIZE + plain.size + GCM_TAG_SIZE);
	ENSURE(at != NULL, out->failed);
	TRY(random_bytes(at, GCM_NONCE_SIZE));
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	ENSURE(c != NULL, ERR_MEMORY);
	bool is_ok = gcm_run_seal(c, key, aad, plain, at);
	EVP_CIPHER_CTX_free(c);
	return is_ok ? OK : ERR_CRYPTO;
}

static bool gcm_run_open(EVP_CIPHER_CTX *c, const uint8_t *key, struct span aad, struct span sealed,
    uint8_t *at, size_t size)
{
	int n = 0;
	const uint8_t *text = sealed.data + GCM_NONCE_SIZE;
	uint8_t tag[GCM_TAG_SIZE], none[1];
	memcpy(tag, text + size, sizeof tag);
	return EVP_DecryptInit_ex2(c, cipher_gcm, key, sealed.data, NULL) == 1 &&
	       (aad.size == 0 || EVP_DecryptUpdate(c, NULL, &n, aad.data, (int)aad.size) == 1) &&
	       (size == 0 || EVP_DecryptUpdate(c, at, &n, text, (int)size) == 1) &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_SIZE, tag) == 1 &&
	       EVP_DecryptFinal_ex(c, none, &n) == 1;
}

enum err gcm_open(const uint8_t key[KEY_SIZE], struct span aad, struct span sealed, struct buf *out)
{
	fetch_once();
	ENSURE(sealed.size >= GCM_NONCE_SIZE + GCM_TAG_SIZE, ERR_DECRYPT);
	ENSURE(sealed.size <= INT32_MAX / 2 && aad.size <= INT32_MAX / 2, ERR_DECRYPT);
	size_t size = sealed.size - GCM_NONCE_SIZE - GCM_TAG_SIZE, before = out->size;
	uint8_t *at = buf_extend(out, size);
	ENSURE(at != NULL, out->failed);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	ENSURE(c != NULL, ERR_MEMORY);
	bool is_ok = gcm_run_open(c, key, aad, sealed, at, size);
	EVP_CIPHER_CTX_free(c);
	if (!is_ok) {
		secret_wipe(at, size);
		out->size = before;
	}
	return is_ok ? OK : ERR_DECRYPT;
}
