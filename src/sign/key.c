/*
 * What a key is: its kind, its public form and its fingerprint. The text forms that people paste
 * are read in key_public.c and key_private.c.
 */
#include "sign/key.h"

#include "base/codec.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <string.h>

const char *key_kind_name(enum key_kind k)
{
	switch (k) {
	case KEY_P521: return "P-521";
	case KEY_RSA: return "RSA";
	case KEY_ED25519: return "Ed25519";
	case KEY_P256: return "P-256";
	case KEY_P384: return "P-384";
	}
	return "unknown";
}

static enum err curve_kind(EVP_PKEY *key, enum key_kind *out)
{
	static const struct {
		const char *name;
		enum key_kind kind;
	} curves[] = {{"secp521r1", KEY_P521}, {"prime256v1", KEY_P256}, {"secp384r1", KEY_P384}};
	char name[32];
	size_t size;
	bool has_name = EVP_PKEY_get_group_name(key, name, sizeof name, &size) == 1;
	for (size_t i = 0; has_name && i < sizeof curves / sizeof curves[0]; i++) {
		if (strcmp(name, curves[i].name) == 0) {
			*out = curves[i].kind;
			return OK;
		}
	}
	ERR_clear_error();
	return ERR_KEY_TYPE;
}

enum err key_kind_of(EVP_PKEY *key, enum key_kind *out)
{
	if (EVP_PKEY_is_a(key, "EC"))
		return curve_kind(key, out);
	if (EVP_PKEY_is_a(key, "RSA")) {
		*out = KEY_RSA;
		return OK;
	}
	ENSURE(EVP_PKEY_is_a(key, "ED25519"), ERR_KEY_TYPE);
	*out = KEY_ED25519;
	return OK;
}

void key_freep(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

enum err key_public_der(EVP_PKEY *key, struct buf *out)
{
	int size = i2d_PUBKEY(key, NULL);
	ENSURE(size > 0, ERR_CRYPTO);
	uint8_t *at = buf_extend(out, (size_t)size);
	ENSURE(at != NULL, out->failed);
	ENSURE(i2d_PUBKEY(key, &at) == size, ERR_CRYPTO);
	return OK;
}

enum err key_public_of_der(struct span spki, EVP_PKEY **out)
{
	const uint8_t *at = spki.data;
	enum key_kind kind;
	*out = NULL;
	EVP_PKEY *key = spki.size <= INT32_MAX ? d2i_PUBKEY(NULL, &at, (long)spki.size) : NULL;
	ERR_clear_error();
	ENSURE(key != NULL, ERR_KEY_FORM);
	if (at == spki.data + spki.size && key_kind_of(key, &kind) == OK) {
		*out = key;
		return OK;
	}
	EVP_PKEY_free(key);
	return ERR_KEY_FORM;
}

enum err key_fingerprint(EVP_PKEY *key, char out[KEY_FINGERPRINT_SIZE])
{
	CLEANUP(buf_free) struct buf der, text;
	uint8_t digest[SHA256_SIZE];
	buf_init(&der, 8192);
	buf_init(&text, 64);
	TRY(key_public_der(key, &der));
	TRY(sha256(buf_span(&der), digest));
	b64_encode(&text, span_of(digest, sizeof digest));
	TRY(buf_done(&text));
	snprintf(out, KEY_FINGERPRINT_SIZE, "SHA256:%.43s", buf_str(&text));
	return OK;
}
