/*
 * From events to jobs. What follows from an event is a pure table (effects_of); adding is one
 * insert a job. A job of an envelope is written here and nowhere else, except that a failed
 * delivery tries again by itself.
 */
#include "store/effects.h"

#include "base/json.h"
#include "base/text.h"
#include "store/envelope_rows.h"
#include "store/feed.h"
#include "store/jobs.h"
#include "store/webhooks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WEBHOOK_DEFAULT "envelope_completed" /* manual: Webhook */

static const enum event_kind webhook_kinds[] = {EVENT_SUBMITTED, EVENT_CANCELED, EVENT_EXPIRED,
    EVENT_COMPLETED, EVENT_LINK_OPENED, EVENT_SIGNED, EVENT_REFUSED};

static bool has_webhook(enum event_kind kind)
{
	for (size_t i = 0; i < sizeof(webhook_kinds) / sizeof(webhook_kinds[0]); i++)
		if (webhook_kinds[i] == kind)
			return true;
	return false;
}

/* envelope_completed always; the others when the list names them. */
static bool is_wanted(const char *wants, const char *type)
{
	struct span rest = span_str(wants);

	if (wants == NULL)
		return false;
	if (strcmp(type, WEBHOOK_DEFAULT) == 0)
		return true;
	while (rest.size > 0)
		if (span_equal_str(span_cut(&rest, ' '), type))
			return true;
	return false;
}

static void add(struct effect *out, size_t *count, struct effect e)
{
	out[(*count)++] = e;
}

static void add_messages(const struct envelope *state, enum event_kind kind, const char *purpose,
    struct effect *out, size_t *n)
{
	for (size_t i = 0; i < state->signer_count; i++)
		add(out, n, (struct effect){"message", purpose, kind, (int)i, EVENT_NONE});
}

size_t effects_of(const struct envelope *state, const struct event *event, const char *wants,
    struct effect out[EFFECTS_PER_EVENT_MAX])
{
	size_t n = 0;

	switch (event->kind) {
	case EVENT_SUBMITTED: add_messages(state, event->kind, "invite", out, &n); break;
	case EVENT_COMPLETED: add_messages(state, event->kind, "copy", out, &n); break;
	case EVENT_CODE_SENT:
		add(out, &n,
		    (struct effect){"message", "code", event->kind, event->signer, EVENT_NONE});
		break;
	case EVENT_ALL_SIGNED:
		for (size_t i = 0; i < state->document_count; i++)
			add(out, &n, (struct effect){"seal", "", event->kind, EVENT_NONE, (int)i});
		break;
	default: break;
	}
	if (has_webhook(event->kind) && is_wanted(wants, event_kind_name(event->kind)))
		add(out, &n,
		    (struct effect){"webhook", event_kind_name(event->kind), event->kind,
			event->signer, EVENT_NONE});
	return n;
}

/* ---- jobs ---- */

struct job_of {
	struct db *db;
	const struct envelope *state;
	const struct event *event;
	int64_t sequence, now;
	const uint8_t *key;
	const char *code;
	struct arena *arena;
};

static void payload_message(struct json_writer *w, const struct job_of *j, const struct effect *e)
{
	jw_string(w, "purpose", e->purpose);
	jw_int(w, "signer", e->signer);
	if (e->event == EVENT_CODE_SENT)
		jw_string(w, "code", j->code);
}

static void payload_webhook(struct json_writer *w, const struct job_of *j, const struct effect *e)
{
	jw_string(w, "type", e->purpose);
	jw_int(w, "sequence", j->sequence);
	jw_int(w, "at", j->event->at);
	if (e->signer != EVENT_NONE)
		jw_int(w, "signer", e->signer);
}

static enum err payload_make(const struct job_of *j, const struct effect *e, struct span *out)
{
	struct buf json CLEANUP(buf_free);
	struct json_writer w;

	buf_init(&json, 4096);
	jw_init(&w, &json);
	jw_object(&w, NULL);
	if (strcmp(e->kind, "message") == 0)
		payload_message(&w, j, e);
	else if (strcmp(e->kind, "webhook") == 0)
		payload_webhook(&w, j, e);
	else
		jw_int(&w, "document", e->document);
	jw_end_object(&w);
	TRY(buf_done(&json));
	return column_seal(j->key, SEALED_JOB_PAYLOAD, 0, buf_span(&json), j->arena, out);
}

