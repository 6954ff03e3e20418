/*
 * See the header. What always holds: a position is given once, also to items that were removed; and
 * a feed that nobody listens to stops growing.
 */
#include "store/feed.h"

#include "base/crypto.h"
#include "store/db.h"

static void put(struct feed_note *out, size_t *n, enum feed_type type, int signer, int state)
{
	out[(*n)++] = (struct feed_note){type, signer, state};
}

static void put_signers(const struct envelope *state, enum feed_type type, enum signer_state wanted,
    struct feed_note *out, size_t *n)
{
	for (size_t i = 0; i < state->signer_count; i++)
		if (state->signers[i].state == wanted)
			put(out, n, type, (int)i, (int)wanted);
}

size_t feed_notes_of(
    const struct envelope *state, const struct event *event, struct feed_note out[FEED_NOTES_MAX])
{
	size_t n = 0;

	switch (event->kind) {
	case EVENT_SUBMITTED:
		put(out, &n, FEED_ENVELOPE_STATUS, EVENT_NONE, ENVELOPE_SUBMITTED);
		put_signers(state, FEED_SIGN_ENVELOPE, SIGNER_SENT, out, &n);
		break;
	case EVENT_LINK_OPENED:
		put(out, &n, FEED_SIGNER_STATUS, event->signer, SIGNER_OPENED);
		break;
	case EVENT_SIGNED: put(out, &n, FEED_SIGNER_STATUS, event->signer, SIGNER_SIGNED); break;
	case EVENT_REFUSED: put(out, &n, FEED_SIGNER_STATUS, event->signer, SIGNER_REFUSED); break;
	case EVENT_COMPLETED:
		put(out, &n, FEED_ENVELOPE_STATUS, EVENT_NONE, ENVELOPE_COMPLETED);
		break;
	case EVENT_CANCELED:
		put(out, &n, FEED_ENVELOPE_STATUS, EVENT_NONE, ENVELOPE_CANCELED);
		break;
	case EVENT_EXPIRED:
		if (state->submitted_at != 0)
			put_signers(state, FEED_SIGNER_STATUS, SIGNER_EXPIRED, out, &n);
		put(out, &n, FEED_ENVELOPE_STATUS, EVENT_NONE, ENVELOPE_EXPIRED);
		break;
	default: break;
	}
	return n;
}

uint64_t feed_channel(const struct feed_scope *scope)
{
	return (uint64_t)scope->organisation * 2 + (uint64_t)scope->environment;
}

static enum err item_add(struct db *db, const struct envelope *state, const struct feed_note *note,
    int64_t position, int64_t at)
{
	char id[KSUID_TEXT_SIZE];
	struct query q;

	TRY(random_ksuid(at, id));
	query_start(&q, db, SQL_FEED_ADD);
	query_int(&q, state->organisation);
	query_int(&q, state->environment);
	query_int(&q, position);
	query_text(&q, id);
	query_int(&q, state->row);
	query_int(&q, note->type);
	query_int(&q, note->signer);
	query_int(&q, note->state);
	query_int(&q, at);
	return query_run(&q);
}

static enum err positions_take(
    struct db *db, const struct envelope *state, size_t count, int64_t *last)
{
	struct query q;

	*last = 0;
	query_start(&q, db, SQL_FEED_ADVANCE);
	query_int(&q, state->organisation);
	query_int(&q, state->environment);
	query_int(&q, (int64_t)count);
	if (query_next(&q))
		*last = query_column_int(&q, 0);
	return query_end(&q);
}

static enum err trim(struct db *db, const struct envelope *state, int64_t last)
{
	struct query q;

	if (last <= LIMIT_FEED_ITEMS)
		return OK;
	query_start(&q, db, SQL_FEED_TRIM);
	query_int(&q, state->organisation);
	query_int(&q, state->environment);
	query_int(&q, last - LIMIT_FEED_ITEMS);
	return query_run(&q);
}

/* Nobody waits any more for a signer who is done, nor for anybody when the envelope is over. */
static enum err withdraw(struct db *db, const struct envelope *state, const struct event *event)
{
	bool is_one = event->kind == EVENT_SIGNED || event->kind == EVENT_REFUSED;
	bool is_all = event->kind == EVENT_CANCELED || event->kind == EVENT_EXPIRED;
	struct query q;

	if (!is_one && !is_all)
		return OK;
	query_start(&q, db, is_one ? SQL_FEED_WITHDRAW : SQL_FEED_WITHDRAW_ALL);
	query_int(&q, state->organisation);
	query_int(&q, state->row);
	if (is_one)
		query_int(&q, event->signer);
	return query_run(&q);
}

enum err store_feed_add(struct db *db, const struct envelope *state, const struct event *event)
{
	const struct feed_scope scope = {state->organisation, state->environment};
	struct feed_note notes[FEED_NOTES_MAX];
	size_t count = feed_notes_of(state, event, notes);
	int64_t last;

	if (count == 0)
		return OK;
	TRY(withdraw(db, state, event));
	TRY(positions_take(db, state, count, &last));
	for (size_t i = 0; i < count; i++)
		TRY(item_add(db, state, &notes[i], last - (int64_t)(count - 1 - i), event->at));
	TRY(trim(db, state, last));
	db_announce(db, feed_channel(&scope));
	return OK;
}

/* ---- reading and forgetting ---- */

static void item_read(struct query *q, struct arena *arena, struct feed_item *out)
{
	out->position = query_column_int(q, 0);
	out->id = query_column_text(q, 1, arena);
	out->type = (enum feed_type)query_column_int(q, 2);
	out->state = (int)query_column_int(q, 3);
	out->created_at = query_column_int(q, 4);
	out->envelope = query_column_text(q, 5, arena);
	out->expires_at = query_column_int(q, 6);
	out->signer = query_column_text(q, 7, arena);
	out->company = query_column_text(q, 8, arena);
}

enum err store_feed_list(struct db *db, const struct feed_scope *scope, int64_t after,
    struct arena *arena, struct feed_item *out, size_t room, size_t *count)
{
	struct query q;

	*count = 0;
	query_start(&q, db, SQL_FEED_LIST);
	query_int(&q, scope->organisation);
	query_int(&q, scope->environment);
	query_int(&q, after);
	query_int(&q, (int64_t)room);
	while (*count < room && query_next(&q))
		item_read(&q, arena, &out[(*count)++]);
	return query_end(&q);
}

enum err store_feed_acknowledge(struct db *db, const struct feed_scope *scope, struct span id)
{
	struct query q;

	query_start(&q, db, SQL_FEED_ACKNOWLEDGE);
	query_int(&q, scope->organisation);
	query_int(&q, scope->environment);
	query_span(&q, id);
	return query_run(&q);
}

enum err store_feed_sweep(struct db *db, int64_t before, size_t max, size_t *removed)
{
	struct query q;

	query_start(&q, db, SQL_FEED_SWEEP);
	query_int(&q, before);
	query_int(&q, (int64_t)max);
	TRY(query_run(&q));
	*removed = (size_t)query_changes(db);
	return OK;
}
