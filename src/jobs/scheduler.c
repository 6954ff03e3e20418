/*
 * The scheduling thread. It holds no list of jobs: each round asks the store for as many as a
 * lane has free slots, starts a thread for each, and sleeps until the earliest next one, a
 * finished job or a wake. Threads are short-lived, so an idle server has none.
 */
#include "jobs/scheduler.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define SLOTS_MAX 64
#define FAILED_WAIT_MS 1000
/* The clock of the wall may be set; tests move it. */
#ifdef CHIROGRAPH_TEST_SEAMS
#define SLEEP_MAX_MS 100
#else
#define SLEEP_MAX_MS 30000
#endif
#define JOB_ARENA_BYTES (16u * LIMIT_MB)
#define JOB_STACK_BYTES (1u * LIMIT_MB)

struct round {
	struct jobs *jobs;
	struct arena *arena;
	enum job_lane lane;
	size_t room, count;
	struct job_row rows[SLOTS_MAX];
	int64_t now;   /* of the lease; -1 before */
	int64_t next;  /* when the lane has its next job after that */
};

static void slot_free(struct jobs *j, enum job_lane lane)
{
	pthread_mutex_lock(&j->lock);
	j->running[lane]--;
	j->is_woken = true;
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
}

static void job_free(struct job *job)
{
	if (job != NULL)
		arena_free(job->arena);
	mem_free(job, sizeof(*job));
}

static void *run_thread(void *arg)
{
	struct job *job = arg;
	struct jobs *j = job->jobs;
	enum job_lane lane = job->row.lane;

	job_run(job);
	job_free(job);
	slot_free(j, lane);
	return NULL;
}

/* The job outlives the round: what it points at is copied. */
static bool job_copy(struct job *job, const struct job_row *row)
{
	job->row = *row;
	job->row.kind = arena_string(job->arena, row->kind, strlen(row->kind));
	uint8_t *payload = arena_alloc(job->arena, row->payload.size + 1);
	if (job->row.kind == NULL || payload == NULL)
		return false;
	if (row->payload.size > 0)
		memcpy(payload, row->payload.data, row->payload.size);
	job->row.payload = span_of(payload, row->payload.size);
	return true;
}

static struct job *job_make(struct jobs *j, const struct job_row *row)
{
	struct job *job = mem_alloc(sizeof(*job));
	if (job == NULL)
		return NULL;

	job->jobs = j;
	job->handler = job_handler_find(&j->config, row->kind);
	job->arena = arena_new(JOB_ARENA_BYTES);
	if (job->arena != NULL && job_copy(job, row))
		return job;
	job_free(job);
	return NULL;
}

static bool thread_start(struct job *job)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, JOB_STACK_BYTES);
	bool is_started = pthread_create(&thread, &attr, run_thread, job) == 0;
	pthread_attr_destroy(&attr);
	return is_started;
}

static enum err give_back(struct db *db, void *ctx)
{
	return store_job_give_back(db, ctx, clock_now() + FAILED_WAIT_MS);
}

static void row_start(struct jobs *j, struct job_row *row)
{
	struct job *job = job_make(j, row);

	pthread_mutex_lock(&j->lock);
	j->running[row->lane]++;
	pthread_mutex_unlock(&j->lock);
	if (job != NULL && thread_start(job))
		return;
	job_free(job);
	if (store_write(j->config.store, give_back, row) != OK)
		log_warn("a job was not given back; its lease will end", "job=%lld",
		    (long long)row->row);
	slot_free(j, row->lane);
}

/* ---- a round ---- */

static enum err look_work(struct db *db, void *ctx)
{
	struct round *r = ctx;

	return store_job_next_time(db, r->lane, r->now, &r->next);
}

static enum err lease_work(struct db *db, void *ctx)
{
	struct round *r = ctx;
	size_t slots = r->jobs->config.slots[r->lane];
	r->now = clock_now();
	struct job_lease lease = {.lane = r->lane,
	    .now = r->now,
	    .lease_ms = LIMIT_JOB_LEASE_MS,
	    .max = r->room,
	    .most = slots > LIMIT_LANE_SPARE ? slots - LIMIT_LANE_SPARE : slots};

	return store_jobs_lease(db, &lease, r->arena, r->rows, &r->count);
}

/* A read first: a round that finds nothing due costs no commit. */
static enum err lane_run(struct jobs *j, enum job_lane lane, size_t room, int64_t *next)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new(JOB_ARENA_BYTES);
	struct round r = {.jobs = j, .arena = arena, .lane = lane, .room = room, .now = -1};
	ENSURE(arena != NULL, ERR_MEMORY);

	TRY(store_read(j->config.store, look_work, &r));
	if (r.next <= clock_now()) {
		TRY(store_write(j->config.store, lease_work, &r));
		for (size_t i = 0; i < r.count; i++)
			row_start(j, &r.rows[i]);
		/* What is due and was not taken waits for a slot, its own or one of the lane. */
		r.next = INT64_MAX;
		if (r.count < room)
			TRY(store_read(j->config.store, look_work, &r));
	}
	*next = r.next < *next ? r.next : *next;
	return OK;
}

