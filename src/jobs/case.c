/*
 * What a message or webhook job needs to know, read once. A job whose envelope is gone, or whose
 * payload cannot be opened, is kept for the operator; a store or keyd that is away is our own
 * trouble and costs moments.
 */
#include "jobs/case.h"

#include "base/clock.h"
#include "store/effects.h"
#include "store/incidents.h"

#include <stdio.h>
#include <string.h>

static enum err case_read(struct db *db, void *ctx)
{
	struct post_case *c = ctx;
	const struct job_row *row = &c->job->row;
	struct arena *arena = c->job->arena;

	TRY(store_envelope_by_row(db, row->organisation, row->envelope, arena, &c->record));
	TRY(store_organisation_get(db, row->organisation, arena, &c->organisation));
	c->setting_count = CASE_SETTINGS;
	TRY(store_setting_list(
	    db, row->organisation, "smtp.", arena, c->settings, &c->setting_count));
	enum err e = store_webhook_get(
	    db, row->organisation, c->record.state.environment, arena, &c->webhook);
	c->has_webhook = e == OK;
	ENSURE(e == OK || e == ERR_NOT_FOUND, e);
	e = store_integration_newest(
	    db, row->organisation, c->record.state.environment, c->integration);
	return e == ERR_NOT_FOUND ? OK : e;
}

static enum err payload_open(struct post_case *c)
{
	CLEANUP(buf_free) struct buf json = {0};

	buf_init(&json, 64 * LIMIT_KB);
	TRY(effect_payload_open(c->key, c->job->row.payload, &json));
	return json_read(buf_span(&json), &c->payload, NULL);
}

enum err case_open(struct post_case *c, struct post *post, struct job *job)
{
	*c = (struct post_case){.post = post, .job = job, .now = clock_now()};
	TRY(store_read(post->store, case_read, c));
	TRY(vault_key(post->vault, job->row.organisation, job->row.envelope,
	    c->organisation.wrapped_key, c->record.wrapped_key, c->key));
	return payload_open(c);
}

void case_close(struct post_case *c)
{
	secret_wipe(c->key, sizeof(c->key));
	json_freep(&c->payload);
}

enum job_result case_failed(struct post_case *c, enum err e)
{
	bool is_final = e == ERR_NOT_FOUND || e == ERR_DECRYPT || e == ERR_JSON || e == ERR_EMAIL ||
			e == ERR_TEXT;

	return job_because(
	    c->job, is_final ? JOB_BURY : JOB_AGAIN, "not prepared: %s", err_symbol(e));
}

void attempt_take(struct attempt *a, enum err e, struct courier_outcome *o)
{
	a->is_done = e == OK && o->is_done;
	a->is_permanent = e == OK && o->is_permanent;
	a->is_ours = e != OK;
	a->status = o->status;
	snprintf(a->detail, sizeof(a->detail), "%.150s", e == OK ? o->detail : err_symbol(e));
	courier_outcome_free(o);
}

enum job_result attempt_result(const struct attempt *a)
{
	if (a->is_done)
		return JOB_DONE;
	if (a->is_ours)
		return JOB_AGAIN;
	return a->is_permanent ? JOB_BURY : JOB_RETRY;
}

enum err attempt_log(struct db *db, const struct post_case *c, const struct attempt *a)
{
	struct delivery d = {
	    .organisation = c->job->row.organisation,
	    .envelope = c->job->row.envelope,
	    .kind = c->job->row.kind,
	    .target_masked = a->target,
	    .at = clock_now(),
	    .attempt = c->job->row.attempt,
	    .status = (int)a->status,
	    .detail = a->detail,
	};

	return store_delivery_add(db, &d);
}
