/* Is a log line one event, whatever its values hold? */
#include "unit.h"

#include "base/log.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static int kept_stderr, ends[2];

static void catch_line(void)
{
	assert_int_equal(pipe(ends), 0);
	kept_stderr = dup(STDERR_FILENO);
	assert_true(kept_stderr >= 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
}

/* What was written, from the message on. */
static const char *caught(void)
{
	static char text[4096];
	assert_true(dup2(kept_stderr, STDERR_FILENO) >= 0);
	close(kept_stderr);
	close(ends[1]);
	ssize_t n = read(ends[0], text, sizeof text - 1);
	close(ends[0]);
	assert_true(n > 0);
	text[n] = 0;
	const char *from = strstr(text, "msg=");
	assert_non_null(from);
	return from;
}

static void test_values(void **state)
{
	static const struct {
		const char *value, *line;
	} rows[] = {
	    {"plain/value-1", "msg=\"m\" a=plain/value-1 b=2\n"},
	    {"", "msg=\"m\" a=\"\" b=2\n"},
	    {"two words", "msg=\"m\" a=\"two words\" b=2\n"},
	    {"x level=error", "msg=\"m\" a=\"x level=error\" b=2\n"},
	    {"x\" b=9 c=\"", "msg=\"m\" a=\"x\\\" b=9 c=\\\"\" b=2\n"},
	    {"x\\\" b=9", "msg=\"m\" a=\"x\\\\\\\" b=9\" b=2\n"},
	    {"k=v", "msg=\"m\" a=\"k=v\" b=2\n"},
	    {"1\nts=0 level=error", "msg=\"m\" a=\"1\\nts=0 level=error\" b=2\n"},
	    {"\r\t\x1b[2J\x7f", "msg=\"m\" a=\"\\r\\t\\x1b[2J\\x7f\" b=2\n"},
	    {"Jos\xc3\xa9", "msg=\"m\" a=\"Jos\xc3\xa9\" b=2\n"},
	    {NULL, "msg=\"m\" a=\"\" b=2\n"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		catch_line();
		log_info("m", "a=%s b=%d", rows[i].value, 2);
		assert_string_equal(caught(), rows[i].line);
	}
}

static void test_numbers(void **state)
{
	catch_line();
	log_error("m", "a=%d b=%u c=%o d=%zu e=%lld f=%llu", INT_MIN, UINT_MAX, 0600U, SIZE_MAX,
	    LLONG_MIN, ULLONG_MAX);
	assert_string_equal(caught(),
	    "msg=\"m\" a=-2147483648 b=4294967295 c=600 d=18446744073709551615 "
	    "e=-9223372036854775808 f=18446744073709551615\n");
}

/* A value cut by the line's length still ends its quotes and its line, and never within an
 * escape. */
static void test_long(void **state)
{
	char value[3000];
	for (size_t shift = 0; shift < 4; shift++) {
		memset(value, 'a', shift);
		memset(value + shift, '\n', sizeof value - 1 - shift);
		value[sizeof value - 1] = 0;
		catch_line();
		log_info("m", "a=%s b=%s", value, "x y");
		const char *line = caught();
		const char *end = strchr(line, '\n');
		assert_true(end != NULL && end[1] == 0 && end[-1] == '"');
		size_t escapes = 0;
		for (const char *c = line; *c != 0; c++)
			escapes += *c == '\\' && c[1] == 'n';
		assert_true(escapes > 500);
		assert_non_null(strstr(line, "\\n\""));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
