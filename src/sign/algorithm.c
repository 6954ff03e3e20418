/*
 * Signing and verifying. Digests are shared; a context lives for one call, so any
 * number of threads may use one EVP_PKEY. The message is hashed here and the hash handed to
 * EVP_PKEY_verify: a whole EVP_DigestVerify looks its digest up by name again on every call.
 * Form is judged first: no arithmetic happens on what cannot be a signature of this key.
 */
#include "base/codec.h"
#include "sign/ecdsa.h"
#include "sign/key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <string.h>

/* RFC 9421 §6.2.2. ES512 is JWS only. */
static const struct algorithm {
	const char *name;
	enum key_kind kind;
	const EVP_MD *(*md)(void); /* NULL: the scheme hashes for itself */
} algorithms[] = {
    [SIGN_NONE] = {NULL, 0, NULL},
    [SIGN_ES512] = {NULL, KEY_P521, digest_sha512},
    [SIGN_RSA_SHA256] = {"rsa-v1_5-sha256", KEY_RSA, digest_sha256},
    [SIGN_ED25519] = {"ed25519", KEY_ED25519, NULL},
    [SIGN_ES256] = {"ecdsa-p256-sha256", KEY_P256, digest_sha256},
    [SIGN_ES384] = {"ecdsa-p384-sha384", KEY_P384, digest_sha384},
    [SIGN_RSA_PSS_512] = {"rsa-pss-sha512", KEY_RSA, digest_sha512},
};

static const struct algorithm *row_of(enum sign_algorithm a)
{
	size_t count = sizeof algorithms / sizeof algorithms[0];
	return &algorithms[(size_t)a < count ? a : SIGN_NONE];
}

const char *sign_algorithm_name(enum sign_algorithm a)
{
	return row_of(a)->name;
}

bool key_kind_signs(enum key_kind k, enum sign_algorithm a)
{
	return k != 0 && row_of(a)->kind == k;
}

enum sign_algorithm key_message_algorithm(enum key_kind k, const char *alg)
{
	static const enum sign_algorithm order[] = {
	    SIGN_RSA_PSS_512, SIGN_RSA_SHA256, SIGN_ED25519, SIGN_ES256, SIGN_ES384};
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (key_kind_signs(k, order[i]) &&
		    (alg[0] == 0 || strcmp(alg, row_of(order[i])->name) == 0))
			return order[i];
	return SIGN_NONE;
}

static bool key_fits(EVP_PKEY *key, enum sign_algorithm a)
{
	enum key_kind kind;
	return key != NULL && key_kind_of(key, &kind) == OK && key_kind_signs(kind, a);
}

static void ctx_freep(EVP_PKEY_CTX **c)
{
	EVP_PKEY_CTX_free(*c);
}

static void md_ctx_freep(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
}

/* RFC 9421 §3.3.1: MGF1 with the same hash, a salt of 64 bytes. */
static bool set_padding(EVP_PKEY_CTX *c, enum sign_algorithm a)
{
	if (a == SIGN_RSA_SHA256)
		return EVP_PKEY_CTX_set_signature_md(c, digest_sha256()) == 1;
	if (a == SIGN_RSA_PSS_512)
		return EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_signature_md(c, digest_sha512()) == 1 &&
		       EVP_PKEY_CTX_set_rsa_mgf1_md(c, digest_sha512()) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(c, SHA512_SIZE) == 1;
	return true;
}

static bool hash(enum sign_algorithm a, struct span input, uint8_t out[SHA512_SIZE], unsigned *size)
{
	return EVP_Digest(input.data, input.size, out, size, row_of(a)->md(), NULL) == 1;
}

static enum err verify_whole(EVP_PKEY *key, struct span input, struct span mark)
{
	CLEANUP(md_ctx_freep) EVP_MD_CTX *c = EVP_MD_CTX_new();
	ENSURE(c != NULL, ERR_MEMORY);
	ENSURE(EVP_DigestVerifyInit(c, NULL, NULL, NULL, key) == 1, ERR_CRYPTO);
	bool is_ours = EVP_DigestVerify(c, mark.data, mark.size, input.data, input.size) == 1;
	return is_ours ? OK : ERR_SIGNATURE;
}

static enum err verify_hash(
    EVP_PKEY *key, enum sign_algorithm a, struct span input, struct span mark)
{
	uint8_t digest[SHA512_SIZE];
	unsigned size = 0;
	CLEANUP(ctx_freep) EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	ENSURE(c != NULL, ERR_MEMORY);
	ENSURE(EVP_PKEY_verify_init(c) == 1 && set_padding(c, a), ERR_CRYPTO);
	ENSURE(hash(a, input, digest, &size), ERR_CRYPTO);
	bool is_ours = EVP_PKEY_verify(c, mark.data, mark.size, digest, size) == 1;
	return is_ours ? OK : ERR_SIGNATURE;
}

