/* Is each address counted by itself, within its minute, in bounded memory? */
#include "unit.h"

#include "auth/rate.h"
#include "base/clock.h"

#include <stdio.h>

#define NOW INT64_C(1767225600000)

static struct rates *limited(int64_t limit)
{
	struct rates *r = NULL;
	const int64_t limits[RATE_KINDS] = {limit, limit, limit, limit, limit};
	assert_int_equal(rates_new(limits, &r), OK);
	return r;
}

static void test_limit_and_minute(void **state)
{
	struct rates *r = limited(3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rate_count(r, RATE_LINK, "192.0.2.1", NOW), 0);
	assert_int_equal(rate_count(r, RATE_LINK, "192.0.2.1", NOW), 60);
	assert_int_equal(rate_count(r, RATE_LINK, "192.0.2.1", NOW + 59001), 1);
	assert_int_equal(rate_count(r, RATE_LINK, "192.0.2.1", NOW + 60000), 0);
	rates_free(r);
}

static void test_kinds_and_addresses_apart(void **state)
{
	static const char *const others[] = {
	    "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1", "", "?"};
	struct rates *r = limited(1);
	assert_int_equal(rate_count(r, RATE_KEY, "192.0.2.1", NOW), 0);
	assert_true(rate_count(r, RATE_KEY, "192.0.2.1", NOW) > 0);
	assert_int_equal(rate_count(r, RATE_LINK, "192.0.2.1", NOW), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(rate_count(r, RATE_KEY, others[i], NOW), 0);
	assert_true(rate_count(r, RATE_KEY, others[4], NOW) > 0); /* no address either */
	rates_free(r);
}

static void test_one_customer_has_a_whole_64(void **state)
{
	struct rates *r = limited(1);
	assert_int_equal(rate_count(r, RATE_KEY, "2001:db8::1", NOW), 0);
	assert_true(rate_count(r, RATE_KEY, "2001:db8::ffff:2", NOW) > 0);
	assert_true(rate_count(r, RATE_KEY, "2001:db8:0:0:8::2", NOW) > 0);
	rates_free(r);
}

static void test_no_limit(void **state)
{
	struct rates *r = limited(0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(rate_count(r, RATE_CHECK, "192.0.2.1", NOW), 0);
	rates_free(r);
}

/* A flood from everywhere costs the flooders their own places, and no memory. */
static void test_flood(void **state)
{
	char address[32];
	unsigned refused = 0;
	struct rates *r = limited(1);
	for (unsigned i = 0; i < 200000; i++) {
		snprintf(address, sizeof(address), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		refused += rate_count(r, RATE_KEY, address, NOW + i / 1000) > 0;
	}
	assert_int_equal(refused, 0);
	snprintf(address, sizeof(address), "10.%u.%u.%u", 3, 13, 63); /* the last one */
	assert_true(rate_count(r, RATE_KEY, address, NOW + 300) > 0);
	rates_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_limit_and_minute),
	    cmocka_unit_test(test_kinds_and_addresses_apart),
	    cmocka_unit_test(test_one_customer_has_a_whole_64),
	    cmocka_unit_test(test_no_limit),
	    cmocka_unit_test(test_flood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
