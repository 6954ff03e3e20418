/*
 * Does every committed job run, with its effect and its end in one commit, never twice at once,
 * and never more of a lane than its slots? What happens when the effect fails, the lease is
 * lost, the program stops, or starts anew?
 */
#include "store_support.h"

#include "base/clock.h"
#include "base/log.h"
#include "jobs/jobs.h"

#include <stdatomic.h>

#define DEADLINE_MS 20000

static atomic_int runs, at_once, most_at_once;
static atomic_bool is_held, is_effect_broken;
static const unsigned one_retry[] = {1, 0};

static bool wait_for(bool (*is_true)(void))
{
	int64_t end = clock_monotonic() + DEADLINE_MS;

	while (!is_true() && clock_monotonic() < end)
		usleep(2000);
	return is_true();
}

static bool is_run_once(void)
{
	return atomic_load(&runs) >= 1;
}

static bool is_run_ten(void)
{
	return atomic_load(&runs) >= 10;
}

static enum err effect(struct db *db, void *ctx)
{
	const struct job *job = ctx;
	char name[64];
	struct stored_setting s = {.name = name, .value = span_str("x")};

	snprintf(name, sizeof(name), "effect.%lld.%d", (long long)job->row.row, job->row.attempt);
	TRY(store_setting_set(db, organisation, &s));
	return atomic_load(&is_effect_broken) ? ERR_CONFLICT : OK;
}

static enum job_result run_effect(void *ctx, struct job *job)
{
	(void)ctx;
	enum job_result result = job_finished(job, JOB_DONE, effect, job);
	atomic_store(&is_effect_broken, false);
	atomic_fetch_add(&runs, 1);
	return result;
}

static enum job_result run_retry(void *ctx, struct job *job)
{
	(void)ctx;
	atomic_fetch_add(&runs, 1);
	return job_because(job, JOB_RETRY, "attempt %d failed", job->row.attempt);
}

/* courier is away twice, then the world says no. */
static enum job_result run_away(void *ctx, struct job *job)
{
	(void)ctx;
	assert_int_equal(job->row.attempt, 1);
	if (atomic_fetch_add(&runs, 1) < 2)
		return JOB_AGAIN;
	assert_false(job_is_last(job));
	return JOB_DONE;
}

static enum job_result run_slow(void *ctx, struct job *job)
{
	int now = atomic_fetch_add(&at_once, 1) + 1;

	(void)ctx;
	if (now > atomic_load(&most_at_once))
		atomic_store(&most_at_once, now);
	while (atomic_load(&is_held))
		usleep(1000);
	usleep(5000);
	atomic_fetch_sub(&at_once, 1);
	atomic_fetch_add(&runs, 1);
	return JOB_DONE;
}

static enum err release_all(struct db *db, void *ctx)
{
	(void)ctx;
	return store_jobs_release_all(db, clock_now() + CLOCK_HOUR);
}

/* Somebody else takes the lease away while the work goes on. */
static enum job_result run_robbed(void *ctx, struct job *job)
{
	(void)ctx;
	assert_int_equal(store_write(store, release_all, NULL), OK);
	assert_int_equal(job_finish(job, JOB_DONE, effect, job), ERR_CONFLICT);
	atomic_fetch_add(&runs, 1);
	return JOB_AGAIN;
}

static enum job_result run_periodic(void *ctx, struct job *job)
{
	(void)ctx;
	atomic_fetch_add(&runs, 1);
	return job_because(job, JOB_BURY, "a periodic job goes on whatever happens");
}

static const struct job_handler handlers[] = {
    {.kind = "effect", .run = run_effect},
    {.kind = "retry", .run = run_retry, .delays_s = one_retry},
    {.kind = "slow", .run = run_slow},
    {.kind = "robbed", .run = run_robbed},
    {.kind = "away", .run = run_away, .delays_s = one_retry},
};

#define HANDLERS (sizeof(handlers) / sizeof(handlers[0]))

static const struct job_handler periodic[] = {
    {.kind = "sweep", .run = run_periodic, .every_ms = CLOCK_HOUR},
};

static enum err add_work(struct db *db, void *ctx)
{
	return store_job_add(db, ctx);
}

static void add_of(int64_t whose, const char *kind, enum job_lane lane)
{
	struct job_new job = {.organisation = whose,
	    .lane = lane,
	    .kind = kind,
	    .run_at = clock_now(),
	    .now = clock_now(),
	    .payload = span_str("payload")};

	assert_int_equal(store_write(store, add_work, &job), OK);
}

