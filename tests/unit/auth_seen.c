/*
 * Does the table of seen signatures tell the first from the second, keep to its bounds, and say
 * when it may have forgotten one?
 */
#include "auth/seen.h"
#include "base/clock.h"

#include "unit.h"

#include <pthread.h>

#define LIMIT 512 /* the least a table holds: 64 buckets of 8 */

static struct seen *seen;

static int start(void **state)
{
	return seen_new(1, &seen) == OK ? 0 : -1;
}

static int stop(void **state)
{
	seen_free(seen);
	return 0;
}

/* One per number, spread over the buckets as a hash is. */
static void mark_make(uint64_t number, uint8_t mark[SHA256_SIZE])
{
	assert_int_equal(sha256(span_of(&number, sizeof(number)), mark), OK);
}

static enum seen_answer note(uint64_t number, unsigned tag, int64_t until, int64_t now)
{
	uint8_t mark[SHA256_SIZE];
	struct seen_mark m = {.mark = mark, .tag = tag, .until = until, .now = now};

	mark_make(number, mark);
	return seen_note(seen, &m);
}

static void the_second_is_told_from_the_first(void **state)
{
	uint8_t mark[SHA256_SIZE];

	assert_int_equal(note(1, 7, 100, 10), SEEN_NEW);
	assert_int_equal(note(1, 7, 100, 99), SEEN_SAME);
	assert_int_equal(note(1, 8, 100, 20), SEEN_OTHER);
	assert_int_equal(note(2, 7, 100, 20), SEEN_NEW);
	mark_make(1, mark);
	seen_spend(seen, mark);
	assert_int_equal(note(1, 7, 100, 20), SEEN_SPENT);
	assert_int_equal(note(1, 8, 100, 20), SEEN_OTHER);
	assert_int_equal(note(1, 8, 200, 100), SEEN_NEW); /* its time was over */
	assert_int_equal(note(1, 8, 200, 101), SEEN_SAME);
	assert_int_equal(seen_lost_until(seen), 0);
}

static void what_was_never_seen_cannot_be_spent(void **state)
{
	uint8_t mark[SHA256_SIZE];

	mark_make(3, mark);
	seen_spend(seen, mark);
	assert_int_equal(note(3, 1, 100, 10), SEEN_NEW);
}

static void a_full_table_says_until_when_it_forgot(void **state)
{
	unsigned known = 0;

	for (uint64_t i = 0; i < 20 * LIMIT; i++)
		assert_int_equal(note(i, 1, 1000 + (int64_t)i, 10), SEEN_NEW);
	for (uint64_t i = 20 * LIMIT - LIMIT / 2; i < 20 * LIMIT; i++)
		known += note(i, 1, 1000 + (int64_t)i, 10) == SEEN_SAME;
	assert_true(known > LIMIT / 3); /* the newest are there, but for full buckets */
	int64_t lost = seen_lost_until(seen);
	assert_true(lost >= 1000 + 18 * LIMIT && lost <= 1000 + 20 * LIMIT);
}

/* Those whose time is over give way first, and their loss is none. */
static void what_is_over_makes_room(void **state)
{
	for (uint64_t i = 0; i < 10 * LIMIT; i++)
		assert_int_equal(note(i, 1, 100, 10 + (int64_t)(i / 16) * 100), SEEN_NEW);
	assert_int_equal(seen_lost_until(seen), 0);
}

/* An integration without a window has marks of ten years: beside them there is room for others. */
static void no_mark_stays_for_ever(void **state)
{
	int64_t now = CLOCK_DAY, later = now + 3 * CLOCK_HOUR;

	for (uint64_t i = 0; i < 20 * LIMIT; i++)
		(void)note(i, 1, now + 3650 * CLOCK_DAY, now);
	assert_true(seen_lost_until(seen) < later);
	for (uint64_t i = 0; i < LIMIT / 8; i++)
		assert_int_equal(note(1000000 + i, 1, later + 1000, later), SEEN_NEW);
	for (uint64_t i = 0; i < LIMIT / 8; i++)
		assert_int_equal(note(1000000 + i, 1, later + 1000, later), SEEN_SAME);
}

static void *crowd(void *ctx)
{
	unsigned *first = ctx;

	for (uint64_t i = 0; i < 200; i++)
		*first += note(i * 7919, 1, 1000, 10) == SEEN_NEW;
	return NULL;
}

static void of_many_threads_one_is_first(void **state)
{
	pthread_t threads[8];
	unsigned first[8] = {0}, sum = 0;

	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, crowd, &first[i]), 0);
	for (size_t i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		sum += first[i];
	}
	assert_int_equal(sum, 200);
	assert_int_equal(seen_lost_until(seen), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_second_is_told_from_the_first),
	    TEST(what_was_never_seen_cannot_be_spent),
	    TEST(a_full_table_says_until_when_it_forgot),
	    TEST(what_is_over_makes_room),
	    TEST(no_mark_stays_for_ever),
	    TEST(of_many_threads_one_is_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
