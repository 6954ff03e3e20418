/*
 * How a job ends. Whatever it caused and its own end are one transaction that shows the lease's
 * token, so work whose lease was taken over leaves nothing behind. A periodic job ends by being
 * replaced with its next run in that same transaction.
 */
#include "jobs/scheduler.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Seconds at first; half a day altogether, since a part of ours may need its operator. */
#define NO_SPACE_TRIES 60
#define AGAIN_QUICK 60
#define AGAIN_SLOW_MS (5 * CLOCK_MINUTE)

/* Seals, sweeps: minutes, then hours, for a day. */
const unsigned job_delays_default[] = {
    5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800, 28800, 0};
/* manual: Webhook retries; the tail is ours: 15 min, 1 h, 3 h, 6 h, 12 h, 24 h. */
const unsigned job_delays_webhook[] = {
    30, 60, 120, 240, 360, 900, 3600, 10800, 21600, 43200, 86400, 0};
const unsigned job_delays_message[] = {30, 60, 120, 300, 900, 1800, 3600, 10800, 21600, 43200, 0};

static const unsigned *delays_of(const struct job *job)
{
	if (job->handler != NULL && job->handler->delays_s != NULL)
		return job->handler->delays_s;
	return job_delays_default;
}

/* Seconds until the next attempt, 0: there is none. */
static unsigned delay_next(const struct job *job)
{
	const unsigned *delays = delays_of(job);
	int i = 1;

	while (i < job->row.attempt && *delays != 0) {
		delays++;
		i++;
	}
	return *delays;
}

bool job_is_last(const struct job *job)
{
	return delay_next(job) == 0;
}

static bool is_periodic(const struct job *job)
{
	return job->handler != NULL && job->handler->every_ms > 0;
}

struct ending {
	struct job *job;
	enum job_result result;
	int64_t now;
	store_work effect;
	void *ctx;
};

static enum err replace_periodic(struct db *db, const struct ending *e)
{
	const struct job_handler *h = e->job->handler;
	char dedupe[96];
	struct job_new next = {.lane = h->lane,
	    .kind = h->kind,
	    .run_at = e->now + h->every_ms,
	    .now = e->now,
	    .dedupe = dedupe};

	snprintf(dedupe, sizeof(dedupe), "periodic:%s", h->kind);
	TRY(store_job_done(db, &e->job->row));
	return store_job_add(db, &next);
}

static enum err end_again(struct db *db, const struct ending *e)
{
	int away = e->job->row.away + 1;

	if (away >= LIMIT_JOB_AGAIN)
		return store_job_bury(db, &e->job->row, e->now, e->job->reason);
	int64_t delay = away <= AGAIN_QUICK ? away * CLOCK_SECOND : AGAIN_SLOW_MS;
	return store_job_again(db, &e->job->row, e->now + delay, e->job->reason);
}

static enum err end_retry(struct db *db, const struct ending *e)
{
	int64_t delay = (int64_t)delay_next(e->job) * CLOCK_SECOND;

	if (delay == 0)
		return store_job_bury(db, &e->job->row, e->now, e->job->reason);
	return store_job_retry(db, &e->job->row, e->now + delay, e->job->reason);
}

static enum err end_job(struct db *db, const struct ending *e)
{
	if (is_periodic(e->job))
		return replace_periodic(db, e);
	switch (e->result) {
	case JOB_DONE: return store_job_done(db, &e->job->row);
	case JOB_AGAIN: return end_again(db, e);
	case JOB_RETRY: return end_retry(db, e);
	case JOB_BURY: return store_job_bury(db, &e->job->row, e->now, e->job->reason);
	case JOB_FINISHED: break;
	}
	return ERR_INTERNAL;
}

/* The job first: without its lease the effect is not even tried. */
static enum err end_work(struct db *db, void *ctx)
{
	const struct ending *e = ctx;