static void add(const char *kind, enum job_lane lane)
{
	add_of(organisation, kind, lane);
}

static struct jobs *start(const struct job_handler *list, size_t count)
{
	struct jobs *j = NULL;
	struct jobs_config config = {.store = store,
	    .handlers = list,
	    .count = count,
	    .slots = {3, 3, 3}}; /* of one organisation two */

	assert_int_equal(jobs_start(&config, &j), OK);
	return j;
}

static void stop(struct jobs *j)
{
	assert_true(jobs_drain(j, DEADLINE_MS));
	jobs_free(j);
}

struct seen {
	struct arena *arena;
	size_t effects, dead;
	int64_t next[JOB_LANES];
	struct job_dead buried[8];
};

static enum err see_work(struct db *db, void *ctx)
{
	struct seen *s = ctx;
	struct stored_setting settings[32];

	s->effects = 32;
	TRY(store_setting_list(db, organisation, "effect.", s->arena, settings, &s->effects));
	s->dead = 8;
	TRY(store_jobs_dead(db, 0, s->arena, s->buried, &s->dead));
	for (size_t i = 0; i < JOB_LANES; i++)
		TRY(store_job_next_time(db, (enum job_lane)i, -1, &s->next[i]));
	return OK;
}

static struct seen see(void)
{
	struct seen s = {.arena = arena_new(LIMIT_MB)};

	assert_int_equal(store_read(store, see_work, &s), OK);
	return s;
}

static void test_effect_and_end_together(void **state)
{
	struct jobs *j = start(handlers, HANDLERS);

	add("effect", JOB_LANE_FRONT);
	jobs_wake(j);
	assert_true(wait_for(is_run_once));
	stop(j);
	struct seen s = see();
	assert_int_equal(atomic_load(&runs), 1);
	assert_int_equal(s.effects, 1);
	assert_true(s.next[JOB_LANE_FRONT] == INT64_MAX);
	arena_free(s.arena);
}

static void test_failed_effect_leaves_nothing(void **state)
{
	struct jobs *j = start(handlers, HANDLERS);

	atomic_store(&is_effect_broken, true);
	add("effect", JOB_LANE_FRONT);
	jobs_wake(j);
	assert_true(wait_for(is_run_once));
	stop(j);
	struct seen s = see();
	assert_int_equal(s.effects, 0);
	assert_true(s.next[JOB_LANE_FRONT] < clock_now() + 2 * CLOCK_SECOND);
	arena_free(s.arena);
}

static bool is_buried(void)
{
	struct seen s = see();

	arena_free(s.arena);
	return s.dead == 1;
}

static void test_retry_then_buried(void **state)
{
	struct jobs *j = start(handlers, HANDLERS);
	int64_t begin = clock_monotonic();

	add("retry", JOB_LANE_COURIER);
	jobs_wake(j);
	assert_true(wait_for(is_buried));
	assert_true(clock_monotonic() - begin >= 900);
	stop(j);
	struct seen s = see();
	assert_int_equal(atomic_load(&runs), 2);
	assert_int_equal(s.buried[0].attempt, 2);
	assert_string_equal(s.buried[0].error, "attempt 2 failed");
	arena_free(s.arena);
}

static bool is_run_thrice(void)
{
	return atomic_load(&runs) == 3;
}

static void test_our_own_absence_is_no_attempt(void **state)
{
	struct jobs *j = start(handlers, HANDLERS);

	add("away", JOB_LANE_COURIER);
	jobs_wake(j);
	assert_true(wait_for(is_run_thrice));
	stop(j);
	struct seen s = see();
	assert_int_equal(s.dead, 0);
	assert_true(s.next[JOB_LANE_COURIER] == INT64_MAX);
	arena_free(s.arena);
}

static void test_unknown_kind_is_kept_for_the_operator(void **state)
{
	struct jobs *j = start(handlers, HANDLERS);

	add("nobody", JOB_LANE_FRONT);
	jobs_wake(j);
	assert_true(wait_for(is_buried));
	stop(j);
}

static bool is_full(void)
{
	return atomic_load(&at_once) == 2;
}

static void test_lane_bounds(void **state)
{
	struct jobs *j = start(handlers, HANDLERS);

	atomic_store(&is_held, true);
	for (int i = 0; i < 9; i++)
		add("slow", JOB_LANE_PRESS);
	jobs_wake(j);
	assert_true(wait_for(is_full));
	add("effect", JOB_LANE_COURIER); /* a full lane does not hold up another */
	jobs_wake(j);
	assert_true(wait_for(is_run_once));
	atomic_store(&is_held, false);
	assert_true(wait_for(is_run_ten));
	stop(j);
	assert_int_equal(atomic_load(&most_at_once), 2);
	assert_int_equal(atomic_load(&runs), 10);
}

