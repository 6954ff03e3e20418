/*
 * Keys of the caller. A private key never leaves the object except through chg_key_private_pem.
 */
#include "base/codec.h"
#include "lib/own.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <string.h>

#define PEM_MAX (64 * LIMIT_KB)
#define PASSPHRASE_MAX 1024
#define ALL_KINDS \
	(1u << KEY_P521 | 1u << KEY_RSA | 1u << KEY_ED25519 | 1u << KEY_P256 | 1u << KEY_P384)

_Static_assert((int)CHG_P521 == KEY_P521 && (int)CHG_RSA == KEY_RSA &&
		   (int)CHG_KIND_ED25519 == KEY_ED25519 && (int)CHG_P256 == KEY_P256 &&
		   (int)CHG_P384 == KEY_P384,
    "kinds of keys are numbered alike");
_Static_assert((int)CHG_ES512 == SIGN_ES512 && (int)CHG_RSA_SHA256 == SIGN_RSA_SHA256 &&
		   (int)CHG_ED25519 == SIGN_ED25519 && (int)CHG_ES256 == SIGN_ES256 &&
		   (int)CHG_ES384 == SIGN_ES384 && (int)CHG_RSA_PSS_SHA512 == SIGN_RSA_PSS_512,
    "algorithms are numbered alike");

static enum chg_status fault_tell(struct chg_fault *out, enum err e, const struct fault *fault)
{
	enum chg_status status = status_of(e);

	if (out != NULL)
		snprintf(out->text, sizeof(out->text), "%s",
		    fault != NULL && fault->detail[0] != '\0' ? fault->detail
							      : chg_status_text(status));
	return status;
}

/* Takes the key over, also when it fails. */
static enum err key_wrap(EVP_PKEY *pkey, bool is_private, struct chg_key **out)
{
	struct chg_key *k = mem_alloc(sizeof(*k));

	if (k != NULL && key_kind_of(pkey, &k->kind) == OK) {
		k->pkey = pkey;
		k->is_private = is_private;
		*out = k;
		return OK;
	}
	EVP_PKEY_free(pkey);
	mem_free(k, sizeof(*k));
	return k == NULL ? ERR_MEMORY : ERR_KEY_TYPE;
}

static enum err private_read(
    struct span pem, chg_passphrase_fn *ask, void *context, EVP_PKEY **out, struct fault *fault)
{
	char word[PASSPHRASE_MAX];
	enum err e = key_private_read(pem, SPAN_EMPTY, out, fault);
	int size;

	if (e != ERR_KEY_PASSPHRASE || ask == NULL)
		return e;
	size = ask(context, word, sizeof(word));
	if (size > 0 && size <= (int)sizeof(word)) {
		*fault = (struct fault){.code = OK};
		e = key_private_read(pem, span_of(word, (size_t)size), out, fault);
	}
	secret_wipe(word, sizeof(word));
	return e;
}

enum chg_status chg_key_private(const void *pem, size_t size, chg_passphrase_fn *ask, void *context,
    struct chg_key **out, struct chg_fault *fault)
{
	struct fault why = {.code = OK};
	EVP_PKEY *pkey = NULL;
	enum err e = private_read(key_text_trim(span_of(pem, size)), ask, context, &pkey, &why);

	*out = NULL;
	if (e == OK)
		e = key_wrap(pkey, true, out);
	return e == OK ? CHG_OK : fault_tell(fault, e, &why);
}

/* "whpk_" and the 32 bytes of an Ed25519 key in base64 (RFC 8410 §4 for the SPKI around them). */
static enum err webhook_key_read(struct span text, EVP_PKEY **out)
{
	CLEANUP(buf_free) struct buf bytes;

	buf_init(&bytes, 64);
	TRY(b64_decode(&bytes, span_of(text.data + 5, text.size - 5)));
	ENSURE(bytes.size == 32, ERR_KEY_FORM);
	*out = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, bytes.data, bytes.size);
	return *out != NULL ? OK : ERR_KEY_FORM;
}

enum chg_status chg_key_public(
    const void *text, size_t size, struct chg_key **out, struct chg_fault *fault)
{
	struct span bare = key_text_trim(span_of(text, size));
	struct fault why = {.code = OK};
	EVP_PKEY *pkey = NULL;
	enum key_kind kind;
	enum err e;

	*out = NULL;
	if (span_starts(bare, "whpk_"))
		e = webhook_key_read(bare, &pkey);
	else
		e = key_public_read(bare, ALL_KINDS | KEY_TEST_ALLOWED, &pkey, &kind, &why);
	if (e == OK)
		e = key_wrap(pkey, false, out);
	if (e == ERR_BASE64)
		e = ERR_KEY_FORM;
	return e == OK ? CHG_OK : fault_tell(fault, e, &why);
}

enum chg_status chg_key_generate(enum chg_key_kind kind, unsigned rsa_bits, struct chg_key **out)
{
	EVP_PKEY *pkey = NULL;
	enum err e = key_make((enum key_kind)kind, rsa_bits == 0 ? 2048 : rsa_bits, &pkey);

	*out = NULL;
	if (e == OK)
		e = key_wrap(pkey, true, out);
	return status_of(e);
}

void chg_key_free(struct chg_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	mem_free(k, sizeof(*k));
}

enum chg_key_kind chg_key_kind_of(const struct chg_key *k)
{
	return (enum chg_key_kind)k->kind;
}

const char *chg_key_kind_name(enum chg_key_kind kind)
{
	return key_kind_name((enum key_kind)kind);
}

bool chg_key_is_private(const struct chg_key *k)
{
	return k->is_private;
}

enum chg_algorithm chg_key_algorithm(const struct chg_key *k)
{
	switch (k->kind) {
	case KEY_P521: return CHG_ES512;
	case KEY_RSA: return CHG_RSA_SHA256;
	case KEY_ED25519: return CHG_ED25519;
	case KEY_P256: return CHG_ES256;
	case KEY_P384: return CHG_ES384;
	}
	return CHG_ES512;
}

enum chg_status chg_key_fingerprint(const struct chg_key *k, char out[CHG_FINGERPRINT_SIZE])
{
	_Static_assert(CHG_FINGERPRINT_SIZE == KEY_FINGERPRINT_SIZE, "one size of fingerprints");
	return status_of(key_fingerprint(k->pkey, out));
}

static enum chg_status text_hand_over(enum err e, struct buf *text, char **out)
{
	*out = NULL;
	if (e == OK)
		*out = mem_string(buf_str(text));
	buf_free(text);
	if (e != OK)
		return status_of(e);
	return *out != NULL ? CHG_OK : CHG_ERR_MEMORY;
}

enum chg_status chg_key_public_pem(const struct chg_key *k, char **out)
{
	struct buf text;

	buf_init(&text, PEM_MAX);
	return text_hand_over(key_public_pem(k->pkey, &text), &text, out);
}

enum chg_status chg_key_private_pem(
    const struct chg_key *k, bool is_traditional, const char *passphrase, char **out)
{
	struct buf text;
	enum err e = ERR_KEY_TYPE;

	buf_init(&text, PEM_MAX);
	if (k->is_private)
		e = key_private_pem(k->pkey, is_traditional, span_str(passphrase), &text);
	return text_hand_over(e, &text, out);
}

void chg_text_free(char *text)
{
	mem_string_free(text);
}
