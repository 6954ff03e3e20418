/*
 * See the header.
 */
#include "api/seal.h"

#include "api/app.h"
#include "api/decode.h"
#include "base/clock.h"
#include "base/log.h"
#include "evidence/evidence.h"
#include "store/blob.h"
#include "store/effects.h"

#include <string.h>

struct sealing {
	struct app *app;
	int64_t organisation, envelope;
	size_t document;
	struct arena *arena;
	struct stored_organisation owner;
	struct envelope_record record;
	struct event_record *events;
	size_t event_count;
	struct drawing_record *drawings;
	size_t drawing_count;
	uint8_t key[KEY_SIZE];
	struct buf original, input, evidence, strokes, chain;
	struct buf outputs[PDF_DRAFTS_MAX];
	size_t output_count;
	char blobs[PDF_DRAFTS_MAX][BLOB_ID_SIZE];
	struct dossier_new dossier;
	bool is_published;
};

static enum err load_work(struct db *db, void *ctx)
{
	struct sealing *s = ctx;
	TRY(store_organisation_get(db, s->organisation, s->arena, &s->owner));
	TRY(store_envelope_by_row(db, s->organisation, s->envelope, s->arena, &s->record));
	TRY(store_events_load(
	    db, s->organisation, s->envelope, s->arena, &s->events, &s->event_count));
	return store_drawings_load(db, &s->record, s->arena, &s->drawings, &s->drawing_count);
}

static enum err load_files(struct sealing *s)
{
	const struct document_record *d = &s->record.documents[s->document];
	TRY(blob_read(s->app->data, s->key, d->original.blob, &s->original));
	if (d->normalised.blob != NULL)
		TRY(blob_read(s->app->data, s->key, d->normalised.blob, &s->input));
	return keyd_seal_chain(s->app->keyd, &s->chain);
}

static enum err write_evidence(struct sealing *s)
{
	struct evidence_source source = {.organisation = &s->owner,
	    .record = &s->record,
	    .events = s->events,
	    .event_count = s->event_count,
	    .drawings = s->drawings,
	    .drawing_count = s->drawing_count,
	    .key = s->key,
	    .pages_url = s->app->pages_url,
	    .language = s->app->default_language,
	    .arena = s->arena};
	TRY(evidence_write(&source, s->document, &s->evidence));
	return evidence_drawings(&source, &s->strokes);
}

static enum pdf_verdict verdict_of(const char *name)
{
	for (int v = PDF_CLEAN; v < PDF_REFUSE; v++)
		if (strcmp(pdf_verdict_name((enum pdf_verdict)v), name) == 0)
			return (enum pdf_verdict)v;
	return PDF_REFUSE;
}

static enum err sign(void *ctx, struct span signed_attributes, struct buf *signature)
{
	struct app *app = ctx;
	return keyd_seal_sign(app->keyd, signed_attributes, signature);
}

static enum err make_dossier(struct sealing *s)
{
	const struct buf *input = s->input.size > 0 ? &s->input : &s->original;
	struct pdf_job job = {.input = buf_span(input),
	    .verdict = verdict_of(s->record.documents[s->document].verdict),
	    .evidence = buf_span(&s->evidence),
	    .drawings = buf_span(&s->strokes),
	    .chain = buf_span(&s->chain),
	    .now = clock_now()};
	ENSURE(job.verdict != PDF_REFUSE, ERR_INTERNAL);
	return press_seal(&s->app->press, &job, sign, s->app, s->outputs, &s->output_count);
}

static enum err keep_files(struct sealing *s)
{
	struct stored_file *files[] = {&s->dossier.dossier, &s->dossier.second};
	for (size_t i = 0; i < s->output_count; i++) {
		struct span bytes = buf_span(&s->outputs[i]);
		TRY(blob_write(s->app->data, s->key, bytes, s->blobs[i]));
		TRY(stored_file_of(bytes, s->blobs[i], files[i]));
	}
	return OK;
}

static enum err publish_work(struct db *db, void *ctx)
{
	struct sealing *s = ctx;
	struct fault fault = {.code = OK};
	struct envelope_outcome outcome;
	struct envelope_write w = {.organisation = s->organisation,
	    .row = s->envelope,
	    .data_key = s->key,
	    .command = {.kind = COMMAND_SEALED, .document = s->document},
	    .dossier = &s->dossier};
	TRY(store_envelope_command(db, &w, clock_now(), s->arena, &outcome, &fault));
	s->is_published = outcome.count > 0;
	return OK;
}

