/*
 * The feed of an organisation's environment: what happened, in order, kept until somebody of it
 * acknowledges it, at most LIMIT_FEED_ITEMS and LIMIT_FEED_KEEP_MS long. Items are written in the
 * transaction of the event that they tell of, and announced when it is committed.
 */
#ifndef CHIROGRAPH_STORE_FEED_H
#define CHIROGRAPH_STORE_FEED_H

#include "envelope/envelope.h"
#include "store/store.h"

struct feed_scope {
	int64_t organisation; /* row */
	int environment;
};

enum feed_type { FEED_SIGN_ENVELOPE = 1, FEED_ENVELOPE_STATUS = 2, FEED_SIGNER_STATUS = 3 };

struct feed_note {
	enum feed_type type;
	int signer; /* index, or EVENT_NONE */
	int state;  /* enum envelope_state or signer_state */
};

#define FEED_NOTES_MAX (LIMIT_SIGNERS + 2)

/* Pure: what the event tells, after it was applied to state. */
size_t feed_notes_of(
    const struct envelope *state, const struct event *event, struct feed_note out[FEED_NOTES_MAX]);

/* Inside the writer. SignEnvelope items whose signer is done, or whose envelope is over, go. */
enum err CHECKED store_feed_add(
    struct db *db, const struct envelope *state, const struct event *event);

/* What store_listen hears: the scope's channel. */
uint64_t feed_channel(const struct feed_scope *scope);

struct feed_item {
	int64_t position;
	const char *id;
	enum feed_type type;
	int state;
	int64_t created_at, expires_at; /* expires_at: of the envelope */
	const char *envelope;
	const char *signer, *company; /* NULL: none */
};

/* In order, from the first after a position; at most room. */
enum err CHECKED store_feed_list(struct db *db, const struct feed_scope *scope, int64_t after,
    struct arena *arena, struct feed_item *out, size_t room, size_t *count);
/* Removes the item; an id that is not there is fine. */
enum err CHECKED store_feed_acknowledge(
    struct db *db, const struct feed_scope *scope, struct span id);
/* Removes up to max items from before; *removed says how many. */
enum err CHECKED store_feed_sweep(struct db *db, int64_t before, size_t max, size_t *removed);

#endif
