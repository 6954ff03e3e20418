/*
 * Whose word about an address counts? Networks, and lists the operator may get wrong.
 */
#include "http/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool trusts(const char *network, const char *text)
{
	const char *const list[] = {network, NULL};
	struct proxies *p = NULL;
	struct address a;

	assert_int_equal(proxies_new(list, &p), OK);
	assert_true(address_parse(span_str(text), &a));
	bool result = proxies_trust(p, &a);
	proxies_free(p);
	return result;
}

static void test_networks(void **state)
{
	assert_true(trusts("10.0.0.0/8", "10.255.255.255"));
	assert_false(trusts("10.0.0.0/8", "11.0.0.0"));
	assert_true(trusts("10.0.0.0/9", "10.127.0.1"));
	assert_false(trusts("10.0.0.0/9", "10.128.0.1"));
	assert_true(trusts("10.1.2.3", "10.1.2.3"));
	assert_false(trusts("10.1.2.3", "10.1.2.2"));
	assert_true(trusts("10.1.2.3/31", "10.1.2.2"));
	assert_true(trusts("0.0.0.0/0", "203.0.113.1"));
	assert_false(trusts("0.0.0.0/0", "2001:db8::1"));
	assert_true(trusts("2001:db8::/32", "2001:db8:ffff::1"));
	assert_false(trusts("2001:db8::/32", "2001:db9::1"));
	assert_true(trusts("::/0", "10.1.2.3"));
	assert_true(trusts("10.1.2.3", "::ffff:10.1.2.3"));
}

static void test_wrong_lists(void **state)
{
	static const char *const wrong[] = {"", "x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
	    "10.0.0.0/8x", "10.0.0/8", "::/129", "example.org", "/8", "10.0.0.0/ 8"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *const list[] = {"127.0.0.1", wrong[i], NULL};
		struct proxies *p = NULL;
		assert_int_equal(proxies_new(list, &p), ERR_CONFIG);
	}
}

static void test_addresses(void **state)
{
	static const char *const good[][2] = {{"1.2.3.4", "1.2.3.4"}, {" 1.2.3.4:80 ", "1.2.3.4"},
	    {"[2001:DB8::1]:80", "2001:db8::1"}, {"[::1]", "::1"}, {"::ffff:1.2.3.4", "1.2.3.4"}};
	static const char *const bad[] = {"", " ", "unknown", "_hidden", "1.2.3", "1.2.3.4.5",
	    "[::1", "256.1.1.1", "1.2.3.4;x", "01.2.3.4"};
	struct address a;
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(address_parse(span_str(good[i][0]), &a));
		address_text(&a, text);
		assert_string_equal(text, good[i][1]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(address_parse(span_str(bad[i]), &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_networks),
	    cmocka_unit_test(test_wrong_lists),
	    cmocka_unit_test(test_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
