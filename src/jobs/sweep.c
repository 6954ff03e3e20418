/*
 * What time brings about: envelopes that ran out become expired, and what nobody may need any
 * more is removed. Both are periodic jobs. Expiry is only the word of what every command checks
 * by itself, so a late sweep changes nobody's rights.
 */
#include "jobs/post.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/companies.h"
#include "store/exchanges.h"
#include "store/feed.h"
#include "store/idempotency.h"
#include "store/incidents.h"
#include "store/replay.h"
#include "store/sessions.h"

#define EXPIRE_AT_ONCE 100
#define MARKS_AT_ONCE 5000 /* everybody's commit waits for them */
#define EXCHANGES_AT_ONCE 500
#define INCIDENT_KEEP_MS (90 * CLOCK_DAY)

struct expiry {
	struct post *post;
	struct arena *arena;
	struct envelope_due *due;
	size_t count;
	int64_t now;
};

static enum err due_read(struct db *db, void *ctx)
{
	struct expiry *x = ctx;

	return store_envelopes_due(db, x->now, EXPIRE_AT_ONCE, x->arena, &x->due, &x->count);
}

struct expire_one {
	struct expiry *x;
	const struct envelope_due *due;
	struct stored_organisation organisation;
	uint8_t key[KEY_SIZE];
};

static enum err organisation_read(struct db *db, void *ctx)
{
	struct expire_one *one = ctx;

	return store_organisation_get(
	    db, one->due->organisation, one->x->arena, &one->organisation);
}

static enum err expire_write(struct db *db, void *ctx)
{
	struct expire_one *one = ctx;
	struct envelope_outcome outcome;
	struct fault fault = {0};
	struct envelope_write w = {
	    .organisation = one->due->organisation,
	    .row = one->due->row,
	    .data_key = one->key,
	    .command = {.kind = COMMAND_EXPIRE},
	};

	return store_envelope_command(db, &w, one->x->now, one->x->arena, &outcome, &fault);
}

static enum err expire(struct expiry *x, const struct envelope_due *due)
{
	struct expire_one one = {.x = x, .due = due};

	TRY(store_read(x->post->store, organisation_read, &one));
	TRY(vault_key(x->post->vault, due->organisation, due->row, one.organisation.wrapped_key,
	    due->wrapped_key, one.key));
	enum err e = store_write(x->post->store, expire_write, &one);
	secret_wipe(one.key, sizeof(one.key));
	return e;
}

/* One that fails does not keep the others from expiring. */
static size_t expire_all(struct expiry *x)
{
	size_t expired = 0;

	for (size_t i = 0; i < x->count; i++) {
		enum err e = expire(x, &x->due[i]);
		if (e == OK)
			expired++;
		else
			log_warn("an envelope could not be expired", "envelope=%lld error=%s",
			    (long long)x->due[i].row, err_symbol(e));
	}
	return expired;
}

enum job_result expiry_job_run(void *ctx, struct job *job)
{
	size_t expired;

	do {
		CLEANUP(arena_freep) struct arena *arena = arena_new(64 * LIMIT_MB);
		struct expiry x = {.post = ctx, .arena = arena, .now = clock_now()};
		if (arena == NULL || store_read(x.post->store, due_read, &x) != OK)
			return job_because(job, JOB_DONE, "the store could not be read");
		expired = expire_all(&x);
	} while (expired == EXPIRE_AT_ONCE);
	if (expired > 0)
		jobs_wake(job->jobs);
	return JOB_DONE;
}

static enum err sweep_write(struct db *db, void *ctx)
{
	int64_t now = clock_now();

	(void)ctx;
	TRY(store_idempotency_sweep(db, now - LIMIT_IDEMPOTENCY_MS));
	/* An hour's grace for whoever reads one in this moment. */
	TRY(store_upload_sweep(db, now - CLOCK_HOUR));
	TRY(store_session_sweep(db, now));
	return store_incident_sweep(db, now - INCIDENT_KEEP_MS);
}

static enum err marks_write(struct db *db, void *ctx)
{
	return store_replay_sweep(db, clock_now(), MARKS_AT_ONCE, ctx);
}

struct archive_sweep {
	int64_t before;
	size_t removed;
};

static enum err archive_write(struct db *db, void *ctx)
{
	struct archive_sweep *s = ctx;

	return store_exchange_sweep(db, s->before, EXCHANGES_AT_ONCE, &s->removed);
}

static void archive_sweep(struct post *post)
{
	struct archive_sweep s = {.before = clock_now() - post->archive_ms};

	if (post->archive_ms == 0)
		return;
	do {
		s.removed = 0;
		enum err e = store_write(post->store, archive_write, &s);
		if (e != OK)
			log_warn("old signed traffic was kept", "error=%s", err_symbol(e));
	} while (s.removed == EXCHANGES_AT_ONCE);
}

static enum err feed_write(struct db *db, void *ctx)
{
	return store_feed_sweep(db, clock_now() - LIMIT_FEED_KEEP_MS, MARKS_AT_ONCE, ctx);
}

/* Piece by piece. */
static void sweep_all(struct post *post, store_work work, const char *what)
{
	size_t removed;

	do {
		removed = 0;
		enum err e = store_write(post->store, work, &removed);
		if (e != OK)
			log_warn("old rows were kept", "what=%s error=%s", what, err_symbol(e));
	} while (removed == MARKS_AT_ONCE);
}

enum job_result sweep_job_run(void *ctx, struct job *job)
{
	struct post *post = ctx;

	sweep_all(post, marks_write, "marks of requests");
	sweep_all(post, feed_write, "items of feeds");
	archive_sweep(post);
	return job_finished(job, JOB_DONE, sweep_write, NULL);
}

void post_handlers(struct post *post, struct job_handler out[POST_HANDLERS])
{
	out[0] = (struct job_handler){
	    .kind = "message", .run = message_job_run, .ctx = post, .delays_s = job_delays_message};
	out[1] = (struct job_handler){
	    .kind = "webhook", .run = webhook_job_run, .ctx = post, .delays_s = job_delays_webhook};
	out[2] = (struct job_handler){
	    .kind = "expiry", .run = expiry_job_run, .ctx = post, .every_ms = CLOCK_MINUTE};
	out[4] = (struct job_handler){.kind = "incident",
	    .run = incident_job_run,
	    .ctx = post,
	    .delays_s = job_delays_message};
	out[3] = (struct job_handler){
	    .kind = "sweep", .run = sweep_job_run, .ctx = post, .every_ms = CLOCK_HOUR};
}
