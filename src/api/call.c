/*
 * The frame around every handler of the envelope API. An answer to a write that carried an
 * Idempotency-Key is stored, sealed, in the transaction that holds the effect, so a retry
 * after a lost connection gets the same answer and nothing happens twice.
 */
#include "api/call.h"

#include "api/archive.h"
#include "api/companies.h"
#include "api/idempotency.h"
#include "base/text.h"

static enum err find_organisation(struct db *db, void *ctx)
{
	struct call *call = ctx;
	return store_organisation_get(
	    db, call->principal.organisation, call->arena, &call->organisation);
}

static enum err call_enter(struct call *call)
{
	const struct session *s = call->session;

	ENSURE(s != NULL && s->auth.stage == AUTH_STAGE_DONE, ERR_INTERNAL);
	call->principal = s->auth.principal;
	call->organisation = *session_organisation(s);
	call->body = s->auth.body;
	TRY(company_decides(call));
	if (call->principal.organisation != s->auth.principal.organisation)
		TRY(store_read(call->app->store, find_organisation, call));
	call->reply->tenant = call->organisation.external_id;
	return OK;
}

bool call_screen(void *app, struct http_request *req, struct http_reply *reply)
{
	enum err e = session_head(app, req);

	if (e != OK)
		reply_error(app, req, reply, e, NULL);
	return e == OK;
}

enum err app_rate(
    struct app *app, const struct http_request *req, enum rate_kind kind, struct http_reply *reply)
{
	int64_t wait = rate_count(app->rates, kind, req->client, req->now);

	if (wait == 0)
		return OK;
	const char *seconds = arena_format(req->arena, "%lld", (long long)wait);
	if (seconds != NULL)
		http_reply_header(reply, "Retry-After", seconds);
	return ERR_RATE;
}

enum err app_guess(struct app *app, const struct http_request *req, enum rate_kind kind,
    enum err wrong, struct http_reply *reply)
{
	return app_rate(app, req, kind, reply) == OK ? wrong : ERR_RATE;
}

struct write_work {
	struct call *call;
	store_work work;
	void *ctx;
};

static enum err write_work(struct db *db, void *ctx)
{
	struct write_work *w = ctx;

	TRY(session_mark(w->call->session, db));
	return w->work(db, w->ctx);
}

enum err call_write(struct call *call, store_work work, void *ctx)
{
	struct write_work w = {call, work, ctx};
	enum err e = store_write(call->app->store, write_work, &w);

	if (e != OK)
		call->session->archived.row.row = 0; /* its row went with the rest */
	TRY(e);
	session_marked(call->app, call->session);
	return OK;
}

static enum err call_answer(struct call *call, call_body body, bool *is_stored)
{
	TRY(idempotency_enter(call, is_stored));
	if (*is_stored)
		return OK;
	enum err e = body(call);
	if (e == OK || !call->is_idempotent)
		return e;
	/* A twin may have been faster: then its effect stood in our way, and its answer is ours. */
	buf_reset(&call->reply->body);
	call->reply->header_count = 0;
	enum err again = idempotency_enter(call, is_stored);
	return again == OK && *is_stored ? OK : e;
}

/* A refused write leaves its mark too; one that failed on our side may come again. */
static enum err call_settle(struct call *call, enum err e, bool is_stored)
{
	if (e == ERR_REPLAY || (e != OK && err_row(e)->status >= 500))
		return e;
	enum err settled = session_settle(call->app, call->session);
	if (settled == OK || (settled == ERR_REPLAY && is_stored))
		return e;
	return settled;
}

void call_run(void *app, const struct http_request *req, struct http_reply *reply, call_body body)
{
	struct call call = {.app = app,
	    .req = req,
	    .reply = reply,
	    .arena = req->arena,
	    .session = session_of(req)};
	bool is_stored = false;

	enum err e = call_enter(&call);
	if (e == OK) {
		e = call_answer(&call, body, &is_stored);
		e = call_settle(&call, e, is_stored);
	}
	if (e == OK)
		e = buf_done(&reply->body);
	if (e == ERR_REPLAY)
		reply->header_count = 0;
	if (e != OK)
		reply_error(app, req, reply, e, &call.fault);
}

/* vault_unwrap gets spans, keyd wants its own type. */
enum err app_data_key(struct app *app, const struct stored_organisation *organisation,
    int64_t envelope, struct span wrapped, uint8_t key[KEY_SIZE])
{
	return vault_key(
	    app->vault, organisation->row, envelope, organisation->wrapped_key, wrapped, key);
}

struct load_work {
	struct call *call;
	const char *id;
	struct loaded *out;
};

static enum err load_work(struct db *db, void *ctx)
{
	struct load_work *w = ctx;
	return store_envelope_find(db, w->call->principal.organisation,
	    (int)w->call->principal.environment, w->id, w->call->arena, &w->out->record);
}

enum err call_load(struct call *call, struct loaded *out)
{
	struct load_work w = {call, span_dup(call->arena, call->req->params[0]), out};
	ENSURE(w.id != NULL, ERR_MEMORY);
	ENSURE(text_is_id(call->req->params[0]), ERR_NOT_FOUND);
	TRY(store_read(call->app->store, load_work, &w));
	return app_data_key(call->app, &call->organisation, out->record.state.row,
	    out->record.wrapped_key, out->key);
}

void loaded_free(struct loaded *l)
{
	secret_wipe(l->key, sizeof l->key);
}

static enum err command_work(struct db *db, void *ctx)
{
	struct command_run *run = ctx;
	struct call *call = run->call;
	TRY(store_envelope_command(
	    db, &run->write, call->req->now, call->arena, &run->outcome, &call->fault));
	if (run->outcome.count > 0)
		TRY(archive_keep(call, db, run->write.row));
	buf_reset(&call->reply->body);
	TRY(run->encode(call, &run->outcome, run->context));
	return call_keep_answer(call, db);
}

enum err call_command(struct command_run *run)
{
	struct app *app = run->call->app;
	TRY(archive_prepare(run->call, run->write.data_key));
	TRY(call_write(run->call, command_work, run));
	if (run->outcome.count > 0)
		app->wake_jobs(app->wake_ctx);
	return run->outcome.answer;
}
