/*
 * The scheduler: leases due jobs from the store and runs each in a thread of its own, at most
 * so many of a lane at a time. It sleeps until the next job is due or somebody calls jobs_wake.
 * Nothing lives in memory only: a job that is not finished is due again when its lease ends,
 * or at once when front starts anew.
 *
 * A handler does the slow part first, then ends the job with job_finish, which commits its
 * effect and the job's end in one transaction: both or neither. It may also just return a
 * result; then the scheduler ends the job without an effect.
 */
#ifndef CHIROGRAPH_JOBS_JOBS_H
#define CHIROGRAPH_JOBS_JOBS_H

#include "base/limits.h"
#include "store/jobs.h"
#include "store/store.h"

struct jobs;

enum job_result {
	JOB_DONE,
	JOB_RETRY, /* the world said no: after the handler's next delay, buried when they are used
		      up */
	JOB_AGAIN, /* a part of ours was away (courier, press, keyd restart): after moments, and
		    * not one of the attempts that the delays are about */
	JOB_BURY,  /* final: kept for the operator */
	JOB_FINISHED, /* job_finish was called and committed */
};

struct job {
	struct job_row row;
	struct arena *arena; /* the handler may use it; freed after it */
	struct jobs *jobs;
	const struct job_handler *handler;
	char reason[200]; /* why it did not work, for the log and the table; no personal data */
};

struct job_handler {
	const char *kind;
	enum job_result (*run)(void *ctx, struct job *job);
	void *ctx;
	const unsigned *
	    delays_s; /* seconds before the 2nd, 3rd … attempt, 0 ended; NULL: job_delays_default */
	int64_t
	    every_ms;       /* above 0: periodic. Its row is made at start and after each run; it is
			     * never   buried and runs at once when its time passed while nothing ran */
	enum job_lane lane; /* of a periodic job */
};

extern const unsigned job_delays_default[];
extern const unsigned job_delays_webhook[]; /* manual: 30, 60, 120, 240, 360 s, then for two days */
extern const unsigned job_delays_message[];

/* Ends the job with result (not JOB_FINISHED) and runs effect (may be NULL) in the same
 * transaction. ERR_CONFLICT: the lease was lost, nothing is kept. Return JOB_FINISHED after OK. */
enum err CHECKED job_finish(struct job *job, enum job_result result, store_work effect, void *ctx);
/* JOB_FINISHED when it was committed, JOB_AGAIN (with the error as reason) when not. */
enum job_result job_finished(struct job *job, enum job_result result, store_work effect, void *ctx);
/* Note why (printf) and give the result back. */
enum job_result job_because(struct job *job, enum job_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Is this the attempt after which a JOB_RETRY would be buried? */
bool job_is_last(const struct job *job);

struct jobs_config {
	struct store *store;
	const struct job_handler *handlers;
	size_t count;
	unsigned slots[JOB_LANES]; /* jobs at a time; 0: a default */
};

/* Releases the leases of an earlier scheduler and starts. handlers must outlive it. */
enum err CHECKED jobs_start(const struct jobs_config *config, struct jobs **out);
void jobs_wake(struct jobs *j); /* any thread: new jobs were committed; NULL is fine */
/* No further lease; waits for what runs. False: some still run after timeout_ms. */
bool jobs_drain(struct jobs *j, int timeout_ms);
void jobs_free(struct jobs *j); /* after a drain that was true; NULL is fine */

#endif
