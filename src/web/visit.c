/*
 * A signer's visit: from the token in the path to the envelope, its key and the signer's own
 * data, and from a command back to the state that the page shows.
 */
#include "web/signer.h"

#include "api/call.h"
#include "base/clock.h"
#include "base/text.h"
#include "identity/identity.h"

#include <stdio.h>

static enum err visit_work(struct db *db, void *ctx)
{
	struct visit *v = ctx;
	uint8_t hash[SHA256_SIZE];
	TRY(store_token_hash(v->req->params[0], hash));
	TRY(store_envelope_by_link(db, hash, v->arena, &v->record, &v->signer));
	TRY(browser_load(
	    &v->browser, db, v->req, hash, v->record.state.organisation, visit_signer(v)->row));
	return store_organisation_get(db, v->record.state.organisation, v->arena, &v->organisation);
}

static enum err visit_enter(struct visit *v)
{
	enum err e = store_read(v->app->store, visit_work, v);
	if (e == ERR_LINK)
		return app_guess(v->app, v->req, RATE_LINK, e, v->reply);
	TRY(e);
	TRY(app_data_key(
	    v->app, &v->organisation, v->record.state.row, v->record.wrapped_key, v->key));
	TRY(record_profile(&v->record, v->signer, v->key, v->arena, &v->profile));
	struct span asked = http_header(v->req, "Accept-Language", NULL);
	const char *fallback =
	    v->organisation.language ? v->organisation.language : v->app->default_language;
	v->language =
	    v->profile.language ? v->profile.language : identity_language(asked, fallback);
	return OK;
}

static void visit_leave(struct visit *v)
{
	secret_wipe(v->key, sizeof v->key);
	secret_wipe(v->browser.value, sizeof v->browser.value);
}

void visit_run(void *app, const struct http_request *req, struct http_reply *reply, visit_body body)
{
	struct visit v = {.app = app, .req = req, .reply = reply, .arena = req->arena};
	enum err e = visit_enter(&v);
	if (e == OK)
		e = body(&v);
	if (e == OK)
		e = buf_done(&reply->body);
	if (e != OK)
		reply_error(app, req, reply, e, &v.fault);
	visit_leave(&v);
}

bool signer_screen(void *app, const struct http_request *req, struct http_reply *reply)
{
	struct visit v = {.app = app, .req = req, .reply = reply, .arena = req->arena};
	enum err e = visit_enter(&v);
	if (e != OK)
		reply_error(app, req, reply, e, NULL);
	visit_leave(&v);
	return e == OK;
}

const struct signer_progress *visit_signer(const struct visit *v)
{
	return &v->record.state.signers[v->signer];
}

bool visit_is_over(const struct visit *v)
{
	enum envelope_state s = envelope_state_at(&v->record.state, v->req->now);
	return s == ENVELOPE_CANCELED || s == ENVELOPE_EXPIRED;
}

struct actor visit_actor(const struct visit *v)
{
	struct span agent = http_header(v->req, "User-Agent", NULL);
	if (agent.size > 512)
		agent.size = 512;
	return (struct actor){.address = span_str(v->req->client),
	    .forwarded = v->req->forwarded,
	    .user_agent = text_is_utf8(agent) ? agent : SPAN_EMPTY};
}

const char *visit_target(struct visit *v)
{
	struct buf masked;
	buf_init(&masked, 512);
	if (visit_signer(v)->code_channel == CHANNEL_EMAIL && v->profile.email != NULL)
		email_mask(v->profile.email, &masked);
	else if (v->profile.phone_number != NULL)
		phone_mask(
		    v->profile.phone_dial, v->profile.phone_area, v->profile.phone_number, &masked);
	const char *text = arena_string(v->arena, buf_str(&masked), masked.size);
	buf_free(&masked);
	return text;
}

struct command_visit {
	struct visit *visit;
	struct envelope_write *write;
	struct envelope_outcome outcome;
};

static enum err command_work(struct db *db, void *ctx)
{
	struct command_visit *c = ctx;
	struct visit *v = c->visit;
	TRY(store_envelope_command(db, c->write, v->req->now, v->arena, &c->outcome, &v->fault));
	if (c->outcome.answer != OK)
		return OK;
	return browser_keep(&v->browser, db, v->record.state.organisation, visit_signer(v)->row);
}

static bool visit_is_proved(const struct visit *v, enum command_kind kind)
{
	return kind == COMMAND_SIGN ? browser_may_sign(&v->browser, v->req->now)
				    : browser_may_read(&v->browser);
}

enum err visit_command(struct visit *v, struct envelope_write *w)
{
	struct command_visit c = {v, w, {.answer = OK}};
	w->organisation = v->record.state.organisation;
	w->row = v->record.state.row;
	w->data_key = v->key;
	w->command.signer = v->signer;
	w->command.is_proved = visit_is_proved(v, w->command.kind);
	TRY(browser_step(&v->browser, w->command.kind, v->req->now));
	TRY(store_write(v->app->store, command_work, &c));
	if (c.outcome.count > 0)
		v->app->wake_jobs(v->app->wake_ctx);
	TRY(c.outcome.answer);
	v->record = c.outcome.record;
	TRY(browser_reply(&v->browser, v->arena, v->reply));
	return visit_state(v);
}
