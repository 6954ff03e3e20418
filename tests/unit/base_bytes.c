/* Do spans and bufs keep their bounds, and does the first failure stick? */
#include "unit.h"

#include "base/bytes.h"

static void test_limit_sticks(void **state)
{
	struct buf b;
	buf_init(&b, 8);
	buf_put_str(&b, "12345678");
	assert_int_equal(buf_done(&b), OK);
	buf_put_byte(&b, '9');
	assert_int_equal(buf_done(&b), ERR_LIMIT);
	buf_put_str(&b, "");
	assert_int_equal(buf_done(&b), ERR_LIMIT);
	assert_int_equal(b.size, 8);
	buf_free(&b);
}

static void test_memory_fails(void **state)
{
	struct buf b;
	buf_init(&b, 1000);
	mem_fail_at(1);
	buf_put_str(&b, "x");
	assert_int_equal(buf_done(&b), ERR_MEMORY);
	mem_fail_at(0);
	buf_free(&b);
}

static void test_format_and_text(void **state)
{
	struct buf b;
	buf_init(&b, 4096);
	for (int i = 0; i < 100; i++)
		buf_format(&b, "%d,", i);
	assert_string_equal(buf_str(&b) + b.size - 3, "99,");
	assert_int_equal(strlen(buf_str(&b)), b.size);
	buf_reset(&b);
	assert_string_equal(buf_str(&b), "");
	buf_free(&b);
}

static void test_cut_and_trim(void **state)
{
	struct span rest = span_str("a;bb;;c");
	assert_true(span_equal_str(span_cut(&rest, ';'), "a"));
	assert_true(span_equal_str(span_cut(&rest, ';'), "bb"));
	assert_true(span_equal_str(span_cut(&rest, ';'), ""));
	assert_true(span_equal_str(span_cut(&rest, ';'), "c"));
	assert_int_equal(rest.size, 0);
	assert_true(span_equal_str(span_trim(span_str(" \t x y\r\n")), "x y"));
	assert_true(span_equal_nocase(span_str("Content-TYPE"), "content-type"));
	assert_false(span_equal_nocase(span_str("Content"), "content-type"));
	assert_true(span_starts(span_str("abc"), "ab"));
	assert_false(span_starts(span_str("a"), "ab"));
}

static void test_arena_cap(void **state)
{
	struct arena *a = arena_new(10000);
	assert_non_null(arena_alloc(a, 5000));
	assert_non_null(arena_alloc(a, 100));
	assert_string_equal(arena_format(a, "%s-%d", "x", 5), "x-5");
	assert_null(arena_alloc(a, 6000));
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_string(a, "x", SIZE_MAX));
	assert_non_null(arena_alloc(a, 10));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_limit_sticks),
	    cmocka_unit_test(test_memory_fails),
	    cmocka_unit_test(test_format_and_text),
	    cmocka_unit_test(test_cut_and_trim),
	    cmocka_unit_test(test_arena_cap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
