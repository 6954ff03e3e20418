/*
 * See the header.
 */
#include "api/sweep.h"

#include "api/app.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/blob.h"
#include "store/envelopes.h"

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

enum job_result blob_sweep_job(void *ctx, struct job *job)
{
	struct app *app = ctx;
	size_t removed = 0;
	enum err e = blob_sweep(app->data, clock_now(), CLOCK_DAY, is_named, app, &removed);
	if (removed > 0)
		log_info("orphaned blobs removed", "count=%zu", removed);
	return e == OK ? JOB_DONE : job_because(job, JOB_AGAIN, "%s", err_symbol(e));
}
