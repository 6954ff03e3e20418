/*
 * Wrapping and deriving keys, and the one place where a private key signs. Key wrap without padding
 * (RFC 3394) has its own integrity check, so an altered wrapped key is refused and never gives
 * another key.
 */
#include "keyd/keyring.h"

#include "keyd/own.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <string.h>

static void cipher_freep(EVP_CIPHER_CTX **p)
{
	EVP_CIPHER_CTX_free(*p);
}

enum err key_wrap(const uint8_t kek[KEY_SIZE], const uint8_t key[KEY_SIZE], uint8_t out[WRAP_SIZE])
{
	EVP_CIPHER_CTX *ctx CLEANUP(cipher_freep) = EVP_CIPHER_CTX_new();
	int size = 0;

	ENSURE(ctx != NULL, ERR_MEMORY);
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	ENSURE(EVP_EncryptInit_ex(ctx, EVP_aes_256_wrap(), NULL, kek, NULL) == 1, ERR_CRYPTO);
	ENSURE(EVP_EncryptUpdate(ctx, out, &size, key, KEY_SIZE) == 1, ERR_CRYPTO);
	ENSURE(size == WRAP_SIZE, ERR_CRYPTO);
	return OK;
}

enum err key_unwrap(const uint8_t kek[KEY_SIZE], struct span wrapped, uint8_t key[KEY_SIZE])
{
	EVP_CIPHER_CTX *ctx CLEANUP(cipher_freep) = EVP_CIPHER_CTX_new();
	uint8_t plain[WRAP_SIZE];
	int size = 0;
	bool opened;

	ENSURE(ctx != NULL, ERR_MEMORY);
	ENSURE(wrapped.size == WRAP_SIZE, ERR_DECRYPT);
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	ENSURE(EVP_DecryptInit_ex(ctx, EVP_aes_256_wrap(), NULL, kek, NULL) == 1, ERR_CRYPTO);
	opened =
	    EVP_DecryptUpdate(ctx, plain, &size, wrapped.data, WRAP_SIZE) == 1 && size == KEY_SIZE;
	if (opened)
		memcpy(key, plain, KEY_SIZE);
	secret_wipe(plain, sizeof(plain));
	return opened ? OK : ERR_DECRYPT;
}

enum err key_derive(const uint8_t root[KEY_SIZE], const char *label, uint8_t out[KEY_SIZE])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)root, KEY_SIZE),
	    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)label, strlen(label)),
	    OSSL_PARAM_construct_end(),
	};
	bool done = ctx != NULL && EVP_KDF_derive(ctx, out, KEY_SIZE, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return done ? OK : ERR_CRYPTO;
}

static enum err sign_start(EVP_MD_CTX *ctx, EVP_PKEY *key, const struct sign_form *form)
{
	EVP_PKEY_CTX *key_ctx = NULL;

	ENSURE(EVP_DigestSignInit_ex(ctx, &key_ctx, form->digest, NULL, NULL, key, NULL) == 1,
	    ERR_CRYPTO);
	if (!form->is_pss)
		return OK;
	ENSURE(EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING) == 1, ERR_CRYPTO);
	ENSURE(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, RSA_PSS_SALTLEN_DIGEST) == 1, ERR_CRYPTO);
	return OK;
}

enum err key_sign(
    EVP_PKEY *key, const struct sign_form *form, struct span content, struct buf *signature)
{
	EVP_MD_CTX *ctx CLEANUP(md_ctx_freep) = EVP_MD_CTX_new();
	size_t size = 0;
	uint8_t *out;

	ENSURE(ctx != NULL, ERR_MEMORY);
	TRY(sign_start(ctx, key, form));
	ENSURE(EVP_DigestSign(ctx, NULL, &size, content.data, content.size) == 1, ERR_CRYPTO);
	buf_reset(signature);
	out = buf_extend(signature, size);
	ENSURE(out != NULL, ERR_MEMORY);
	ENSURE(EVP_DigestSign(ctx, out, &size, content.data, content.size) == 1, ERR_CRYPTO);
	signature->size = size;
	return OK;
}
