/*
 * Is a job held by one worker at a time, taken again when its lease ran out, and can nobody
 * end a job that is no longer his? Time is handed in, so nothing here waits.
 */
#include "store_support.h"

#include "base/log.h"
#include "store/jobs.h"

#include <pthread.h>

#define JOBS 400
#define LEASERS 4
#define LEASE_MS 1000

struct leasing {
	enum job_lane lane;
	int64_t now;
	size_t max, most;
	struct job_row jobs[16];
	size_t n;
	struct arena *arena;
};

static struct leasing leasing;
static int64_t whose; /* 0: the organisation's of store_support.h; -1: the whole store's */

static int setup(void **state)
{
	whose = 0;
	leasing = (struct leasing){.arena = arena_new(1 << 20)};
	return leasing.arena == NULL ? -1 : store_setup(state);
}

static int teardown(void **state)
{
	arena_free(leasing.arena);
	return store_teardown(state);
}

static enum err work_add(struct db *db, void *ctx)
{
	return store_job_add(db, ctx);
}

static void job_add(enum job_lane lane, int64_t run_at, const char *dedupe)
{
	struct job_new j = {.organisation = whose == 0  ? organisation
					    : whose > 0 ? whose
							: 0,
	    .envelope = 7,
	    .lane = lane,
	    .kind = "message",
	    .run_at = run_at,
	    .dedupe = dedupe,
	    .payload = span_str("payload"),
	    .now = 1};
	assert_int_equal(store_write(store, work_add, &j), OK);
}

static enum err work_lease(struct db *db, void *ctx)
{
	struct leasing *l = ctx;
	struct job_lease lease = {l->lane, l->now, LEASE_MS, l->max, l->most != 0 ? l->most : 1000};
	return store_jobs_lease(db, &lease, l->arena, l->jobs, &l->n);
}

static size_t lease(enum job_lane lane, int64_t now, size_t max)
{
	leasing.lane = lane;
	leasing.now = now;
	leasing.max = max;
	assert_int_equal(store_write(store, work_lease, &leasing), OK);
	return leasing.n;
}

struct ending {
	enum err (*end)(struct db *db, const struct job_row *job);
	struct job_row job;
	enum err then;
};

static enum err work_end(struct db *db, void *ctx)
{
	struct ending *e = ctx;
	TRY(e->end(db, &e->job));
	return e->then;
}

static enum err job_end(
    const struct job_row *job, enum err (*end)(struct db *db, const struct job_row *job))
{
	struct ending e = {.end = end, .job = *job};
	return store_write(store, work_end, &e);
}

static enum err retry_at_5000(struct db *db, const struct job_row *job)
{
	return store_job_retry(db, job, 5000, "mail server asleep");
}

static enum err back_at_100(struct db *db, const struct job_row *job)
{
	return store_job_give_back(db, job, 100);
}

static enum err bury_at_9000(struct db *db, const struct job_row *job)
{
	return store_job_bury(db, job, 9000, "gone for good");
}

static enum err extend_to_8000(struct db *db, const struct job_row *job)
{
	return store_job_extend(db, job, 8000);
}

static enum err work_next_time(struct db *db, void *ctx)
{
	return store_job_next_time(db, JOB_LANE_COURIER, -1, ctx);
}

static enum err work_next_after(struct db *db, void *ctx)
{
	int64_t *when = ctx;
	return store_job_next_time(db, JOB_LANE_COURIER, *when, when);
}

static int64_t next_time(void)
{
	int64_t when = -1;
	assert_int_equal(store_read(store, work_next_time, &when), OK);
	return when;
}