static size_t lane_room(struct jobs *j, enum job_lane lane)
{
	pthread_mutex_lock(&j->lock);
	size_t room = j->is_draining ? 0 : j->config.slots[lane] - j->running[lane];
	pthread_mutex_unlock(&j->lock);
	return room;
}

/* Milliseconds to sleep. */
static int64_t round_run(struct jobs *j)
{
	int64_t next = INT64_MAX;
	enum err failed = OK;

	for (enum job_lane lane = 0; lane < JOB_LANES; lane++) {
		size_t room = lane_room(j, lane);
		enum err e = room == 0 ? OK : lane_run(j, lane, room, &next);
		failed = failed != OK ? failed : e;
	}
	if (failed != OK) {
		log_error("jobs could not be leased", "error=%s", err_symbol(failed));
		return FAILED_WAIT_MS;
	}
	int64_t now = clock_now();
	if (next <= now)
		return 0;
	return next - now < SLEEP_MAX_MS ? next - now : SLEEP_MAX_MS;
}

static void sleep_until_changed(struct jobs *j, int64_t wait_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(wait_ms / 1000);
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&j->lock);
	while (!j->is_woken && !j->is_draining) {
		if (pthread_cond_timedwait(&j->changed, &j->lock, &until) == ETIMEDOUT)
			break;
	}
	j->is_woken = false;
	pthread_mutex_unlock(&j->lock);
}

bool jobs_is_draining(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	bool is_draining = j->is_draining;
	pthread_mutex_unlock(&j->lock);
	return is_draining;
}

static void *schedule(void *arg)
{
	struct jobs *j = arg;

	for (;;) {
		int64_t wait = round_run(j);
		if (jobs_is_draining(j))
			return NULL;
		sleep_until_changed(j, wait);
	}
}

/* ---- life ---- */

static void slots_default(struct jobs_config *c)
{
	static const unsigned usual[JOB_LANES] = {
	    [JOB_LANE_FRONT] = 2,
	    [JOB_LANE_PRESS] = LIMIT_PRESS_PARALLEL + LIMIT_LANE_SPARE,
	    [JOB_LANE_COURIER] = LIMIT_COURIER_PARALLEL + LIMIT_LANE_SPARE,
	    [JOB_LANE_WEBHOOK] = LIMIT_COURIER_PARALLEL + LIMIT_LANE_SPARE,
	};

	for (size_t i = 0; i < JOB_LANES; i++) {
		if (c->slots[i] == 0)
			c->slots[i] = usual[i];
		if (c->slots[i] > SLOTS_MAX)
			c->slots[i] = SLOTS_MAX;
	}
}

enum err jobs_start(const struct jobs_config *config, struct jobs **out)
{
	pthread_condattr_t attr;
	struct jobs *j = mem_alloc(sizeof(*j));
	ENSURE(j != NULL, ERR_MEMORY);

	j->config = *config;
	slots_default(&j->config);
	pthread_mutex_init(&j->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&j->changed, &attr);
	pthread_condattr_destroy(&attr);
	enum err e = jobs_periodic_add(j);
	if (e == OK && pthread_create(&j->thread, NULL, schedule, j) != 0)
		e = ERR_INTERNAL;
	if (e != OK)
		mem_free(j, sizeof(*j));
	else
		*out = j;
	return e;
}

void jobs_wake(struct jobs *j)
{
	if (j == NULL)
		return;
	pthread_mutex_lock(&j->lock);
	j->is_woken = true;
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
}

static bool is_idle(const struct jobs *j)
{
	for (size_t i = 0; i < JOB_LANES; i++) {
		if (j->running[i] > 0)
			return false;
	}
	return true;
}

bool jobs_drain(struct jobs *j, int timeout_ms)
{
	int64_t end = clock_monotonic() + timeout_ms;
	bool was_draining = j->is_draining;

	pthread_mutex_lock(&j->lock);
	j->is_draining = true;
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
	if (!was_draining)
		pthread_join(j->thread, NULL);
	pthread_mutex_lock(&j->lock);
	while (!is_idle(j) && clock_monotonic() < end) {
		struct timespec soon;
		clock_gettime(CLOCK_MONOTONIC, &soon);
		soon.tv_sec += 1;
		pthread_cond_timedwait(&j->changed, &j->lock, &soon);
	}
	bool idle = is_idle(j);
	pthread_mutex_unlock(&j->lock);
	return idle;
}

void jobs_free(struct jobs *j)
{
	if (j == NULL)
		return;
	pthread_mutex_destroy(&j->lock);
	pthread_cond_destroy(&j->changed);
	mem_free(j, sizeof(*j));
}
