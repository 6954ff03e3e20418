/*
 * See the header. A listener's turn looks at its key again, keeps what it acknowledged, and sends
 * what came after the last item it was sent. What always holds: an item is sent only while the key
 * is good, and is removed only when an acknowledgement of its own organisation and environment is
 * committed; a listener that is cut at any moment gets the rest, and what it did not acknowledge,
 * on its next connection.
 */
#include "api/feed.h"

#include "api/call.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/frame.h"
#include "store/feed.h"

#include <string.h>

#define FRAME_MAX 1024
#define TURN_ARENA (256 * LIMIT_KB)

struct feed {
	struct app *app;
	const struct session *session;
	struct feed_scope scope;
	const char *organisation; /* external id */
	int64_t sent;             /* position of the last item */
};

/* ---- what is sent ---- */

static const char *type_name(enum feed_type type)
{
	switch (type) {
	case FEED_SIGN_ENVELOPE: return "SignEnvelope";
	case FEED_ENVELOPE_STATUS: return "EnvelopeStatus";
	case FEED_SIGNER_STATUS: return "SignerStatus";
	}
	return "";
}

static const char *envelope_status(enum envelope_state s)
{
	switch (s) {
	case ENVELOPE_COMPLETED: return "approved";
	case ENVELOPE_CANCELED: return "canceled";
	case ENVELOPE_EXPIRED: return "expired";
	default: return "pending";
	}
}

static const char *signer_status(enum signer_state s)
{
	switch (s) {
	case SIGNER_SIGNED: return "approved";
	case SIGNER_REFUSED: return "rejected";
	case SIGNER_EXPIRED: return "expired";
	default: return "pending";
	}
}

static void put_item(struct json_writer *w, const struct feed *f, const struct feed_item *i)
{
	bool is_envelope = i->type == FEED_ENVELOPE_STATUS;

	jw_object(w, NULL);
	jw_string(w, "id", i->id);
	jw_string(w, "clientID", f->organisation);
	jw_string(w, "coreClientID", i->company != NULL ? i->company : "");
	jw_string(w, "type", type_name(i->type));
	jw_string(w, "status",
	    is_envelope ? envelope_status((enum envelope_state)i->state)
			: signer_status((enum signer_state)i->state));
	jw_int(w, "timestamp", i->created_at / CLOCK_SECOND);
	jw_int(w, "expireTime", i->expires_at / CLOCK_SECOND);
	jw_string(w, "envelopeID", i->envelope);
	if (!is_envelope)
		jw_string(w, "signerID", i->signer);
	jw_string(w, "state",
	    is_envelope ? envelope_state_name((enum envelope_state)i->state)
			: signer_state_name((enum signer_state)i->state));
	jw_bool(w, "sandbox", f->scope.environment == ENVIRONMENT_SANDBOX);
	jw_end_object(w);
}

static enum err item_send(const struct feed *f, const struct feed_item *i, struct http_turn *t)
{
	CLEANUP(buf_free) struct buf text = {0};
	struct json_writer w;

	buf_init(&text, FRAME_MAX);
	jw_init(&w, &text);
	put_item(&w, f, i);
	TRY(buf_done(&text));
	http_turn_text(t, buf_span(&text));
	return OK;
}

struct list_work {
	const struct feed *feed;
	struct arena *arena;
	struct feed_item items[LIMIT_FEED_BATCH];
	size_t count;
};

static enum err list_work(struct db *db, void *ctx)
{
	struct list_work *w = ctx;

	return store_feed_list(
	    db, &w->feed->scope, w->feed->sent, w->arena, w->items, LIMIT_FEED_BATCH, &w->count);
}

static enum err items_send(struct feed *f, struct http_turn *t)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new(TURN_ARENA);
	struct list_work w = {.feed = f, .arena = arena};

	ENSURE(arena != NULL, ERR_MEMORY);
	TRY(store_read(f->app->store, list_work, &w));
	for (size_t i = 0; i < w.count; i++) {
		TRY(item_send(f, &w.items[i], t));
		f->sent = w.items[i].position;
	}
	t->is_more = w.count == LIMIT_FEED_BATCH;
	return OK;
}

/* ---- what comes ---- */

struct ack_work {
	const struct feed *feed;
	json_t *texts[HTTP_TURN_TEXTS];
	size_t count;
};

static enum err id_acknowledge(struct db *db, const struct ack_work *w, const json_t *id)
{
	if (!json_is_string(id) || json_string_length(id) != KSUID_TEXT_SIZE - 1)
		return OK;
	return store_feed_acknowledge(
	    db, &w->feed->scope, span_of(json_string_value(id), KSUID_TEXT_SIZE - 1));
}