static void test_due_in_order_by_lane(void **state)
{
	job_add(JOB_LANE_COURIER, 300, NULL);
	job_add(JOB_LANE_COURIER, 200, NULL);
	job_add(JOB_LANE_PRESS, 100, NULL);
	assert_int_equal(lease(JOB_LANE_COURIER, 199, 16), 0);
	assert_int_equal(next_time(), 200);
	assert_int_equal(lease(JOB_LANE_COURIER, 300, 1), 1);
	assert_int_equal(leasing.jobs[0].attempt, 1);
	assert_int_equal(leasing.jobs[0].organisation, organisation);
	assert_int_equal(leasing.jobs[0].envelope, 7);
	assert_string_equal(leasing.jobs[0].kind, "message");
	assert_true(span_equal_str(leasing.jobs[0].payload, "payload"));
	assert_int_equal(leasing.jobs[0].lease_until, 1300);
	assert_int_equal(next_time(), 300); /* the one run_at 200 is taken */
	assert_int_equal(lease(JOB_LANE_COURIER, 300, 16), 1);
	assert_int_equal(next_time(), 1300);
	assert_int_equal(lease(JOB_LANE_PRESS, 300, 16), 1);
	assert_int_equal(job_end(&leasing.jobs[0], store_job_done), OK);
	assert_int_equal(lease(JOB_LANE_PRESS, INT64_MAX / 2, 16), 0);
}

static void test_dedupe(void **state)
{
	job_add(JOB_LANE_COURIER, 1, "invite.7.1");
	job_add(JOB_LANE_COURIER, 2, "invite.7.1");
	job_add(JOB_LANE_COURIER, 3, NULL);
	job_add(JOB_LANE_COURIER, 3, NULL);
	assert_int_equal(lease(JOB_LANE_COURIER, 10, 16), 3);
}

static void test_expired_lease_is_taken_again(void **state)
{
	job_add(JOB_LANE_COURIER, 1, NULL);
	assert_int_equal(lease(JOB_LANE_COURIER, 10, 16), 1);
	struct job_row slow = leasing.jobs[0];
	assert_int_equal(lease(JOB_LANE_COURIER, 10 + LEASE_MS - 1, 16), 0);
	assert_int_equal(lease(JOB_LANE_COURIER, 10 + LEASE_MS, 16), 1);
	assert_int_equal(leasing.jobs[0].attempt, 2);
	assert_int_equal(job_end(&slow, store_job_done), ERR_CONFLICT);
	assert_int_equal(job_end(&slow, retry_at_5000), ERR_CONFLICT);
	assert_int_equal(job_end(&slow, back_at_100), ERR_CONFLICT);
	assert_int_equal(job_end(&slow, bury_at_9000), ERR_CONFLICT);
	assert_int_equal(job_end(&slow, extend_to_8000), ERR_CONFLICT);
	assert_int_equal(job_end(&leasing.jobs[0], store_job_done), OK);
	assert_int_equal(job_end(&leasing.jobs[0], store_job_done), ERR_CONFLICT);
	assert_true(next_time() == INT64_MAX);
}

static void test_retry_give_back_extend(void **state)
{
	job_add(JOB_LANE_COURIER, 1, NULL);
	assert_int_equal(lease(JOB_LANE_COURIER, 10, 16), 1);
	assert_int_equal(job_end(&leasing.jobs[0], back_at_100), OK);
	assert_int_equal(next_time(), 100);
	assert_int_equal(lease(JOB_LANE_COURIER, 100, 16), 1);
	assert_int_equal(leasing.jobs[0].attempt, 1); /* giving back did not count */
	assert_int_equal(job_end(&leasing.jobs[0], retry_at_5000), OK);
	assert_int_equal(lease(JOB_LANE_COURIER, 4999, 16), 0);
	assert_int_equal(lease(JOB_LANE_COURIER, 5000, 16), 1);
	assert_int_equal(leasing.jobs[0].attempt, 2);
	assert_int_equal(job_end(&leasing.jobs[0], extend_to_8000), OK);
	assert_int_equal(lease(JOB_LANE_COURIER, 7999, 16), 0);
	assert_int_equal(lease(JOB_LANE_COURIER, 8000, 16), 1);
}

static enum err work_dead(struct db *db, void *ctx)
{
	struct job_dead dead[4];
	size_t n = 4;
	TRY(store_jobs_dead(db, 0, leasing.arena, dead, &n));
	ENSURE(n == 1 && dead[0].dead_at == 9000 && dead[0].attempt == 1, ERR_STORE);
	ENSURE(strcmp(dead[0].error, "gone for good") == 0, ERR_STORE);
	*(int64_t *)ctx = dead[0].row;
	return OK;
}