/* Payload of a "seal" job: store/effects.h. */
static enum err read_payload(struct sealing *s, struct span payload)
{
	struct buf text;
	json_t *j CLEANUP(json_freep) = NULL;
	buf_init(&text, 4096);
	enum err e = effect_payload_open(s->key, payload, &text);
	if (e == OK)
		e = json_read(buf_span(&text), &j, NULL);
	s->document = (size_t)json_integer_value(json_object_get(j, "document"));
	buf_free(&text);
	return e == OK && s->document >= s->record.state.document_count ? ERR_NOT_FOUND : e;
}

static bool is_wanted(const struct sealing *s)
{
	const struct envelope *e = &s->record.state;
	return e->state == ENVELOPE_SUBMITTED && e->signed_at != 0 &&
	       e->documents[s->document].sealed_at == 0;
}

static enum err seal(struct sealing *s, struct span payload, bool *is_made)
{
	TRY(store_read(s->app->store, load_work, s));
	TRY(app_data_key(s->app, &s->owner, s->envelope, s->record.wrapped_key, s->key));
	TRY(read_payload(s, payload));
	if (!is_wanted(s))
		return OK;
	TRY(load_files(s));
	TRY(write_evidence(s));
	TRY(make_dossier(s));
	TRY(keep_files(s));
	*is_made = true;
	return OK;
}

static void sealing_open(struct sealing *s)
{
	buf_init(&s->original, LIMIT_BLOB_BYTES);
	buf_init(&s->input, LIMIT_BLOB_BYTES);
	buf_init(&s->evidence, 16 * LIMIT_MB);
	buf_init(&s->strokes, 32 * LIMIT_MB);
	buf_init(&s->chain, 64 * LIMIT_KB);
	for (size_t i = 0; i < PDF_DRAFTS_MAX; i++)
		buf_init(&s->outputs[i], LIMIT_BLOB_BYTES);
}

/* Blobs that no row names are removed at once; what a crash leaves, the sweep finds. */
static void sealing_close(struct sealing *s)
{
	for (size_t i = 0; i < PDF_DRAFTS_MAX; i++) {
		if (!s->is_published && s->blobs[i][0] != 0 &&
		    blob_remove(s->app->data, s->blobs[i]) != OK)
			log_warn("blob not removed", "blob=%s", s->blobs[i]);
		buf_free(&s->outputs[i]);
	}
	buf_free(&s->original);
	buf_free(&s->input);
	buf_free(&s->evidence);
	buf_free(&s->strokes);
	buf_free(&s->chain);
	secret_wipe(s->key, sizeof(s->key));
	arena_free(s->arena);
}

/* Trouble of our own that passes: no attempt was made. */
static bool is_passing(enum err e)
{
	return e == ERR_PEER_GONE || e == ERR_TIMEOUT || e == ERR_STORE || e == ERR_BUSY ||
	       e == ERR_NO_SPACE || e == ERR_MEMORY;
}

static enum job_result seal_run(struct sealing *s, struct job *job)
{
	bool is_made = false;
	enum err e = seal(s, job->row.payload, &is_made);
	if (is_passing(e))
		return job_because(job, JOB_AGAIN, "%s", err_symbol(e));
	if (e != OK)
		return job_because(job, JOB_RETRY, "%s", err_symbol(e));
	if (!is_made)
		return JOB_DONE;
	enum job_result result = job_finished(job, JOB_DONE, publish_work, s);
	s->is_published = s->is_published && result == JOB_FINISHED;
	return result;
}

enum job_result seal_job(void *app, struct job *job)
{
	struct sealing s = {.app = app,
	    .organisation = job->row.organisation,
	    .envelope = job->row.envelope,
	    .arena = arena_new(LIMIT_ARENA_REQUEST)};
	if (s.arena == NULL)
		return JOB_AGAIN;
	sealing_open(&s);
	enum job_result result = seal_run(&s, job);
	sealing_close(&s);
	if (result == JOB_FINISHED)
		s.app->wake_jobs(s.app->wake_ctx);
	return result;
}
