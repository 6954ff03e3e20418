/* Is every key that people have read, and every other refused with a sentence that helps? */
#include "unit.h"

#include "sign/key.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <stdlib.h>

#define FOLDER "tests/vectors/keys/"
#define ANY (1u << KEY_P521 | 1u << KEY_RSA | 1u << KEY_ED25519 | 1u << KEY_P256 | 1u << KEY_P384)
#define PASSPHRASE span_str("correct horse")

static char text[20000];

static struct span file(const char *name)
{
	char path[128];
	snprintf(path, sizeof path, FOLDER "%s", name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	size_t size = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[size] = 0;
	return span_of(text, size);
}

static void accepted(struct span pem, unsigned wanted, enum key_kind kind)
{
	EVP_PKEY *key;
	enum key_kind got;
	struct fault fault = {0};
	assert_int_equal(key_public_read(pem, wanted | KEY_TEST_ALLOWED, &key, &got, &fault), OK);
	assert_int_equal(got, kind);
	EVP_PKEY_free(key);
}

static void refused(struct span pem, unsigned wanted, enum err e, const char *word)
{
	EVP_PKEY *key;
	enum key_kind got;
	struct fault fault = {0};
	assert_int_equal(key_public_read(pem, wanted, &key, &got, &fault), e);
	assert_null(key);
	if (strstr(fault.detail, word) == NULL)
		fail_msg("'%s' lacks '%s'", fault.detail, word);
}

static void test_public(void **state)
{
	accepted(file("ssh_p521.pub"), 1u << KEY_P521, KEY_P521);
	accepted(file("rsa.pub"), 1u << KEY_RSA, KEY_RSA);
	accepted(file("rsa_pkcs1.pub"), 1u << KEY_RSA, KEY_RSA);
	accepted(file("ed25519.pub"), ANY, KEY_ED25519);
	accepted(file("prime256v1.pub"), ANY, KEY_P256);
	accepted(file("secp384r1.pub"), ANY, KEY_P384);
}

/* Line ends between, replaced; BOM and space around. */
static void check_spelling(const char *line_end)
{
	char spelt[4000] = "\xef\xbb\xbf \r\n";
	size_t at = strlen(spelt);
	struct span pem = file("ssh_p521.pub");
	for (size_t i = 0; i < pem.size; i++) {
		if (pem.data[i] != '\n')
			spelt[at++] = (char)pem.data[i];
		else
			at += (size_t)snprintf(spelt + at, sizeof spelt - at, "%s", line_end);
	}
	accepted(span_of(spelt, at), 1u << KEY_P521, KEY_P521);
}

static void test_spellings(void **state)
{
	static const char *const line_ends[] = {"\r\n", " ", "", "\\n", "\\r\\n", "\n\n", "\t"};
	for (size_t i = 0; i < sizeof line_ends / sizeof line_ends[0]; i++)
		check_spelling(line_ends[i]);
}

static void test_private_pasted(void **state)
{
	static const char *const names[] = {"ssh_p521.key", "ssh_p521_secret.key",
	    "ecparam_p521.key", "ecparam_with_parameters.key", "p521_pkcs8.key",
	    "p521_pkcs8_secret.key", "rsa.key", "rsa_secret.key", "ed25519.key",
	    "openssh_ed25519.key"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		refused(file(names[i]), ANY, ERR_KEY_PRIVATE, "PUBLIC KEY");
	refused(span_str("{\"kty\":\"EC\",\"crv\":\"P-521\",\"d\":\"AA\"}"), ANY, ERR_KEY_PRIVATE,
	    "JWK");
}

/* The private half under the public half's armour, or under none. */
static void test_private_disguised(void **state)
{
	char disguised[4000];
	struct span pem = file("p521_pkcs8.key"), body = pem;
	span_cut(&body, '\n');
	size_t size = (size_t)((const uint8_t *)strstr(text, "-----END") - body.data);
	refused(span_of(body.data, size), ANY, ERR_KEY_PRIVATE, "PUBLIC KEY");
	snprintf(disguised, sizeof disguised,
	    "-----BEGIN PUBLIC KEY-----\n%.*s-----END PUBLIC KEY-----\n", (int)size, body.data);
	refused(span_str(disguised), ANY, ERR_KEY_PRIVATE, "PUBLIC KEY");
}

static void test_other_forms(void **state)
{
	char twice[2 * sizeof text];
	refused(SPAN_EMPTY, ANY, ERR_KEY_FORM, "empty");
	refused(span_str("hello"), ANY, ERR_KEY_FORM, "BEGIN PUBLIC KEY");
	refused(file("certificate.pem"), ANY, ERR_KEY_FORM, "openssl x509");
	refused(file("ssh_p521.ssh.pub"), ANY, ERR_KEY_FORM, "ssh-keygen -e -m PKCS8");
	refused(file("openssh_ed25519.pub"), ANY, ERR_KEY_FORM, "SSH key");
	refused(span_str("{\"kty\":\"EC\",\"crv\":\"P-521\"}"), ANY, ERR_KEY_FORM, "JWK");
	struct span pem = file("rsa.pub");
	snprintf(twice, sizeof twice, "%s%s", text, text);
	refused(span_str(twice), ANY, ERR_KEY_FORM, "more than one");
	refused(span_of(pem.data, pem.size - 10), ANY, ERR_KEY_FORM, "END");
	text[60] = '!';
	refused(pem, ANY, ERR_KEY_FORM, "base64");
	pem = file("rsa.pub");
	memmove(text + 40, text + 44, strlen(text + 44) + 1);
	refused(span_str(text), ANY, ERR_KEY_FORM, "damaged");
}

static void test_wrong_kinds(void **state)
{
	refused(file("prime256v1.pub"), 1u << KEY_P521, ERR_KEY_TYPE, "keygen es512");
	refused(file("rsa.pub"), 1u << KEY_P521, ERR_KEY_TYPE, "It is RSA");
	refused(file("ssh_p521.pub"), 1u << KEY_RSA, ERR_KEY_TYPE, "keygen rsa");
	refused(file("secp256k1.pub"), ANY, ERR_KEY_TYPE,
	    "needed is P-521, RSA, Ed25519, P-256 or P-384.");
	refused(file("ssh_p521.pub"), 1u << KEY_RSA | 1u << KEY_P256, ERR_KEY_TYPE,
	    "It is P-521; needed is RSA or P-256. Make a pair with: chirograph keygen rsa");
	refused(file("rsa_pss_only.pub"), ANY, ERR_KEY_TYPE, "P-521");
	refused(file("p521_explicit.pub"), ANY, ERR_KEY_TYPE, "named_curve");
}

static void test_weak(void **state)
{
	refused(file("rsa1024.pub"), ANY, ERR_KEY_WEAK, "this key has 1024");
	refused(file("rsa_e1.pub"), ANY, ERR_KEY_WEAK, "65537");
	refused(file("rsa_e2.pub"), ANY, ERR_KEY_WEAK, "65537");
	refused(file("rsa_e_huge.pub"), ANY, ERR_KEY_WEAK, "65537");
	refused(file("rsa_even.pub"), ANY, ERR_KEY_WEAK, "sound");
	refused(file("ed25519_small.pub"), ANY, ERR_KEY_WEAK, "order");
	refused(file("p521_off_curve.pub"), ANY, ERR_KEY_FORM, "damaged");
}

static void test_known(void **state)
{
	static const char *const names[] = {"jwtio_es512.pub", "jwtio_rsa.pub", "rfc7515_es512.pub",
	    "rfc9421_rsa.pub", "rfc9421_rsa_pss.pub", "rfc9421_ed25519.pub", "rfc9421_p256.pub",
	    "../partner_es512.pub", "../server_es512.pub", "../partner_rsa.pub", "ssh_p521.pub",
	    "rsa.pub", "rsa_pkcs1.pub", "ed25519.pub", "prime256v1.pub", "secp384r1.pub"};
	unsetenv("CHIROGRAPH_TEST_KEYS");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		refused(file(names[i]), ANY, ERR_KEY_WEAK, "test key");
}

static EVP_PKEY *private_of(const char *name, struct span passphrase)
{
	EVP_PKEY *key;
	struct fault fault = {0};
	enum err e = key_private_read(file(name), passphrase, &key, &fault);
	if (e != OK)
		fail_msg("%s: %s %s", name, err_symbol(e), fault.detail);
	return key;
}

/* Their public halves are in no file. */
static void test_known_private(void **state)
{
	static const char *const names[] = {"ssh_p521.key", "ssh_p521_secret.key",
	    "ecparam_p521.key", "ecparam_with_parameters.key", "p521_pkcs8.key",
	    "p521_pkcs8_secret.key", "rsa.key", "rsa_secret.key", "ed25519.key"};
	unsetenv("CHIROGRAPH_TEST_KEYS");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		CLEANUP(buf_free) struct buf public;
		CLEANUP(key_freep) EVP_PKEY *key = private_of(names[i], PASSPHRASE);
		buf_init(&public, 10000);
		assert_int_equal(key_public_pem(key, &public), OK);
		refused(buf_span(&public), ANY, ERR_KEY_WEAK, "test key");
	}
}

static void test_private(void **state)
{
	static const char *const open[] = {"ssh_p521.key", "ecparam_p521.key",
	    "ecparam_with_parameters.key", "p521_pkcs8.key", "rsa.key", "ed25519.key"};
	static const char *const secret[] = {
	    "ssh_p521_secret.key", "p521_pkcs8_secret.key", "rsa_secret.key"};
	EVP_PKEY *key;
	for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
		EVP_PKEY_free(private_of(open[i], SPAN_EMPTY));
	for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
		EVP_PKEY_free(private_of(secret[i], PASSPHRASE));
		assert_int_equal(
		    key_private_read(file(secret[i]), SPAN_EMPTY, &key, NULL), ERR_KEY_PASSPHRASE);
		assert_int_equal(key_private_read(file(secret[i]), span_str("wrong"), &key, NULL),
		    ERR_KEY_PASSPHRASE);
	}
}

