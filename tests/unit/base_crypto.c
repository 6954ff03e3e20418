/* Do the faces of OpenSSL give the published values and notice every change? */
#include "unit.h"

#include "base/codec.h"
#include "base/crypto.h"

static void expect_hex(const uint8_t *bytes, size_t size, const char *hex)
{
	char text[200];
	hex_text(text, bytes, size);
	assert_string_equal(text, hex);
}

static void test_digests(void **state)
{
	uint8_t out[SHA512_SIZE];
	assert_int_equal(sha256(span_str("abc"), out), OK); /* FIPS 180-4 example */
	expect_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(sha256(SPAN_EMPTY, out), OK);
	expect_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(
	    hmac_sha256(span_str("Jefe"), span_str("what do ya want for nothing?"), out),
	    OK); /* RFC 4231 */
	expect_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_int_equal(hmac_sha1(span_str("Jefe"), span_str("what do ya want for nothing?"), out),
	    OK); /* RFC 2202 */
	expect_hex(out, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

static void test_gcm_notices_everything(void **state)
{
	uint8_t key[KEY_SIZE] = {1}, other[KEY_SIZE] = {2};
	struct buf sealed, plain;
	buf_init(&sealed, 1000);
	buf_init(&plain, 1000);
	assert_int_equal(
	    gcm_seal(key, span_str("signer/profile/7"), span_str("Maria"), &sealed), OK);
	assert_int_equal(
	    gcm_open(key, span_str("signer/profile/7"), buf_span(&sealed), &plain), OK);
	assert_string_equal(buf_str(&plain), "Maria");
	buf_reset(&plain);
	assert_int_equal(
	    gcm_open(key, span_str("signer/profile/8"), buf_span(&sealed), &plain), ERR_DECRYPT);
	assert_int_equal(
	    gcm_open(other, span_str("signer/profile/7"), buf_span(&sealed), &plain), ERR_DECRYPT);
	assert_int_equal(gcm_open(key, SPAN_EMPTY, span_of("short", 5), &plain), ERR_DECRYPT);
	for (size_t i = 0; i < sealed.size; i++) {
		sealed.data[i] ^= 1;
		assert_int_equal(
		    gcm_open(key, span_str("signer/profile/7"), buf_span(&sealed), &plain),
		    ERR_DECRYPT);
		sealed.data[i] ^= 1;
	}
	assert_int_equal(plain.size, 0);
	buf_free(&sealed);
	buf_free(&plain);
}

static void test_uuid_form(void **state)
{
	char a[UUID_TEXT_SIZE], b[UUID_TEXT_SIZE];
	assert_int_equal(random_uuid(a), OK);
	assert_int_equal(random_uuid(b), OK);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), 36);
	assert_int_equal(a[14], '4');
	assert_non_null(strchr("89ab", a[19]));
}

static void test_ksuid_form(void **state)
{
	char a[KSUID_TEXT_SIZE], b[KSUID_TEXT_SIZE], later[KSUID_TEXT_SIZE];

	assert_int_equal(random_ksuid(INT64_C(1507608047000), a), OK);
	assert_int_equal(random_ksuid(INT64_C(1507608047999), b), OK);
	assert_int_equal(random_ksuid(INT64_C(1507611700000), later), OK);
	assert_int_equal(strlen(a), 27);
	assert_int_equal(strspn(a, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz"),
	    27);
	assert_memory_equal(a, "0ujt", 4); /* 107608047 seconds, as the published sample has it */
	assert_memory_equal(b, "0ujt", 4);
	assert_string_not_equal(a, b);
	assert_true(strcmp(a, later) < 0 && strcmp(b, later) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_digests),
	    cmocka_unit_test(test_gcm_notices_everything),
	    cmocka_unit_test(test_uuid_form),
	    cmocka_unit_test(test_ksuid_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
