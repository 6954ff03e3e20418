/*
 * AES-256-GCM. The cipher is fetched once.
 */
#include "base/crypto.h"

#include <openssl/evp.h>

#include <pthread.h>
#include <string.h>

static EVP_CIPHER *cipher_gcm;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	cipher_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
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
	pthread_once(&fetched, fetch);
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
	pthread_once(&fetched, fetch);
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
