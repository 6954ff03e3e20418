/*
 * What events set in motion: jobs, added in the transaction that holds the events. A job's
 * payload is small JSON sealed under the envelope's data key; a dedupe key names the one
 * event that caused it, so nothing is sent twice.
 *
 *	kind "message"  {"purpose":"invite"|"code"|"copy","signer":0[,"code":"123456"]}
 *	kind "seal"     {"document":0}
 *	kind "webhook"  {"type":"envelope_completed","sequence":12,"at":1767225600000[,"signer":0]}
 *
 * "webhook" jobs exist only where the organisation's environment has a webhook that wants the
 * type; envelope_completed is wanted by default, the others by their names.
 */
#ifndef CHIROGRAPH_STORE_EFFECTS_H
#define CHIROGRAPH_STORE_EFFECTS_H

#include "envelope/envelope.h"
#include "store/store.h"

struct effect {
	const char *kind;    /* "message", "seal", "webhook" */
	const char *purpose; /* message: "invite", "code", "copy"; webhook: its type */
	enum event_kind event;
	int signer, document; /* index, or EVENT_NONE */
};

#define EFFECTS_PER_EVENT_MAX (LIMIT_SIGNERS + LIMIT_DOCUMENTS + 1)

/* Pure: what one event of this state sets in motion. wants: the webhook's types with spaces
 * between, NULL when there is no webhook. */
size_t effects_of(const struct envelope *state, const struct event *event, const char *wants,
    struct effect out[EFFECTS_PER_EVENT_MAX]);

/* Adds the jobs of one event, and what the feed tells of it. sequence: the event's; code: the
 * digits of a CODE_SENT event, else NULL. */
enum err CHECKED effects_add(struct db *db, const struct envelope *state, const struct event *event,
    int64_t sequence, const uint8_t *data_key, const char *code, int64_t now);

/* Adds again the webhook jobs of every event so far that the webhook wants, under their old ids: a
 * receiver that has seen one can tell. One that still waits is not doubled. ERR_NOT_FOUND: there is
 * no webhook. */
enum err CHECKED effects_resend(struct db *db, const struct envelope *state,
    const uint8_t *data_key, int64_t now, struct arena *arena, size_t *added);

/* Opens a job's payload with the envelope's data key. */
enum err CHECKED effect_payload_open(const uint8_t *data_key, struct span sealed, struct buf *json);

#endif