static enum err work_revive(struct db *db, void *ctx)
{
	int64_t row = *(int64_t *)ctx;
	ENSURE(store_job_revive(db, organisation + 1, row, 9500) == ERR_NOT_FOUND, ERR_STORE);
	return store_job_revive(db, organisation, row, 9500);
}

static void test_bury_and_revive(void **state)
{
	int64_t row = 0;
	job_add(JOB_LANE_COURIER, 1, NULL);
	assert_int_equal(lease(JOB_LANE_COURIER, 10, 16), 1);
	assert_int_equal(job_end(&leasing.jobs[0], bury_at_9000), OK);
	assert_true(next_time() == INT64_MAX);
	assert_int_equal(lease(JOB_LANE_COURIER, INT64_MAX / 2, 16), 0);
	assert_int_equal(store_read(store, work_dead, &row), OK);
	assert_int_equal(store_write(store, work_revive, &row), OK);
	assert_int_equal(lease(JOB_LANE_COURIER, 9500, 16), 1);
	assert_int_equal(leasing.jobs[0].attempt, 1);
}

static enum err work_release_all(struct db *db, void *ctx)
{
	return store_jobs_release_all(db, 20);
}

static void test_release_all_at_start(void **state)
{
	job_add(JOB_LANE_COURIER, 1, NULL);
	assert_int_equal(lease(JOB_LANE_COURIER, 10, 16), 1);
	struct job_row before = leasing.jobs[0];
	assert_int_equal(lease(JOB_LANE_COURIER, 20, 16), 0);
	assert_int_equal(store_write(store, work_release_all, NULL), OK);
	assert_int_equal(job_end(&before, store_job_done), ERR_CONFLICT);
	assert_int_equal(lease(JOB_LANE_COURIER, 20, 16), 1);
}

/* A job's end and its effect share a fate. */
static void test_end_rolls_back_with_its_work(void **state)
{
	job_add(JOB_LANE_COURIER, 1, NULL);
	assert_int_equal(lease(JOB_LANE_COURIER, 10, 16), 1);
	struct ending e = {store_job_done, leasing.jobs[0], ERR_INTERNAL};
	assert_int_equal(store_write(store, work_end, &e), ERR_INTERNAL);
	assert_int_equal(job_end(&leasing.jobs[0], store_job_done), OK);
}

struct leaser {
	pthread_t thread;
	int64_t rows[JOBS];
	size_t n;
};

static void *leaser_main(void *arg)
{
	struct leaser *l = arg;
	struct leasing mine = {.lane = JOB_LANE_COURIER, .now = 10, .max = 3};
	mine.arena = arena_new(1 << 20);
	while (mine.arena != NULL && store_write(store, work_lease, &mine) == OK && mine.n > 0)
		for (size_t i = 0; i < mine.n; i++)
			l->rows[l->n++] = mine.jobs[i].row;
	arena_free(mine.arena);
	return NULL;
}

static void test_no_job_twice(void **state)
{
	static struct leaser leasers[LEASERS];
	static unsigned held[JOBS + 1];
	for (int i = 0; i < JOBS; i++)
		job_add(JOB_LANE_COURIER, i % 10, NULL);
	for (int i = 0; i < LEASERS; i++)
		assert_int_equal(
		    pthread_create(&leasers[i].thread, NULL, leaser_main, &leasers[i]), 0);
	for (int i = 0; i < LEASERS; i++) {
		pthread_join(leasers[i].thread, NULL);
		for (size_t j = 0; j < leasers[i].n; j++)
			held[leasers[i].rows[j]]++;
	}
	for (int i = 1; i <= JOBS; i++)
		assert_int_equal(held[i], 1);
}

/* ---- organisations in turn ---- */

static void jobs_of(int64_t who, int count, int64_t run_at)
{
	whose = who;
	for (int i = 0; i < count; i++)
		job_add(JOB_LANE_COURIER, run_at + i, NULL);
}