/* {"ack":"<id>"} or {"ack":["<id>",…]}; other members, and ids that are no more, do no harm. */
static enum err ack_work(struct db *db, void *ctx)
{
	const struct ack_work *w = ctx;

	for (size_t i = 0; i < w->count; i++) {
		json_t *ack = json_object_get(w->texts[i], "ack");
		if (!json_is_array(ack))
			TRY(id_acknowledge(db, w, ack));
		for (size_t k = 0; json_is_array(ack) && k < json_array_size(ack); k++)
			TRY(id_acknowledge(db, w, json_array_get(ack, k)));
	}
	return OK;
}

static enum err texts_read(struct ack_work *w, const struct http_turn *t)
{
	for (size_t i = 0; i < t->text_count; i++) {
		TRY(json_read(t->texts[i], &w->texts[w->count], NULL));
		w->count++;
		ENSURE(json_is_object(w->texts[i]), ERR_JSON);
	}
	return OK;
}

/* What was rightly said before something that is no JSON object still counts. */
static enum err acks_take(struct feed *f, const struct http_turn *t)
{
	struct ack_work w = {.feed = f};
	enum err wrong, e = OK;

	if (t->text_count == 0)
		return OK;
	wrong = texts_read(&w, t);
	if (w.count > 0)
		e = store_write(f->app->store, ack_work, &w);
	for (size_t i = 0; i < w.count; i++)
		json_decref(w.texts[i]);
	return e != OK ? e : wrong;
}

/* ---- a turn ---- */

static enum err turn_work(struct feed *f, struct http_turn *t)
{
	TRY(auth_again(f->app->auth, &f->session->auth));
	ENSURE(!atomic_load(&f->app->is_maintenance), ERR_MAINTENANCE);
	TRY(acks_take(f, t));
	return items_send(f, t);
}

static unsigned close_code(enum err e)
{
	switch ((int)e) {
	case ERR_AUTH_KEY:
	case ERR_AUTH_ROUTE:
	case ERR_JSON: return FRAME_CODE_POLICY;
	case ERR_MAINTENANCE:
	case ERR_BUSY:
	case ERR_NO_SPACE: return FRAME_CODE_LATER;
	default: return FRAME_CODE_INTERNAL;
	}
}

static void feed_turn(void *ctx, struct http_turn *t)
{
	struct feed *f = ctx;
	enum err e = turn_work(f, t);

	if (e == OK)
		return;
	t->close = close_code(e);
	log_info("a feed was closed", "org=%s code=%u error=%s", f->organisation, t->close,
	    err_symbol(e));
}

static void feed_end(void *ctx)
{
	struct feed *f = ctx;

	feeds_leave(f->app->feeds, feed_channel(&f->scope));
}

/* ---- opening ---- */

static enum err feed_new(struct call *call, struct feed **out)
{
	struct feed *f = arena_alloc(call->arena, sizeof(*f));
	struct span id = span_str(call->organisation.external_id);

	ENSURE(f != NULL, ERR_MEMORY);
	*f = (struct feed){.app = call->app,
	    .session = call->session,
	    .scope = {call->principal.organisation, (int)call->principal.environment},
	    .organisation = span_dup(call->arena, id)};
	ENSURE(f->organisation != NULL, ERR_MEMORY);
	*out = f;
	return OK;
}

static enum err feed_enter(struct call *call, const struct feed *f)
{
	if (feeds_enter(call->app->feeds, feed_channel(&f->scope)) == OK)
		return OK;
	http_reply_header(call->reply, "Retry-After", "5");
	return fault_set(&call->fault, ERR_FEEDS, "",
	    "At most %d of one organization and environment.", LIMIT_FEEDS_SCOPE);
}

static enum err feed_body(struct call *call)
{
	struct http_upgrade upgrade = {.turn = feed_turn,
	    .end = feed_end,
	    .ping_ms = call->app->feed_ping_ms,
	    .turn_ms = LIMIT_FEED_TURN_MS};
	struct feed *f;

	TRY(feed_new(call, &f));
	TRY(feed_enter(call, f));
	upgrade.ctx = f;
	upgrade.tag = feed_channel(&f->scope);
	enum err e = http_upgrade(call->req, call->reply, &upgrade, &call->fault);
	if (e != OK)
		feed_end(f);
	return e;
}

void api_feed(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, feed_body);
}
