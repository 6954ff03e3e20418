/*
 * A public key as it was pasted. The order is the helpful one: what it is instead (a private key
 * first of all), then its armour, its bytes, its kind, its strength. Each refusal says what to do.
 * Nothing of the text is kept: buffers are wiped.
 */
#include "sign/key.h"

#include "base/codec.h"
#include "base/limits.h"
#include "sign/key_known.h"

#include <openssl/core_names.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <string.h>

#define KEY_TEXT_MAX (16 * LIMIT_KB)
#define RSA_BITS_LEAST 2048
#define RSA_BITS_MOST 8192

struct span key_text_trim(struct span text)
{
	if (span_starts(text, "\xef\xbb\xbf"))
		text = span_of(text.data + 3, text.size - 3);
	return span_trim(text);
}

static const uint8_t *find(struct span text, const char *needle)
{
	return text.size == 0 ? NULL : memmem(text.data, text.size, needle, strlen(needle));
}

/* What people paste instead of a public key in PEM. */
static const struct {
	const char *needle;
	enum err error;
	const char *advice;
} mistakes[] = {
    {"PRIVATE KEY", ERR_KEY_PRIVATE, "The public half begins with -----BEGIN PUBLIC KEY-----."},
    {"\"d\"", ERR_KEY_PRIVATE, "A JWK with the member d is a private key."},
    {"\"kty\"", ERR_KEY_FORM,
	"This is a JWK. Send the key as PEM: -----BEGIN PUBLIC KEY----- and so on."},
    {"-----BEGIN CERTIFICATE", ERR_KEY_FORM,
	"This is a certificate. Its key: openssl x509 -in FILE -noout -pubkey"},
    {"SSH2 PUBLIC KEY", ERR_KEY_FORM,
	"This is an SSH key. As PEM: ssh-keygen -i -m RFC4716 -f FILE, then -e -m PKCS8"},
    {"ssh-rsa ", ERR_KEY_FORM, "This is an SSH key. As PEM: ssh-keygen -e -m PKCS8 -f FILE"},
    {"ssh-ed25519 ", ERR_KEY_FORM, "This is an SSH key, and of a form that has no PEM."},
    {"ecdsa-sha2-", ERR_KEY_FORM, "This is an SSH key. As PEM: ssh-keygen -e -m PKCS8 -f FILE"},
    {"-----BEGIN PGP", ERR_KEY_FORM, "This is a PGP key. Make a pair with chirograph keygen."},
    {"-----BEGIN EC PARAMETERS", ERR_KEY_FORM,
	"These are curve parameters. The key: openssl ec -in PRIVATE -pubout"},
};

static enum err refuse_mistake(struct span text, struct fault *fault)
{
	for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++)
		if (find(text, mistakes[i].needle) != NULL)
			return fault_set(fault, mistakes[i].error, NULL, "%s", mistakes[i].advice);
	return OK;
}

static enum err form_fault(struct fault *fault, const char *advice)
{
	return fault_set(fault, ERR_KEY_FORM, NULL, "%s", advice);
}

/* base64 whose line ends became spaces, or the two characters \n, or nothing. */
static enum err flat_decode(struct span text, struct buf *der)
{
	CLEANUP(buf_free) struct buf flat;
	buf_init(&flat, KEY_TEXT_MAX);
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		bool is_escape = c == '\\' && i + 1 < text.size &&
				 (text.data[i + 1] == 'n' || text.data[i + 1] == 'r');
		if (is_escape)
			i++;
		else if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			buf_put_byte(&flat, c);
	}
	TRY(buf_done(&flat));
	return b64_decode(der, buf_span(&flat));
}

struct armour {
	struct span body;
	bool is_pkcs1;
};