	TRY(end_job(db, e));
	return e->effect == NULL ? OK : e->effect(db, e->ctx);
}

static void end_log(const struct ending *e)
{
	static const char *const words[] = {"done", "retry", "again", "buried"};
	enum log_level level = LOG_LEVEL_WARN;

	if (e->result == JOB_DONE)
		level = LOG_LEVEL_DEBUG;
	else if (e->result == JOB_BURY || (e->result == JOB_RETRY && job_is_last(e->job)))
		level = LOG_LEVEL_ERROR;
	log_write(level, "job ended", "kind=%s job=%lld attempt=%d result=%s reason=%s",
	    e->job->row.kind, (long long)e->job->row.row, e->job->row.attempt, words[e->result],
	    e->job->reason);
}

/* What was done must be noted, or it is done twice: a full disk is waited for, within the lease. */
static enum err end_write(struct jobs *j, struct ending *ending)
{
	static const struct timespec second = {1, 0};
	for (int i = 1;; i++) {
		enum err e = store_write(j->config.store, end_work, ending);
		if (e != ERR_NO_SPACE || i == NO_SPACE_TRIES || jobs_is_draining(j))
			return e;
		nanosleep(&second, NULL);
	}
}

enum err job_finish(struct job *job, enum job_result result, store_work effect, void *ctx)
{
	struct ending e = {job, result, clock_now(), effect, ctx};
	ENSURE(result != JOB_FINISHED, ERR_INTERNAL);

	TRY(end_write(job->jobs, &e));
	end_log(&e);
	return OK;
}

enum job_result job_finished(struct job *job, enum job_result result, store_work effect, void *ctx)
{
	enum err e = job_finish(job, result, effect, ctx);

	if (e == OK)
		return JOB_FINISHED;
	return job_because(job, JOB_AGAIN, "the effect could not be committed: %s", err_symbol(e));
}

enum job_result job_because(struct job *job, enum job_result result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(job->reason, sizeof(job->reason), format, args);
	va_end(args);
	return result;
}

/* ---- running ---- */

/* A job that was never ended, only left behind by servers that died, may be what kills them. */
static enum job_result run_handler(struct job *job)
{
	if (job->handler == NULL)
		return job_because(job, JOB_BURY, "no handler for this kind");
	if (job->row.away >= LIMIT_JOB_AGAIN && !is_periodic(job))
		return job_because(job, JOB_BURY, "begun in vain too often");
	return job->handler->run(job->handler->ctx, job);
}

void job_run(struct job *job)
{
	enum job_result result = run_handler(job);
	enum err e = result == JOB_FINISHED ? OK : job_finish(job, result, NULL, NULL);

	if (e != OK)
		log_warn("a job's end was not kept; it will be due again",
		    "kind=%s job=%lld error=%s", job->row.kind, (long long)job->row.row,
		    err_symbol(e));
}

/* ---- periodic rows ---- */

static enum err periodic_add(struct db *db, void *ctx)
{
	const struct jobs *j = ctx;
	int64_t now = clock_now();

	for (size_t i = 0; i < j->config.count; i++) {
		const struct job_handler *h = &j->config.handlers[i];
		char dedupe[96];
		struct job_new job = {
		    .lane = h->lane, .kind = h->kind, .run_at = now, .now = now, .dedupe = dedupe};
		snprintf(dedupe, sizeof(dedupe), "periodic:%s", h->kind);
		if (h->every_ms > 0)
			TRY(store_job_add(db, &job));
	}
	return store_jobs_release_all(db, now);
}

enum err jobs_periodic_add(struct jobs *j)
{
	return store_write(j->config.store, periodic_add, j);
}

const struct job_handler *job_handler_find(const struct jobs_config *config, const char *kind)
{
	for (size_t i = 0; i < config->count; i++) {
		if (strcmp(config->handlers[i].kind, kind) == 0)
			return &config->handlers[i];
	}
	return NULL;
}