static void test_private_refused(void **state)
{
	EVP_PKEY *key;
	struct fault fault = {0};
	assert_int_equal(
	    key_private_read(file("openssh_ed25519.key"), SPAN_EMPTY, &key, &fault), ERR_KEY_FORM);
	assert_non_null(strstr(fault.detail, "ssh-keygen -p -m PEM"));
	fault = (struct fault){0};
	assert_int_equal(key_private_read(file("rsa.pub"), SPAN_EMPTY, &key, &fault), ERR_KEY_FORM);
	assert_non_null(strstr(fault.detail, "public half"));
	assert_int_equal(key_private_read(span_str("x"), SPAN_EMPTY, &key, NULL), ERR_KEY_FORM);
	assert_null(key);
}

static void round_trip(enum key_kind kind, bool is_traditional, struct span passphrase)
{
	CLEANUP(buf_free) struct buf pem, public;
	CLEANUP(key_freep) EVP_PKEY *key = NULL, *again = NULL;
	buf_init(&pem, 10000);
	buf_init(&public, 10000);
	assert_int_equal(key_make(kind, 2048, &key), OK);
	assert_int_equal(key_private_pem(key, is_traditional, passphrase, &pem), OK);
	assert_int_equal(key_private_read(buf_span(&pem), passphrase, &again, NULL), OK);
	assert_int_equal(EVP_PKEY_eq(key, again), 1);
	assert_int_equal(key_public_pem(key, &public), OK);
	accepted(buf_span(&public), ANY, kind);
}

