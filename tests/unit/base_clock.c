/* Are dates, times and zones what the calendar says? */
#include "unit.h"

#include "base/clock.h"

static void test_formats(void **state)
{
	char text[CLOCK_TEXT_SIZE];
	int64_t t =
	    INT64_C(1793620800123); /* 2026-11-02T12:00:00.123Z by `date -u -d @1793620800` */
	clock_format_ms(t, text);
	assert_string_equal(text, "2026-11-02T12:00:00.123Z");
	clock_format_s(t, text);
	assert_string_equal(text, "2026-11-02T12:00:00Z");
	clock_format_http(t, text);
	assert_string_equal(text, "Mon, 02 Nov 2026 12:00:00 GMT");
	clock_format_zone(t, "America/Sao_Paulo", text);
	assert_string_equal(text, "2026-11-02 09:00:00 -03:00");
	clock_format_zone(t, "Asia/Kolkata", text);
	assert_string_equal(text, "2026-11-02 17:30:00 +05:30");
	clock_format_ms(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999Z");
}

static void test_end_of_day_in_sao_paulo(void **state)
{
	struct date d;
	int64_t start = 0;
	char text[CLOCK_TEXT_SIZE];
	assert_int_equal(date_parse(span_str("2023-09-20"), &d), OK);
	assert_int_equal(date_start(date_next(d), "America/Sao_Paulo", &start), OK);
	clock_format_s(start - 1000, text);
	assert_string_equal(text, "2023-09-21T02:59:59Z");
}

static void test_daylight_saving(void **state)
{
	struct date d = {
	    2018, 11, 4}; /* Sao Paulo began summer time this day: midnight did not exist */
	int64_t start = 0;
	assert_int_equal(date_start(d, "America/Sao_Paulo", &start), OK);
	char text[CLOCK_TEXT_SIZE];
	clock_format_s(start, text);
	assert_true(
	    strcmp(text, "2018-11-04T03:00:00Z") == 0 || strcmp(text, "2018-11-04T02:00:00Z") == 0);
	assert_int_equal(date_start(d, "Mars/Olympus", &start), ERR_ZONE);
	assert_int_equal(date_start(d, "../etc/passwd", &start), ERR_ZONE);
	assert_true(zone_known("UTC"));
	assert_false(zone_known(""));
}

static void test_bad_dates(void **state)
{
	static const char *const bad[] = {"2023-02-29", "2023-13-01", "2023-00-10", "2023-1-1",
	    "20230101", "2023-01-32", "2023-01-00", "0000-01-01", "2023-01-01 ", " 2023-01-01",
	    "2023/01/01", "", "2100-02-29"};
	struct date d;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(date_parse(span_str(bad[i]), &d), ERR_DATE);
	assert_int_equal(date_parse(span_str("2024-02-29"), &d), OK);
	assert_int_equal(date_parse(span_str("2000-02-29"), &d), OK);
}

static void test_parse_back(void **state)
{
	int64_t t = 0;
	assert_int_equal(clock_parse(span_str("2026-11-02T12:00:00.123Z"), &t), OK);
	assert_true(t == INT64_C(1793620800123));
	assert_int_equal(clock_parse(span_str("2026-11-02T09:00:00-03:00"), &t), OK);
	assert_true(t == INT64_C(1793620800000));
	assert_int_equal(clock_parse(span_str("1970-01-02"), &t), OK);
	assert_true(t == CLOCK_DAY);
	assert_int_equal(clock_parse(span_str("2026-11-02T12:00:00"), &t), ERR_DATE);
	assert_int_equal(clock_parse(span_str("2026-11-02T24:00:00Z"), &t), ERR_DATE);
	assert_int_equal(clock_parse(span_str("2026-11-02T12:00:00.Z"), &t), ERR_DATE);
	assert_int_equal(clock_parse(span_str("2026-11-02T12:00:00+3:00"), &t), ERR_DATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_formats),
	    cmocka_unit_test(test_end_of_day_in_sao_paulo),
	    cmocka_unit_test(test_daylight_saving),
	    cmocka_unit_test(test_bad_dates),
	    cmocka_unit_test(test_parse_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