static void test_a_flood_leaves_a_slot_for_others(void **state)
{
	struct jobs *j = start(handlers, HANDLERS);

	atomic_store(&is_held, true);
	for (int i = 0; i < 9; i++)
		add_of(organisation + 1, "slow", JOB_LANE_PRESS);
	jobs_wake(j);
	assert_true(wait_for(is_full));
	add("effect", JOB_LANE_PRESS);
	jobs_wake(j);
	assert_true(wait_for(is_run_once)); /* while the others are held */
	atomic_store(&is_held, false);
	assert_true(wait_for(is_run_ten));
	stop(j);
	assert_int_equal(atomic_load(&most_at_once), 2);
}

static void test_lost_lease_keeps_nothing(void **state)
{
	struct jobs *j = start(handlers, HANDLERS);

	add("robbed", JOB_LANE_FRONT);
	jobs_wake(j);
	assert_true(wait_for(is_run_once));
	stop(j);
	struct seen s = see();
	assert_int_equal(s.effects, 0);
	assert_true(s.next[JOB_LANE_FRONT] > clock_now() + CLOCK_MINUTE);
	arena_free(s.arena);
}

static void test_drain_finishes_what_runs(void **state)
{
	struct jobs *j = start(handlers, HANDLERS);

	atomic_store(&is_held, true);
	for (int i = 0; i < 4; i++)
		add("slow", JOB_LANE_FRONT);
	jobs_wake(j);
	assert_true(wait_for(is_full));
	assert_false(jobs_drain(j, 10));
	atomic_store(&is_held, false);
	stop(j);
	assert_int_equal(atomic_load(&runs), 2); /* the other two were never leased */
	struct seen s = see();
	assert_true(s.next[JOB_LANE_FRONT] <= clock_now());
	arena_free(s.arena);
}

static enum err steal_work(struct db *db, void *ctx)
{
	struct job_row row;
	size_t n;

	struct job_lease lease = {JOB_LANE_FRONT, clock_now(), CLOCK_HOUR, 1, 1};
	return store_jobs_lease(db, &lease, ctx, &row, &n);
}

static void test_leases_of_a_dead_scheduler(void **state)
{
	struct arena *arena = arena_new(LIMIT_MB);

	add("effect", JOB_LANE_FRONT);
	assert_int_equal(store_write(store, steal_work, arena), OK);
	arena_free(arena);
	struct jobs *j = start(handlers, HANDLERS);
	assert_true(wait_for(is_run_once));
	stop(j);
}

static void test_periodic_once_across_restarts(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct jobs *j = start(periodic, 1);
		assert_true(wait_for(is_run_once));
		stop(j);
	}
	struct seen s = see();
	assert_int_equal(atomic_load(&runs), 1);
	assert_int_equal(s.dead, 0);
	assert_in_range(
	    s.next[JOB_LANE_FRONT], clock_now() + 50 * CLOCK_MINUTE, clock_now() + CLOCK_HOUR);
	arena_free(s.arena);
}

static int setup(void **state)
{
	atomic_store(&runs, 0);
	atomic_store(&at_once, 0);
	atomic_store(&most_at_once, 0);
	atomic_store(&is_held, false);
	atomic_store(&is_effect_broken, false);
	return store_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_effect_and_end_together, setup, store_teardown),
	    cmocka_unit_test_setup_teardown(
		test_failed_effect_leaves_nothing, setup, store_teardown),
	    cmocka_unit_test_setup_teardown(test_retry_then_buried, setup, store_teardown),
	    cmocka_unit_test_setup_teardown(
		test_our_own_absence_is_no_attempt, setup, store_teardown),
	    cmocka_unit_test_setup_teardown(
		test_unknown_kind_is_kept_for_the_operator, setup, store_teardown),
	    cmocka_unit_test_setup_teardown(test_lane_bounds, setup, store_teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_flood_leaves_a_slot_for_others, setup, store_teardown),
	    cmocka_unit_test_setup_teardown(test_lost_lease_keeps_nothing, setup, store_teardown),
	    cmocka_unit_test_setup_teardown(test_drain_finishes_what_runs, setup, store_teardown),
	    cmocka_unit_test_setup_teardown(test_leases_of_a_dead_scheduler, setup, store_teardown),
	    cmocka_unit_test_setup_teardown(
		test_periodic_once_across_restarts, setup, store_teardown),
	};

	log_threshold(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
