/* Do the codecs give the published values, and refuse everything else? */
#include "unit.h"

#include "base/codec.h"
#include "base/crypto.h"

typedef enum err (*decoder)(struct buf *, struct span);

static void expect(decoder decode, const char *in, const char *out)
{
	struct buf b;
	buf_init(&b, 1000);
	enum err e = decode(&b, span_str(in));
	if (out == NULL) {
		assert_int_equal(e, ERR_BASE64);
	} else {
		assert_int_equal(e, OK);
		assert_string_equal(buf_str(&b), out);
	}
	buf_free(&b);
}

/* RFC 4648 §10 */
static void test_rfc4648(void **state)
{
	static const char *const pairs[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
	    {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct buf b;
		buf_init(&b, 100);
		b64_encode(&b, span_str(pairs[i][0]));
		assert_string_equal(buf_str(&b), pairs[i][1]);
		buf_free(&b);
		expect(b64_decode, pairs[i][1], pairs[i][0]);
	}
	expect(b64_decode, "Zm9v\r\nYmFy", "foobar");
	expect(b64_decode, "Zg", "f");
}

static void test_refusals(void **state)
{
	static const char *const bad[] = {"Z", "Zg=", "Zg===", "=Zg=", "Zh==", "Zm9=", "Zm9v!",
	    "Zm 9v", "Zm9v====", "Z-_v", "\xc3\xa9", "Zg==Zg=="};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		expect(b64_decode, bad[i], NULL);
	expect(b64url_decode, "Zg==", NULL);
	expect(b64url_decode, "Z+/v", NULL);
	expect(b64url_decode, "Zg", "f");
}

static void test_every_byte_survives(void **state)
{
	uint8_t all[256 + 2];
	assert_int_equal(random_bytes(all, sizeof all), OK);
	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	for (size_t size = 250; size <= sizeof all; size++) {
		struct buf text, back;
		buf_init(&text, 1000);
		buf_init(&back, 1000);
		b64url_encode(&text, span_of(all, size));
		assert_int_equal(b64url_decode(&back, buf_span(&text)), OK);
		assert_true(span_equal(buf_span(&back), span_of(all, size)));
		buf_free(&text);
		buf_free(&back);
	}
}

static void test_hex_and_percent(void **state)
{
	uint8_t bytes[3];
	char text[7];
	assert_int_equal(hex_decode(span_str("00fFa1"), bytes, 3), OK);
	hex_text(text, bytes, 3);
	assert_string_equal(text, "00ffa1");
	assert_int_equal(hex_decode(span_str("00fg"), bytes, 2), ERR_FIELD_VALUE);
	assert_int_equal(hex_decode(span_str("00f"), bytes, 2), ERR_FIELD_VALUE);
	struct buf b;
	buf_init(&b, 100);
	assert_int_equal(url_decode(&b, span_str("a%20b+c%C3%A9"), true), OK);
	assert_string_equal(buf_str(&b), "a b c\xc3\xa9");
	buf_reset(&b);
	assert_int_equal(url_decode(&b, span_str("%2"), false), ERR_BAD_REQUEST);
	buf_reset(&b);
	assert_int_equal(url_decode(&b, span_str("%zz"), false), ERR_BAD_REQUEST);
	buf_reset(&b);
	url_encode(&b, span_str("a b~\xc3\xa9"));
	assert_string_equal(buf_str(&b), "a%20b~%C3%A9");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rfc4648),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_every_byte_survives),
	    cmocka_unit_test(test_hex_and_percent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
