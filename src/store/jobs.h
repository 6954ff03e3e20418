/*
 * The job table: outbox and schedule in one. A job is added in the commit that needs it and
 * leased in a commit of its own; who holds the lease proves it with the token. A lease that
 * ran out is simply due again, so nothing rests on the memory of one process.
 *
 * Every function that names a leased job gives ERR_CONFLICT when the lease is not (or no
 * longer) the caller's: the effects of the work in the same transaction then roll back.
 */
#ifndef CHIROGRAPH_STORE_JOBS_H
#define CHIROGRAPH_STORE_JOBS_H

#include "store/db.h"

/* Which pool of workers takes a job, so that a mail server that hangs cannot keep a seal or a
 * webhook waiting. */
enum job_lane {
	JOB_LANE_FRONT = 0,
	JOB_LANE_PRESS = 1,
	JOB_LANE_COURIER = 2, /* messages */
	JOB_LANE_WEBHOOK = 3,
	JOB_LANES
};

struct job_new {
	int64_t organisation; /* 0: a job of the whole store */
	int64_t envelope;     /* row, 0: none */
	enum job_lane lane;
	const char *kind;
	int64_t run_at;
	const char
	    *dedupe; /* NULL: none. While a job with it exists, adding another does nothing */
	struct span payload; /* sealed by the caller when it holds personal data */
	int64_t now;
};

struct job_row {
	int64_t row;
	int64_t organisation, envelope; /* 0: none */
	enum job_lane lane;
	const char *kind;
	int64_t lease_until, lease_token;
	int attempt; /* 1 at the first lease */
	int away;    /* leases that ended for our own sake; not among the attempts */
	int64_t created_at;
	struct span payload;
};

enum err CHECKED store_job_add(struct db *db, const struct job_new *job);
struct job_lease {
	enum job_lane lane;
	int64_t now, lease_ms;
	size_t max;  /* jobs */
	size_t most; /* that one organisation may hold of the lane, those it has included; jobs of
		      * the whole store have no such limit */
};
/* Jobs that are due, the organisations in turn: who holds the fewest comes first, then who waits
 * longest, and of one organisation the longest waiting. Texts live in the arena. */
enum err CHECKED store_jobs_lease(struct db *db, const struct job_lease *lease, struct arena *arena,
    struct job_row *out, size_t *n);
enum err CHECKED store_job_done(struct db *db, const struct job_row *job);
enum err CHECKED store_job_extend(struct db *db, const struct job_row *job, int64_t lease_until);
enum err CHECKED store_job_retry(
    struct db *db, const struct job_row *job, int64_t run_at, const char *error);
/* A part of ours was away: the attempt does not count. */
enum err CHECKED store_job_again(
    struct db *db, const struct job_row *job, int64_t run_at, const char *error);
/* Not begun (the program ends, no worker is free): the attempt does not count. */
enum err CHECKED store_job_give_back(struct db *db, const struct job_row *job, int64_t run_at);
/* Failed for good: stays, for the operator to see and revive. */
enum err CHECKED store_job_bury(
    struct db *db, const struct job_row *job, int64_t now, const char *error);
enum err CHECKED store_job_revive(struct db *db, int64_t organisation, int64_t row, int64_t now);
/* At start, when no other scheduler can be alive: every lease is due at once, as store_job_again.
 */
enum err CHECKED store_jobs_release_all(struct db *db, int64_t now);
/* When the next job of the lane can be due, of those that are later than `after` (-1: of all); *when
 * INT64_MAX when there is none. */
enum err CHECKED store_job_next_time(
    struct db *db, enum job_lane lane, int64_t after, int64_t *when);

struct job_dead {
	int64_t row, organisation, envelope;
	const char *kind, *error;
	int attempt;
	int64_t dead_at;
};

/* Up to *n buried after `since`, oldest first. */
enum err CHECKED store_jobs_dead(
    struct db *db, int64_t since, struct arena *arena, struct job_dead *out, size_t *n);

#endif