static void test_make(void **state)
{
	for (enum key_kind kind = KEY_P521; kind <= KEY_P384; kind++) {
		round_trip(kind, true, SPAN_EMPTY);
		round_trip(kind, false, SPAN_EMPTY);
		round_trip(kind, true, PASSPHRASE);
	}
	round_trip(KEY_P521, false, PASSPHRASE);
}

/* What `ssh-keygen -l` cannot print for PEM; openssl: pkey -pubin -outform DER | dgst -sha256. */
static void test_fingerprint(void **state)
{
	EVP_PKEY *key, *again;
	enum key_kind kind;
	char print[KEY_FINGERPRINT_SIZE];
	CLEANUP(buf_free) struct buf der;
	buf_init(&der, 1000);
	assert_int_equal(
	    key_public_read(file("ssh_p521.pub"), ANY | KEY_TEST_ALLOWED, &key, &kind, NULL), OK);
	assert_int_equal(key_fingerprint(key, print), OK);
	assert_string_equal(print, "SHA256:KNC6YgXPAwlyu5h8pqAWMnmDhMxBPn39buOuasbJpH4");
	assert_int_equal(key_public_der(key, &der), OK);
	assert_int_equal(key_public_of_der(buf_span(&der), &again), OK);
	assert_int_equal(EVP_PKEY_eq(key, again), 1);
	buf_put_byte(&der, 0);
	EVP_PKEY_free(again);
	assert_int_equal(key_public_of_der(buf_span(&der), &again), ERR_KEY_FORM);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_public),
	    cmocka_unit_test(test_spellings),
	    cmocka_unit_test(test_private_pasted),
	    cmocka_unit_test(test_private_disguised),
	    cmocka_unit_test(test_other_forms),
	    cmocka_unit_test(test_wrong_kinds),
	    cmocka_unit_test(test_weak),
	    cmocka_unit_test(test_known),
	    cmocka_unit_test(test_known_private),
	    cmocka_unit_test(test_private),
	    cmocka_unit_test(test_private_refused),
	    cmocka_unit_test(test_make),
	    cmocka_unit_test(test_fingerprint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