static enum err armour_read(struct span text, struct armour *out, struct fault *fault)
{
	static const char *const marks[2][2] = {
	    {"-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"},
	    {"-----BEGIN RSA PUBLIC KEY-----", "-----END RSA PUBLIC KEY-----"}};
	for (size_t i = 0; i < 2; i++) {
		const uint8_t *begin = find(text, marks[i][0]), *end = find(text, marks[i][1]);
		if (begin == NULL)
			continue;
		begin += strlen(marks[i][0]);
		if (end == NULL || end < begin)
			return form_fault(fault, "Its last line, -----END …, is missing.");
		out->body = span_of(begin, (size_t)(end - begin));
		out->is_pkcs1 = i == 1;
		struct span rest = span_of(end, (size_t)(text.data + text.size - end));
		if (find(rest, "-----BEGIN") != NULL)
			return form_fault(fault, "There is more than one key. Send one.");
		return OK;
	}
	return form_fault(fault,
	    "It begins with -----BEGIN PUBLIC KEY----- and ends with -----END PUBLIC KEY-----.");
}

static bool is_private_der(struct span der)
{
	const uint8_t *at = der.data;
	EVP_PKEY *key = der.size == 0 ? NULL : d2i_AutoPrivateKey(NULL, &at, (long)der.size);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return key != NULL;
}

static EVP_PKEY *public_of(struct span der, bool is_pkcs1)
{
	const uint8_t *at = der.data;
	if (der.size == 0)
		return NULL;
	EVP_PKEY *key = is_pkcs1 ? d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)der.size)
				 : d2i_PUBKEY(NULL, &at, (long)der.size);
	ERR_clear_error();
	if (key == NULL || at == der.data + der.size)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static enum err parse(struct span text, EVP_PKEY **key, struct fault *fault)
{
	CLEANUP(buf_free) struct buf der;
	struct armour armour = {0};
	buf_init(&der, KEY_TEXT_MAX);
	if (find(text, "-----BEGIN") == NULL && flat_decode(text, &der) == OK &&
	    is_private_der(buf_span(&der)))
		return fault_set(fault, ERR_KEY_PRIVATE, NULL, "%s", mistakes[0].advice);
	buf_reset(&der);
	TRY(armour_read(text, &armour, fault));
	enum err e = flat_decode(armour.body, &der);
	ENSURE(e != ERR_MEMORY, e);
	if (e != OK)
		return form_fault(
		    fault, "Something between its first and last line is not base64.");
	*key = public_of(buf_span(&der), armour.is_pkcs1);
	if (*key != NULL)
		return OK;
	if (is_private_der(buf_span(&der)))
		return fault_set(fault, ERR_KEY_PRIVATE, NULL, "%s", mistakes[0].advice);
	return form_fault(fault, "A part of it is missing or damaged. Copy the whole file.");
}

/* "RSA, Ed25519 or P-256", and a way to the first of them. */
static void wanted_words(unsigned wanted, char *kinds, size_t room, const char **maker)
{
	static const char *const makers[] = {[KEY_P521] = "chirograph keygen es512",
	    [KEY_RSA] = "chirograph keygen rsa",
	    [KEY_ED25519] = "chirograph keygen ed25519",
	    [KEY_P256] = "openssl ecparam -name prime256v1 -genkey",
	    [KEY_P384] = "openssl ecparam -name secp384r1 -genkey"};
	size_t at = 0;
	kinds[0] = 0;
	*maker = "chirograph keygen";
	for (enum key_kind k = KEY_P384; k >= KEY_P521; k--)
		if ((wanted & 1u << k) != 0)
			*maker = makers[k];
	for (enum key_kind k = KEY_P521; k <= KEY_P384 && at < room; k++) {
		if ((wanted & 1u << k) == 0)
			continue;
		const char *between = at == 0 ? "" : wanted >> (k + 1) != 0 ? ", " : " or ";
		at += (size_t)snprintf(kinds + at, room - at, "%s%s", between, key_kind_name(k));
	}
}

static bool is_curve_explicit(EVP_PKEY *key)
{
	int is_explicit = 0;
	return EVP_PKEY_get_int_param(
		   key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) == 1 &&
	       is_explicit != 0;
}

static enum err judge_kind(EVP_PKEY *key, unsigned wanted, enum key_kind *kind, struct fault *fault)
{
	char kinds[64];
	const char *maker, *name = "a kind that no scheme uses";
	bool is_known = key_kind_of(key, kind) == OK;
	wanted_words(wanted, kinds, sizeof kinds, &maker);
	if (is_known)
		name = key_kind_name(*kind);
	if (!is_known || (wanted & 1u << *kind) == 0)
		return fault_set(fault, ERR_KEY_TYPE, NULL,
		    "It is %s; needed is %s. Make a pair with: %s", name, kinds, maker);
	if (is_curve_explicit(key))
		return fault_set(fault, ERR_KEY_TYPE, NULL,
		    "It spells its curve out. Write it with the curve's name: openssl ec "
		    "-param_enc named_curve");
	return OK;
}

