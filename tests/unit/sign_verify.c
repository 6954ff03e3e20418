/* Is every signature of Wycheproof judged as it should be, and every flipped bit noticed? */
#include "unit.h"

#include "base/codec.h"
#include "sign/ecdsa.h"
#include "sign/key.h"
#include "sign/sign.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include <pthread.h>
#include <stdio.h>

#define FOLDER "tests/vectors/"

static char line[8192];
static uint8_t message[4096], mark[4096];

static struct span bytes_of(const char *hex, uint8_t *out)
{
	size_t size = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
	assert_int_equal(hex_decode(span_of(hex, 2 * size), out, size), OK);
	return span_of(out, size);
}

static EVP_PKEY *key_of(const char *hex)
{
	EVP_PKEY *key;
	assert_int_equal(key_public_of_der(bytes_of(hex, message), &key), OK);
	return key;
}

static bool agrees(EVP_PKEY *key, enum sign_algorithm a, char *rest)
{
	char result[16], text[2][4096];
	int id;
	assert_int_equal(sscanf(rest, "%d %15s %4095s %4095s", &id, result, text[0], text[1]), 4);
	struct span input = bytes_of(text[0], message), signature = bytes_of(text[1], mark);
	enum err e = sign_verify(key, a, input, signature);
	bool is_right = strcmp(result, "acceptable") == 0
			    ? e == OK || e == ERR_SIGNATURE
			    : e == (strcmp(result, "valid") == 0 ? OK : ERR_SIGNATURE);
	if (!is_right)
		print_error("case %d: %s, %s\n", id, result, err_symbol(e));
	return is_right;
}

static void run_cases(const char *name, enum sign_algorithm a, size_t wanted)
{
	FILE *f = fopen(name, "r");
	EVP_PKEY *key = NULL;
	size_t count = 0, wrong = 0;
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = 0;
		if (line[0] == '#')
			continue;
		if (strncmp(line, "key ", 4) == 0) {
			EVP_PKEY_free(key);
			key = key_of(line + 4);
			continue;
		}
		wrong += !agrees(key, a, line);
		count++;
	}
	EVP_PKEY_free(key);
	fclose(f);
	assert_int_equal(wrong, 0);
	assert_int_equal(count, wanted);
}

static void test_wycheproof_p521(void **state)
{
	run_cases(FOLDER "wycheproof_p521_p1363.txt", SIGN_ES512, 318);
}

static void test_wycheproof_rsa(void **state)
{
	run_cases(FOLDER "wycheproof_rsa2048_sha256.txt", SIGN_RSA_SHA256, 259);
}

/* The orders written by hand against OpenSSL's, through the one door that uses them: n - 1 is in
 * range, n is not. */
static void check_order(enum sign_algorithm a, int curve)
{
	uint8_t raw[132];
	size_t half = ecdsa_raw_size(a) / 2;
	EC_GROUP *group = EC_GROUP_new_by_curve_name(curve);
	BIGNUM *n = BN_dup(EC_GROUP_get0_order(group));
	for (int i = 0; i < 3; i++) {
		BN_bn2binpad(n, raw, (int)half);
		BN_bn2binpad(n, raw + half, (int)half);
		assert_int_equal(ecdsa_raw_is_valid(a, span_of(raw, 2 * half)), i == 1);
		memset(raw, 0, half);
		assert_false(ecdsa_raw_is_valid(a, span_of(raw, 2 * half)));
		BN_sub_word(n, i == 0 ? 1 : 0);
		if (i == 1)
			BN_zero(n);
	}
	BN_free(n);
	EC_GROUP_free(group);
}

static void test_orders(void **state)
{
	check_order(SIGN_ES512, NID_secp521r1);
	check_order(SIGN_ES384, NID_secp384r1);
	check_order(SIGN_ES256, NID_X9_62_prime256v1);
	assert_false(ecdsa_raw_is_valid(SIGN_RSA_SHA256, span_str("x")));
}

/* Short r and s, and those with the top bit set, through DER and back. */
static void test_der(void **state)
{
	uint8_t raw[132], again[132], der[ECDSA_DER_MAX];
	for (unsigned i = 0; i < 132 * 8; i++) {
		memset(raw, 0, sizeof raw);
		raw[i / 8] |= (uint8_t)(0x80 >> i % 8);
		raw[(i / 8 + 66) % 132] |= 1;
		size_t size = ecdsa_der_of_raw(span_of(raw, sizeof raw), der);
		assert_int_equal(ecdsa_raw_of_der(span_of(der, size), again, sizeof again), OK);
		assert_memory_equal(raw, again, sizeof raw);
		assert_int_equal(
		    ecdsa_raw_of_der(span_of(der, size - 1), again, sizeof again), ERR_CRYPTO);
	}
}