static size_t leased_of(int64_t who)
{
	size_t count = 0;
	for (size_t i = 0; i < leasing.n; i++)
		count += leasing.jobs[i].organisation == who;
	return count;
}

static void test_a_flood_waits_its_turn(void **state)
{
	jobs_of(1001, 100, 1);
	jobs_of(1002, 3, 500);
	assert_int_equal(lease(JOB_LANE_COURIER, 600, 4), 4);
	assert_int_equal(leasing.jobs[0].organisation, 1001); /* it waits longest */
	assert_int_equal(leased_of(1001), 2);
	assert_int_equal(leased_of(1002), 2);
	jobs_of(1003, 1, 601);
	assert_int_equal(lease(JOB_LANE_COURIER, 700, 2), 2);
	assert_int_equal(leasing.jobs[0].organisation, 1003); /* it holds none */
	assert_int_equal(leasing.jobs[1].organisation, 1001);
	assert_int_equal(lease(JOB_LANE_COURIER, 700, 16), 16);
	assert_int_equal(leased_of(1002), 1); /* its last */
	assert_int_equal(leased_of(1001), 15);
}

static void test_of_one_organisation_the_longest_waiting(void **state)
{
	jobs_of(1001, 5, 10);
	assert_int_equal(lease(JOB_LANE_COURIER, 100, 3), 3);
	for (size_t i = 1; i < 3; i++)
		assert_true(leasing.jobs[i - 1].row < leasing.jobs[i].row);
}

static void test_nobody_holds_every_slot(void **state)
{
	leasing.most = 7;
	jobs_of(1001, 20, 1);
	assert_int_equal(lease(JOB_LANE_COURIER, 100, 8), 7);
	struct job_row done = leasing.jobs[3];
	assert_int_equal(lease(JOB_LANE_COURIER, 100, 1), 0);
	jobs_of(1002, 1, 100);
	assert_int_equal(lease(JOB_LANE_COURIER, 100, 1), 1);
	assert_int_equal(leased_of(1002), 1);
	assert_int_equal(job_end(&done, store_job_done), OK);
	assert_int_equal(lease(JOB_LANE_COURIER, 100, 1), 1);
	assert_int_equal(leased_of(1001), 1);
	/* A lease that ran out is held no more. */
	assert_int_equal(lease(JOB_LANE_COURIER, 100 + LEASE_MS, 16), 8);
}

static void test_jobs_of_the_store_have_no_such_limit(void **state)
{
	leasing.most = 1;
	jobs_of(-1, 4, 1);
	jobs_of(1001, 2, 1);
	assert_int_equal(lease(JOB_LANE_COURIER, 100, 16), 5);
	assert_int_equal(leased_of(0), 4);
}

static void test_what_is_later_than_the_lease(void **state)
{
	leasing.most = 1;
	jobs_of(1001, 2, 1);
	jobs_of(1002, 1, 900);
	assert_int_equal(lease(JOB_LANE_COURIER, 100, 16), 1);
	int64_t when = 100;
	assert_int_equal(store_read(store, work_next_after, &when), OK);
	assert_int_equal(when, 900); /* the one that waits for a slot is no reason to look */
}

int main(void)
{
#define JOB_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    JOB_TEST(test_due_in_order_by_lane),
	    JOB_TEST(test_dedupe),
	    JOB_TEST(test_expired_lease_is_taken_again),
	    JOB_TEST(test_retry_give_back_extend),
	    JOB_TEST(test_bury_and_revive),
	    JOB_TEST(test_release_all_at_start),
	    JOB_TEST(test_end_rolls_back_with_its_work),
	    JOB_TEST(test_no_job_twice),
	    JOB_TEST(test_a_flood_waits_its_turn),
	    JOB_TEST(test_of_one_organisation_the_longest_waiting),
	    JOB_TEST(test_nobody_holds_every_slot),
	    JOB_TEST(test_jobs_of_the_store_have_no_such_limit),
	    JOB_TEST(test_what_is_later_than_the_lease),
	};
	log_threshold(LOG_LEVEL_ERROR + 1); /* the failures here are wanted */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