static enum err weak(struct fault *fault, const char *advice)
{
	return fault_set(fault, ERR_KEY_WEAK, NULL, "%s", advice);
}

/* e = 1 makes every message its own signature; a huge e makes every check cost seconds. */
static enum err judge_exponent(EVP_PKEY *key, struct fault *fault)
{
	BIGNUM *e = NULL;
	ENSURE(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1, ERR_CRYPTO);
	bool is_fine = BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(e) <= 64;
	BN_free(e);
	return is_fine ? OK : weak(fault, "Its exponent is unusable: it must be 65537.");
}

static enum err judge_rsa(EVP_PKEY *key, struct fault *fault)
{
	int bits = EVP_PKEY_get_bits(key);
	if (bits < RSA_BITS_LEAST)
		return fault_set(fault, ERR_KEY_WEAK, NULL,
		    "RSA needs %d bits or more; this key has %d. Make a pair with: chirograph "
		    "keygen rsa",
		    RSA_BITS_LEAST, bits);
	if (bits > RSA_BITS_MOST)
		return fault_set(fault, ERR_KEY_TYPE, NULL,
		    "RSA may have %d bits at most; this key has %d.", RSA_BITS_MOST, bits);
	return judge_exponent(key, fault);
}

/* The y of the points whose order divides 8, and its forms above the prime: with them anybody can
 * make a signature that verifies (RFC 8032 §5.1.7, RFC 7748 §6). */
static bool is_small_order(EVP_PKEY *key)
{
	static const char *const small[] = {
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0100000000000000000000000000000000000000000000000000000000000000",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"};
	uint8_t bytes[32];
	char text[65];
	size_t size = sizeof bytes;
	if (EVP_PKEY_get_raw_public_key(key, bytes, &size) != 1)
		return true;
	bytes[31] &= 0x7f;
	hex_text(text, bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof small / sizeof small[0]; i++)
		if (span_equal_str(span_str(text), small[i]))
			return true;
	return false;
}

static enum err judge_sound(EVP_PKEY *key, struct fault *fault)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	ENSURE(c != NULL, ERR_MEMORY);
	bool is_sound = EVP_PKEY_public_check(c) == 1;
	EVP_PKEY_CTX_free(c);
	ERR_clear_error();
	return is_sound ? OK : weak(fault, "Its numbers are not those of a sound key.");
}

static enum err judge_strength(
    EVP_PKEY *key, enum key_kind kind, unsigned wanted, struct fault *fault)
{
	CLEANUP(buf_free) struct buf der;
	buf_init(&der, KEY_TEXT_MAX);
	if (kind == KEY_RSA)
		TRY(judge_rsa(key, fault));
	if (kind == KEY_ED25519 && is_small_order(key))
		return weak(fault, "Its point has a small order.");
	TRY(judge_sound(key, fault));
	TRY(key_public_der(key, &der));
	const char *where = key_known(buf_span(&der));
	if (where != NULL && (wanted & KEY_TEST_ALLOWED) == 0)
		return fault_set(fault, ERR_KEY_WEAK, NULL,
		    "Its private half is public: it is a test key of %s. Make your own pair.",
		    where);
	return OK;
}

enum err key_public_read(
    struct span text, unsigned wanted, EVP_PKEY **out, enum key_kind *kind, struct fault *fault)
{
	EVP_PKEY *key = NULL;
	*out = NULL;
	*kind = 0;
	text = key_text_trim(text);
	if (text.size == 0 || text.size > KEY_TEXT_MAX)
		return form_fault(fault, "It is empty or longer than 16 KB.");
	TRY(refuse_mistake(text, fault));
	TRY(parse(text, &key, fault));
	enum err e = judge_kind(key, wanted, kind, fault);
	if (e == OK)
		e = judge_strength(key, *kind, wanted, fault);
	if (e == OK)
		*out = key;
	else
		EVP_PKEY_free(key);
	return e;
}
