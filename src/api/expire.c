/*
 * See the header.
 */
#include "api/expire.h"

#include "api/call.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/blob.h"
#include "store/incidents.h"

#define EXPIRE_AT_ONCE 200
#define INCIDENTS_KEPT_MS (90 * CLOCK_DAY)

struct expiry {
	struct app *app;
	struct arena *arena;
	struct envelope_due *due;
	size_t count;
	size_t at;
	struct stored_organisation organisation;
	uint8_t key[KEY_SIZE];
};

static enum err due_work(struct db *db, void *ctx)
{
	struct expiry *x = ctx;
	return store_envelopes_due(db, clock_now(), EXPIRE_AT_ONCE, x->arena, &x->due, &x->count);
}

static enum err organisation_work(struct db *db, void *ctx)
{
	struct expiry *x = ctx;
	return store_organisation_get(db, x->due[x->at].organisation, x->arena, &x->organisation);
}

static enum err expire_work(struct db *db, void *ctx)
{
	struct expiry *x = ctx;
	struct fault fault = {.code = OK};
	struct envelope_outcome outcome;
	struct envelope_write w = {.organisation = x->due[x->at].organisation,
	    .row = x->due[x->at].row,
	    .data_key = x->key,
	    .command = {.kind = COMMAND_EXPIRE}};
	return store_envelope_command(db, &w, clock_now(), x->arena, &outcome, &fault);
}

static enum err expire_one(struct expiry *x)
{
	const struct envelope_due *due = &x->due[x->at];
	TRY(store_read(x->app->store, organisation_work, x));
	TRY(app_data_key(x->app, &x->organisation, due->row, due->wrapped_key, x->key));
	return store_write(x->app->store, expire_work, x);
}

enum job_result expire_job(void *app, struct job *job)
{
	struct expiry x = {.app = app, .arena = job->arena};
	enum err e = store_read(x.app->store, due_work, &x);
	for (x.at = 0; e == OK && x.at < x.count; x.at++) {
		enum err one = expire_one(&x);
		if (one != OK)
			log_warn("envelope not expired", "error=%s", err_symbol(one));
	}
	secret_wipe(x.key, sizeof(x.key));
	if (x.count > 0)
		x.app->wake_jobs(x.app->wake_ctx);
	return e == OK ? JOB_DONE : JOB_AGAIN;
}

struct named {
	const char *id;
	bool is_named;
};

static enum err named_work(struct db *db, void *ctx)
{
	struct named *n = ctx;
	return store_blob_named(db, n->id, &n->is_named);
}

static enum err is_named(void *ctx, const char *id, bool *out)
{
	struct app *app = ctx;
	struct named n = {id, true};
	TRY(store_read(app->store, named_work, &n));
	*out = n.is_named;
	return OK;
}

static enum err old_rows_work(struct db *db, void *ctx)
{
	TRY(store_idempotency_sweep(db, clock_now() - LIMIT_IDEMPOTENCY_MS));
	return store_incident_sweep(db, clock_now() - INCIDENTS_KEPT_MS);
}

enum job_result sweep_job(void *ctx, struct job *job)
{
	struct app *app = ctx;
	size_t removed = 0;
	enum err e = blob_sweep(app->data, clock_now(), CLOCK_DAY, is_named, app, &removed);
	if (removed > 0)
		log_info("orphaned blobs removed", "count=%zu", removed);
	if (e == OK)
		e = store_write(app->store, old_rows_work, NULL);
	return e == OK ? JOB_DONE : job_because(job, JOB_AGAIN, "%s", err_symbol(e));
}