static bool has_form(EVP_PKEY *key, enum sign_algorithm a, struct span mark)
{
	if (ecdsa_raw_size(a) > 0)
		return ecdsa_raw_is_valid(a, mark);
	return mark.size > 0 && mark.size == (size_t)EVP_PKEY_get_size(key);
}

enum err sign_verify(EVP_PKEY *key, enum sign_algorithm a, struct span input, struct span signature)
{
	uint8_t der[ECDSA_DER_MAX];
	ENSURE(key_fits(key, a) && has_form(key, a, signature), ERR_SIGNATURE);
	if (ecdsa_raw_size(a) > 0)
		signature = span_of(der, ecdsa_der_of_raw(signature, der));
	enum err e = row_of(a)->md == NULL ? verify_whole(key, input, signature)
					   : verify_hash(key, a, input, signature);
	if (e != OK)
		ERR_clear_error();
	return e;
}

static enum err sign_whole(EVP_PKEY *key, struct span input, uint8_t *out, size_t *size)
{
	CLEANUP(md_ctx_freep) EVP_MD_CTX *c = EVP_MD_CTX_new();
	ENSURE(c != NULL, ERR_MEMORY);
	ENSURE(EVP_DigestSignInit(c, NULL, NULL, NULL, key) == 1 &&
		   EVP_DigestSign(c, out, size, input.data, input.size) == 1,
	    ERR_CRYPTO);
	return OK;
}

static enum err sign_hash(
    EVP_PKEY *key, enum sign_algorithm a, struct span input, uint8_t *out, size_t *out_size)
{
	uint8_t digest[SHA512_SIZE];
	unsigned size = 0;
	CLEANUP(ctx_freep) EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	ENSURE(c != NULL, ERR_MEMORY);
	ENSURE(EVP_PKEY_sign_init(c) == 1 && set_padding(c, a) && hash(a, input, digest, &size),
	    ERR_CRYPTO);
	ENSURE(EVP_PKEY_sign(c, out, out_size, digest, size) == 1, ERR_CRYPTO);
	return OK;
}

static enum err sign_with(
    EVP_PKEY *key, enum sign_algorithm a, struct span input, struct buf *signature)
{
	uint8_t out[SIGN_SIGNATURE_MAX];
	size_t size = sizeof out, raw_size = ecdsa_raw_size(a);
	enum err e = row_of(a)->md == NULL ? sign_whole(key, input, out, &size)
					   : sign_hash(key, a, input, out, &size);
	if (e != OK)
		ERR_clear_error();
	TRY(e);
	if (raw_size == 0) {
		buf_put(signature, out, size);
		return buf_done(signature);
	}
	uint8_t *raw = buf_extend(signature, raw_size);
	ENSURE(raw != NULL, signature->failed);
	return ecdsa_raw_of_der(span_of(out, size), raw, raw_size);
}

static enum err sign_es512(void *key, struct span input, struct buf *signature)
{
	return sign_with(key, SIGN_ES512, input, signature);
}

static enum err sign_rsa(void *key, struct span input, struct buf *signature)
{
	return sign_with(key, SIGN_RSA_SHA256, input, signature);
}

static enum err sign_ed25519(void *key, struct span input, struct buf *signature)
{
	return sign_with(key, SIGN_ED25519, input, signature);
}

static enum err sign_es256(void *key, struct span input, struct buf *signature)
{
	return sign_with(key, SIGN_ES256, input, signature);
}

static enum err sign_es384(void *key, struct span input, struct buf *signature)
{
	return sign_with(key, SIGN_ES384, input, signature);
}

static enum err sign_pss(void *key, struct span input, struct buf *signature)
{
	return sign_with(key, SIGN_RSA_PSS_512, input, signature);
}

enum err signer_of_key(EVP_PKEY *key, enum sign_algorithm a, struct signer *out)
{
	static enum err (*const functions[])(void *, struct span, struct buf *) = {
	    [SIGN_ES512] = sign_es512,
	    [SIGN_RSA_SHA256] = sign_rsa,
	    [SIGN_ED25519] = sign_ed25519,
	    [SIGN_ES256] = sign_es256,
	    [SIGN_ES384] = sign_es384,
	    [SIGN_RSA_PSS_512] = sign_pss,
	};
	ENSURE(key_fits(key, a) && EVP_PKEY_get_size(key) <= SIGN_SIGNATURE_MAX, ERR_KEY_TYPE);
	*out = (struct signer){a, functions[a], key};
	return OK;
}

enum err md5_text(struct span bytes, char out[MD5_TEXT_SIZE])
{
	uint8_t md5[16];
	ENSURE(EVP_Digest(bytes.data, bytes.size, md5, NULL, digest_md5(), NULL) == 1, ERR_CRYPTO);
	hex_text(out, md5, sizeof md5);
	return OK;
}
