/*
 * Shelves of data keys, one an organisation; the one not used for longest gives way. The first trip
 * brings one key and each that follows twice as many, so a program that makes one envelope and ends
 * asks for no more. What always holds: a key leaves its shelf when it is given, so no two callers
 * get the same; one caller at a time fetches for a shelf, and nobody waits for another.
 */
#include "keyd/stash.h"

#include <string.h>

void stash_init(struct stash *s)
{
	pthread_mutex_init(&s->lock, NULL);
}

void stash_wipe(struct stash *s)
{
	pthread_mutex_destroy(&s->lock);
	secret_wipe(s, sizeof(*s));
}

static struct span name_of(const struct wrapped_key *w)
{
	return span_of(w->data, w->size);
}

static struct stash_shelf *shelf_find(struct stash *s, const struct wrapped_key *organisation)
{
	for (size_t i = 0; i < STASH_ORGANISATIONS; i++) {
		struct stash_shelf *shelf = &s->shelves[i];
		if (shelf->used_at != 0 &&
		    span_equal(name_of(&shelf->organisation), name_of(organisation)))
			return shelf;
	}
	return NULL;
}

static struct stash_shelf *shelf_new(struct stash *s, const struct wrapped_key *organisation)
{
	struct stash_shelf *oldest = &s->shelves[0];

	for (size_t i = 1; i < STASH_ORGANISATIONS; i++)
		if (s->shelves[i].used_at < oldest->used_at)
			oldest = &s->shelves[i];
	secret_wipe(oldest, sizeof(*oldest));
	oldest->organisation = *organisation;
	return oldest;
}

static void shelf_give(struct stash_shelf *shelf, struct data_key *out, struct stash_taken *taken)
{
	taken->has_key = shelf->count > 0;
	if (!taken->has_key)
		return;
	struct data_key *last = &shelf->keys[--shelf->count];
	*out = *last;
	secret_wipe(last, sizeof(*last));
}

/* A small shelf is filled when it is empty, a large one before. */
static void shelf_order(struct stash_shelf *shelf, struct stash_taken *taken)
{
	size_t low = shelf->wanted > STASH_LOW ? STASH_LOW : 0;

	if (shelf->is_awaited || (taken->has_key && (low == 0 || shelf->count > low)))
		return;
	taken->is_for_all = shelf->is_awaited = true;
	shelf->wanted = shelf->wanted == 0 ? 1 : 2 * shelf->wanted;
	if (shelf->wanted > CALL_DATA_KEYS_MAX)
		shelf->wanted = CALL_DATA_KEYS_MAX;
	taken->fetch = shelf->wanted;
}

struct stash_taken stash_take(
    struct stash *s, const struct wrapped_key *organisation, struct data_key *out)
{
	struct stash_taken taken = {.has_key = false};

	pthread_mutex_lock(&s->lock);
	struct stash_shelf *shelf = shelf_find(s, organisation);
	if (shelf == NULL)
		shelf = shelf_new(s, organisation);
	shelf->used_at = ++s->uses;
	shelf_give(shelf, out, &taken);
	shelf_order(shelf, &taken);
	pthread_mutex_unlock(&s->lock);
	if (!taken.has_key && !taken.is_for_all)
		taken.fetch = 1; /* another fetches for all already */
	return taken;
}

void stash_put(struct stash *s, const struct wrapped_key *organisation, const struct data_key *keys,
    size_t count)
{
	pthread_mutex_lock(&s->lock);
	struct stash_shelf *shelf = shelf_find(s, organisation);
	for (size_t i = 0; shelf != NULL && i < count && shelf->count < STASH_ROOM; i++)
		shelf->keys[shelf->count++] = keys[i];
	if (shelf != NULL)
		shelf->is_awaited = false;
	pthread_mutex_unlock(&s->lock);
}
