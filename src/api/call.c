/*
 * The frame around every handler of the envelope API. An answer to a write that carried an
 * Idempotency-Key is stored, sealed, in the transaction that holds the effect, so a retry
 * after a lost connection gets the same answer and nothing happens twice.
 */
#include "api/call.h"

#include "api/companies.h"
#include "api/idempotency.h"
#include "base/text.h"
#include "store/keys.h"

#include <string.h>
#include <strings.h>

static enum err find_key(struct db *db, void *ctx)
{
	struct stored_key *k = ctx;
	return store_key_find(db, span_of(k->key_id, k->key_id_size), k);
}

static enum err auth_find_key(void *ctx, struct span key_id, struct auth_key *out)
{
	struct app *app = ctx;
	struct stored_key k = {.key_id_size = key_id.size};
	ENSURE(key_id.size <= sizeof k.key_id, ERR_NOT_FOUND);
	memcpy(k.key_id, key_id.data, key_id.size);
	TRY(store_read(app->store, find_key, &k));
	*out = (struct auth_key){.row = k.row,
	    .organisation = k.organisation,
	    .user = k.user,
	    .environment = (enum environment)k.environment,
	    .scheme = (enum auth_scheme)k.scheme,
	    .revoked_at = k.revoked_at};
	memcpy(out->secret_hash, k.secret_hash, sizeof out->secret_hash);
	return OK;
}

static enum err find_organisation(struct db *db, void *ctx)
{
	struct call *call = ctx;
	return store_organisation_get(
	    db, call->principal.organisation, call->arena, &call->organisation);
}

/* "https://api.example.com:8443/" names the host "api.example.com:8443". */
static bool is_host_of(const char *const *urls, struct span host)
{
	for (; urls != NULL && *urls != NULL; urls++) {
		const char *mark = strstr(*urls, "://"), *start = mark != NULL ? mark + 3 : *urls;
		struct span bound = span_of(start, strcspn(start, "/"));
		if (bound.size == host.size &&
		    strncasecmp(start, (const char *)host.data, host.size) == 0)
			return true;
	}
	return false;
}

/* A base URL may take the keys of one environment only. */
static enum err check_base_url(const struct call *call)
{
	struct span host = http_header(call->req, "Host", NULL);
	const struct app *app = call->app;
	bool is_sandbox = call->principal.environment == ENVIRONMENT_SANDBOX;

	ENSURE(
	    !is_host_of(is_sandbox ? app->production_urls : app->sandbox_urls, host), ERR_AUTH_KEY);
	return OK;
}

static enum err call_enter(struct call *call)
{
	struct auth_store keys = {.ctx = call->app, .find_key = auth_find_key};
	TRY(auth_check(&keys, call->req, &call->principal, &call->fault));
	ENSURE((call->req->route->schemes & call->principal.scheme) != 0, ERR_AUTH_ROUTE);
	TRY(check_base_url(call));
	TRY(company_decides(call));
	TRY(store_read(call->app->store, find_organisation, call));
	call->reply->tenant = call->organisation.external_id;
	return OK;
}

bool call_screen(void *app, const struct http_request *req, struct http_reply *reply)
{
	struct call call = {.app = app, .req = req, .reply = reply, .arena = req->arena};
	enum err e = call_enter(&call);
	if (e != OK)
		reply_error(app, req, reply, e, &call.fault);
	return e == OK;
}

static enum err call_answer(struct call *call, call_body body)
{
	bool is_answered = false;
	TRY(call_enter(call));
	TRY(idempotency_enter(call, &is_answered));
	if (is_answered)
		return OK;
	enum err e = body(call);
	if (e == OK || !call->is_idempotent)
		return e;
	/* A twin may have been faster: then its effect stood in our way, and its answer is ours. */
	buf_reset(&call->reply->body);
	call->reply->header_count = 0;
	enum err again = idempotency_enter(call, &is_answered);
	return again == OK && is_answered ? OK : e;
}

void call_run(void *app, const struct http_request *req, struct http_reply *reply, call_body body)
{
	struct call call = {.app = app, .req = req, .reply = reply, .arena = req->arena};
	enum err e = call_answer(&call, body);
	if (e == OK)
		e = buf_done(&reply->body);
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
	buf_reset(&call->reply->body);
	TRY(run->encode(call, &run->outcome, run->context));
	return call_keep_answer(call, db);
}

enum err call_command(struct command_run *run)
{
	struct app *app = run->call->app;
	TRY(store_write(app->store, command_work, run));
	if (run->outcome.count > 0)
		app->wake_jobs(app->wake_ctx);
	return run->outcome.answer;
}
