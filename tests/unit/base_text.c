/* Does text from people get judged as the contract says? */
#include "unit.h"

#include "base/text.h"

static void test_cpf(void **state)
{
	char out[CPF_SIZE];
	bool repeated = false;
	assert_int_equal(cpf_parse(span_str("529.982.247-25"), out, &repeated), OK);
	assert_string_equal(out, "52998224725");
	assert_false(repeated);
	assert_int_equal(cpf_parse(span_str("52998224725"), out, &repeated), OK);
	assert_int_equal(cpf_parse(span_str("111.111.111-11"), out, &repeated), OK);
	assert_true(repeated);
	static const char *const bad[] = {"529.982.247-24", "529982247-25", "5299822472",
	    "529.982.247.25", "", "abcdefghijk", "529.982.247-2a", "123.456.789-00"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(cpf_parse(span_str(bad[i]), out, &repeated), ERR_CPF);
}

static void test_placeholders(void **state)
{
	assert_true(span_equal_str(text_placeholder(span_str("{a_1} b")), "a_1"));
	static const char *const none[] = {
	    "", "{", "{}", "{a", "a{b}", "{A}", "{a b}", "{a{b}}", "xab}"};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_int_equal(text_placeholder(span_str(none[i])).size, 0);
}

static void test_masks(void **state)
{
	char cpf[15];
	struct buf b;
	buf_init(&b, 100);
	cpf_mask("52998224725", cpf);
	assert_string_equal(cpf, "***.982.247-**");
	email_mask("john.sample@test.com", &b);
	assert_string_equal(buf_str(&b), "j***@t***.com");
	buf_reset(&b);
	phone_mask("55", "11", "988878722", &b);
	assert_string_equal(buf_str(&b), "+55 11 *****-8722");
	buf_free(&b);
}

static void test_ids(void **state)
{
	assert_true(text_is_id(span_str("814e7ed3-4080-4cae-a853-8e12812817ea")));
	assert_true(text_is_id(span_str("1")));
	assert_true(text_is_id(span_str("a.b_C-9")));
	assert_true(text_is_id(span_str("...")));
	static const char *const bad[] = {"", ".", "..", "a b", "a/b", "\xc3\xa9", "a%",
	    "12345678901234567890123456789012345678901234567890123456789012345"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(text_is_id(span_str(bad[i])));
}

static void test_emails(void **state)
{
	static const char *const good[] = {
	    "a@b.co", "john.o'neil+x@test.example.com", "x_y@a-b.io"};
	static const char *const bad[] = {"", "a", "@b.co", "a@", "a@b", "a@b.", "a@.co",
	    "a b@c.co", "a@b..co", "a@-b.co", "a@b.co\r\nBcc: x@y.z", "a@@b.co", "a@b@c.co",
	    "a,b@c.co", "<a@b.co>", "\xc3\xa9@b.co"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(text_is_email(span_str(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(text_is_email(span_str(bad[i])));
}

static void test_utf8(void **state)
{
	assert_true(
	    text_is_clean(span_str("Jos\xc3\xa9 \xe5\xb1\xb1\xe7\x94\xb0 \xf0\x9f\x98\x80")));
	static const char *const bad[] = {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
	    "\xe2\x82", "\x80", "\xe0\x80\x80"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(text_is_utf8(span_str(bad[i])));
	assert_false(text_is_clean(span_str("a\x1b[0m")));
	assert_false(text_is_clean(span_str("a\nb")));
	assert_false(text_is_clean(span_str("a\xe2\x80\xae"
					    "b")));
	assert_int_equal(text_length(span_str("Jos\xc3\xa9")), 4);
}

static void test_folding(void **state)
{
	static const char *const rows[][2] = {{"S\u00e3o JOS\u00c9", "sao jose"},
	    {"\u039f\u03c2", "\u03bf\u03c3"}, {"Sa\u0303o  Jose\u0301!", "sao jose"},
	    {"Stra\u00dfe & \u00c6r\u00f8", "strasse aero"}, {"\u0141\u00f3d\u017a", "lodz"},
	    {"\u1ea0nh", "anh"}, {"ACME-Corp.com", "acme corp com"},
	    {"\u041c\u043e\u0441\u043a\u0432\u0430", "\u043c\u043e\u0441\u043a\u0432\u0430"},
	    {"\u0391\u03b8\u03ae\u03bd\u03b1", "\u03b1\u03b8\u03b7\u03bd\u03b1"},
	    {"\u5c71\u7530 7\u00d77", "\u5c71\u7530 7 7"}, {" -- ", ""}, {"", ""}};
	struct buf out;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		buf_init(&out, 256);
		text_fold(span_str(rows[i][0]), &out);
		assert_int_equal(buf_done(&out), OK);
		assert_string_equal(buf_str(&out), rows[i][1]);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cpf),
	    cmocka_unit_test(test_placeholders), cmocka_unit_test(test_masks),
	    cmocka_unit_test(test_ids), cmocka_unit_test(test_emails), cmocka_unit_test(test_utf8),
	    cmocka_unit_test(test_folding)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