/* The one way in: form, then key. */
static enum err judge(EVP_PKEY *key, struct span token)
{
	struct jws t;
	const char *reason;
	TRY(jws_read(token, &t, &reason));
	return jws_check(key, &t);
}

static void test_every_bit(void **state)
{
	struct signer s;
	CLEANUP(key_freep) EVP_PKEY *key = NULL;
	CLEANUP(buf_free) struct buf token;
	buf_init(&token, 1000);
	assert_int_equal(key_make(KEY_P521, 0, &key), OK);
	assert_int_equal(signer_of_key(key, SIGN_ES512, &s), OK);
	assert_int_equal(jws_make(&s, NULL, span_str("{\"a\":1}"), &token), OK);
	assert_int_equal(judge(key, buf_span(&token)), OK);
	for (size_t i = 0; i < token.size * 8; i++) {
		token.data[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_not_equal(judge(key, buf_span(&token)), OK);
		token.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < token.size; i++)
		assert_int_not_equal(judge(key, span_of(token.data, i)), OK);
	assert_int_equal(judge(key, buf_span(&token)), OK);
}

/* The same on the bytes: R || S and input, without base64 between. */
static void test_every_raw_bit(void **state)
{
	uint8_t input[] = "header.payload";
	struct signer s;
	CLEANUP(key_freep) EVP_PKEY *key = NULL;
	CLEANUP(buf_free) struct buf raw;
	buf_init(&raw, 200);
	assert_int_equal(key_make(KEY_P521, 0, &key), OK);
	assert_int_equal(signer_of_key(key, SIGN_ES512, &s), OK);
	assert_int_equal(s.sign(s.ctx, span_of(input, 14), &raw), OK);
	for (size_t i = 0; i < 132 * 8; i++) {
		raw.data[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(sign_verify(key, SIGN_ES512, span_of(input, 14), buf_span(&raw)),
		    ERR_SIGNATURE);
		raw.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < 14 * 8; i++) {
		input[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(sign_verify(key, SIGN_ES512, span_of(input, 14), buf_span(&raw)),
		    ERR_SIGNATURE);
		input[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(sign_verify(key, SIGN_ES512, span_of(input, 14), buf_span(&raw)), OK);
}

/* A key of another kind is refused whatever the bytes are; and no key at all. */
static void test_wrong_keys(void **state)
{
	static const uint8_t ones[1024] = {1, 1, 1, 1};
	for (enum key_kind kind = KEY_P521; kind <= KEY_P384; kind++) {
		CLEANUP(key_freep) EVP_PKEY *key = NULL;
		struct signer s;
		assert_int_equal(key_make(kind, 2048, &key), OK);
		for (enum sign_algorithm a = SIGN_NONE; a <= SIGN_RSA_PSS_512 + 1; a++) {
			size_t size = (size_t)EVP_PKEY_get_size(key);
			assert_int_equal(
			    sign_verify(key, a, SPAN_EMPTY, span_of(ones, size)), ERR_SIGNATURE);
			assert_int_equal(
			    signer_of_key(key, a, &s), key_kind_signs(kind, a) ? OK : ERR_KEY_TYPE);
		}
	}
	assert_int_equal(
	    sign_verify(NULL, SIGN_ES512, SPAN_EMPTY, span_of(ones, 132)), ERR_SIGNATURE);
}

struct shared {
	EVP_PKEY *key;
	size_t failed;
};

static void *sign_and_verify(void *arg)
{
	struct shared *shared = arg;
	struct signer s;
	CLEANUP(buf_free) struct buf out;
	buf_init(&out, 200);
	if (signer_of_key(shared->key, SIGN_ES512, &s) != OK)
		shared->failed++;
	for (int i = 0; i < 50; i++) {
		buf_reset(&out);
		if (s.sign(s.ctx, span_str("input"), &out) != OK ||
		    sign_verify(shared->key, SIGN_ES512, span_str("input"), buf_span(&out)) != OK)
			shared->failed++;
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[8];
	struct shared shared[8];
	CLEANUP(key_freep) EVP_PKEY *key = NULL;
	assert_int_equal(key_make(KEY_P521, 0, &key), OK);
	for (size_t i = 0; i < 8; i++) {
		shared[i] = (struct shared){key, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, sign_and_verify, &shared[i]), 0);
	}
	for (size_t i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(shared[i].failed, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wycheproof_p521),
	    cmocka_unit_test(test_wycheproof_rsa),
	    cmocka_unit_test(test_orders),
	    cmocka_unit_test(test_der),
	    cmocka_unit_test(test_every_bit),
	    cmocka_unit_test(test_every_raw_bit),
	    cmocka_unit_test(test_wrong_keys),
	    cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
