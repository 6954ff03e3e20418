/*
 * Does each take its turn at the places for slow work, and can nobody have them all? The pool runs
 * stand-ins for requests here, which stay where they are until they are let go.
 */
#include "unit.h"

#include "http/pool.c"

#include <fcntl.h>
#include <stdatomic.h>

#define REQUESTS 40
#define DEADLINE_MS 20000

static struct exchange requests[REQUESTS];
static sem_t may_end[REQUESTS];
static atomic_int order[REQUESTS], begun;

void exchange_run(struct exchange *x)
{
	size_t i = (size_t)(x - requests);

	atomic_store(&order[atomic_fetch_add(&begun, 1)], (int)i);
	while (sem_wait(&may_end[i]) != 0)
		continue;
}

static struct pool *pool;
static int wake;
static size_t made;

static int setup(void **state)
{
	made = 0;
	atomic_store(&begun, 0);
	memset(requests, 0, sizeof(requests));
	for (size_t i = 0; i < REQUESTS; i++)
		sem_init(&may_end[i], 0, 0);
	wake = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return pool_new(4, 20, wake, &pool) == OK ? 0 : -1; /* three places for slow work */
}

static int teardown(void **state)
{
	for (size_t i = 0; i < REQUESTS; i++)
		sem_post(&may_end[i]);
	pool_free(pool);
	return close(wake);
}

static bool submit(uint64_t share, bool is_slow)
{
	struct exchange *x = &requests[made++];

	x->share = share;
	x->is_slow = is_slow;
	return pool_submit(pool, x);
}

/* Waits until so many have begun. Nothing else begins by itself then, because nobody is let go. */
static void expect_begun(int count)
{
	int64_t end = clock_monotonic() + DEADLINE_MS;

	while (atomic_load(&begun) < count && clock_monotonic() < end)
		usleep(1000);
	assert_int_equal(atomic_load(&begun), count);
}

static uint64_t share_of(int nth)
{
	return requests[atomic_load(&order[nth])].share;
}

static void test_one_who_floods_leaves_a_place(void **state)
{
	for (int i = 0; i < 6; i++)
		assert_true(submit(1, true));
	expect_begun(2);
	assert_true(submit(2, true));
	expect_begun(3);
	assert_int_equal(share_of(2), 2);
	assert_true(submit(0, false)); /* and quick work has the fourth */
	expect_begun(4);
}

static void test_the_next_is_of_who_has_fewest(void **state)
{
	for (int i = 0; i < 5; i++)
		assert_true(submit(1, true)); /* 0 and 1 run */
	expect_begun(2);
	for (int i = 0; i < 3; i++)
		assert_true(submit(2, true)); /* 5 runs */
	expect_begun(3);
	assert_true(submit(3, true)); /* 8 waits, the last of all */
	sem_post(&may_end[0]);
	expect_begun(4);
	assert_int_equal(share_of(3), 3);
	sem_post(&may_end[atomic_load(&order[3])]);
	expect_begun(5);
	assert_int_equal(atomic_load(&order[4]), 2); /* one and one: the oldest */
	sem_post(&may_end[5]);
	expect_begun(6);
	assert_int_equal(atomic_load(&order[5]), 6); /* the second has none now */
}

static void test_nobody_fills_the_queue(void **state)
{
	size_t taken = 0;

	for (int i = 0; i < 2; i++)
		assert_true(submit(1, true));
	expect_begun(2);
	while (submit(1, true))
		taken++;
	assert_int_equal(taken, 10); /* half of it */
	assert_true(submit(2, true));
	assert_true(submit(0, false));
	expect_begun(4);
}

static void test_alone_it_has_all_but_one(void **state)
{
	for (int i = 0; i < 9; i++)
		assert_true(submit(7, true));
	expect_begun(2); /* 0 and 1, whichever says so first */
	for (int i = 0; i < 7; i++) {
		sem_post(&may_end[i]);
		expect_begun(3 + i);
		assert_int_equal(atomic_load(&order[2 + i]), 2 + i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_one_who_floods_leaves_a_place, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_the_next_is_of_who_has_fewest, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_nobody_fills_the_queue, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_alone_it_has_all_but_one, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