static enum job_lane lane_of(const struct effect *e)
{
	if (strcmp(e->kind, "seal") == 0)
		return JOB_LANE_PRESS;
	return strcmp(e->kind, "webhook") == 0 ? JOB_LANE_WEBHOOK : JOB_LANE_COURIER;
}

static enum err job_add(const struct job_of *j, const struct effect *e)
{
	struct job_new job = {.organisation = j->state->organisation,
	    .envelope = j->state->row,
	    .lane = lane_of(e),
	    .kind = e->kind,
	    .run_at = j->now,
	    .now = j->now};
	char dedupe[128];

	snprintf(dedupe, sizeof(dedupe), "%s:%" PRId64 ":%" PRId64 ":%d:%d", e->kind, j->state->row,
	    j->sequence, e->signer, e->document);
	job.dedupe = dedupe;
	TRY(payload_make(j, e, &job.payload));
	return store_job_add(j->db, &job);
}

/* NULL when no webhook of this environment could want the event. */
static enum err webhook_wants(struct db *db, const struct envelope *state,
    const struct event *event, struct arena *arena, const char **out)
{
	struct stored_webhook webhook;
	enum err e;

	*out = NULL;
	if (!has_webhook(event->kind))
		return OK;
	e = store_webhook_get(db, state->organisation, state->environment, arena, &webhook);
	if (e == ERR_NOT_FOUND)
		return OK;
	TRY(e);
	*out = webhook.types;
	return OK;
}

static bool is_quiet(enum event_kind kind)
{
	return kind != EVENT_CODE_SENT && kind != EVENT_ALL_SIGNED && !has_webhook(kind);
}

enum err effects_add(struct db *db, const struct envelope *state, const struct event *event,
    int64_t sequence, const uint8_t *data_key, const char *code, int64_t now)
{
	struct arena *arena CLEANUP(arena_freep) = NULL;
	struct effect effects[EFFECTS_PER_EVENT_MAX];
	const char *wants;
	size_t count;

	TRY(store_feed_add(db, state, event));
	if (is_quiet(event->kind))
		return OK;
	arena = arena_new(LIMIT_MB);
	ENSURE(arena != NULL, ERR_MEMORY);
	TRY(webhook_wants(db, state, event, arena, &wants));
	count = effects_of(state, event, wants, effects);
	for (size_t i = 0; i < count; i++) {
		struct job_of j = {db, state, event, sequence, now, data_key, code, arena};

		TRY(job_add(&j, &effects[i]));
	}
	return OK;
}

enum err effects_resend(struct db *db, const struct envelope *state, const uint8_t *data_key,
    int64_t now, struct arena *arena, size_t *added)
{
	struct stored_webhook webhook;
	struct event_record *events;
	size_t count;

	*added = 0;
	TRY(store_webhook_get(db, state->organisation, state->environment, arena, &webhook));
	TRY(store_events_load(db, state->organisation, state->row, arena, &events, &count));
	for (size_t i = 0; i < count; i++) {
		const char *type = event_kind_name(events[i].kind);
		struct event event = {.kind = events[i].kind, .at = events[i].at};
		struct effect effect = {"webhook", type, event.kind, events[i].signer, EVENT_NONE};
		struct job_of j = {
		    db, state, &event, events[i].sequence, now, data_key, NULL, arena};

		if (!has_webhook(event.kind) || !is_wanted(webhook.types, type))
			continue;
		TRY(job_add(&j, &effect));
		++*added;
	}
	return OK;
}

enum err effect_payload_open(const uint8_t *data_key, struct span sealed, struct buf *json)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new(64 * LIMIT_KB);
	struct span plain;

	ENSURE(arena != NULL, ERR_MEMORY);
	TRY(column_open(data_key, SEALED_JOB_PAYLOAD, 0, sealed, arena, &plain));
	buf_put_span(json, plain);
	return buf_done(json);
}
