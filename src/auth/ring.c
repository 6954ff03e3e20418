/*
 * A table of buckets, each with a few entries; the oldest of a full bucket gives way. Only keys
 * that exist get in, so guessing ids pushes nobody out.
 */
#include "auth/ring.h"

#include "base/clock.h"

#include <openssl/evp.h>
#include <string.h>

#define PLACES 8
#define ENTRY_ARENA (128 * 1024)

struct bucket {
	struct auth_entry *entries[PLACES];
};

struct ring {
	struct ring_config config;
	pthread_mutex_t lock;
	size_t count; /* of buckets */
	struct bucket *buckets;
};

static void live_release(struct auth_live *l)
{
	if (l == NULL || atomic_fetch_sub(&l->users, 1) != 1)
		return;
	pthread_mutex_destroy(&l->lock);
	mem_free(l, sizeof(*l));
}

void auth_entry_release(struct auth_entry *e)
{
	if (e == NULL || atomic_fetch_sub(&e->users, 1) != 1)
		return;
	for (size_t i = 0; i < e->key.public_key_count; i++)
		key_freep(&e->key.public_keys[i].pkey);
	proxies_free(e->networks);
	live_release(e->live);
	arena_free(e->arena);
	mem_free(e, sizeof(*e));
}

enum err ring_new(const struct ring_config *config, struct ring **out)
{
	struct ring *r = mem_alloc(sizeof(*r));

	ENSURE(r != NULL, ERR_MEMORY);
	r->config = *config;
	r->count = config->limit / PLACES + 1;
	r->buckets = mem_alloc(r->count * sizeof(*r->buckets));
	pthread_mutex_init(&r->lock, NULL);
	*out = r;
	if (r->buckets != NULL)
		return OK;
	ring_free(r);
	*out = NULL;
	return ERR_MEMORY;
}

void ring_free(struct ring *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; r->buckets != NULL && i < r->count * PLACES; i++)
		auth_entry_release(r->buckets[i / PLACES].entries[i % PLACES]);
	pthread_mutex_destroy(&r->lock);
	mem_free(r->buckets, r->count * sizeof(*r->buckets));
	mem_free(r, sizeof(*r));
}

static size_t bucket_of(const struct ring *r, struct span id)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (size_t i = 0; i < id.size; i++)
		hash = (hash ^ id.data[i]) * 1099511628211u;
	return (size_t)(hash % r->count);
}

static struct auth_entry **place_find(struct bucket *b, enum auth_kind kind, struct span id)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct auth_entry *e = b->entries[i];
		if (e != NULL && e->kind == kind && span_equal(e->id, id))
			return &b->entries[i];
	}
	return NULL;
}

static struct auth_entry **place_oldest(struct bucket *b)
{
	size_t found = 0;

	for (size_t i = 0; i < PLACES; i++) {
		if (b->entries[i] == NULL)
			return &b->entries[i];
		if (b->entries[i]->read_at < b->entries[found]->read_at)
			found = i;
	}
	return &b->entries[found];
}

static struct auth_entry *entry_look(struct ring *r, enum auth_kind kind, struct span id)
{
	pthread_mutex_lock(&r->lock);
	struct auth_entry **place = place_find(&r->buckets[bucket_of(r, id)], kind, id);
	struct auth_entry *e = place != NULL ? *place : NULL;
	if (e != NULL)
		atomic_fetch_add(&e->users, 1);
	pthread_mutex_unlock(&r->lock);
	return e;
}

/* The ring takes a use of its own; what stood there is released. */
static void entry_put(struct ring *r, struct auth_entry *e)
{
	struct bucket *b = &r->buckets[bucket_of(r, e->id)];

	pthread_mutex_lock(&r->lock);
	struct auth_entry **place = place_find(b, e->kind, e->id);
	if (place == NULL)
		place = place_oldest(b);
	struct auth_entry *old = *place;
	*place = e;
	atomic_fetch_add(&e->users, 1);
	pthread_mutex_unlock(&r->lock);
	auth_entry_release(old);
}

static void entry_drop(struct ring *r, struct auth_entry *e)
{
	pthread_mutex_lock(&r->lock);
	struct auth_entry **place = place_find(&r->buckets[bucket_of(r, e->id)], e->kind, e->id);
	bool is_there = place != NULL && *place == e;
	if (is_there)
		*place = NULL;
	pthread_mutex_unlock(&r->lock);
	if (is_there)
		auth_entry_release(e);
}

/* Rows of public keys never change, so one that was decoded before is shared. */
static enum err public_key_open(struct auth_public_key *k, const struct auth_key *before)
{
	for (size_t i = 0; before != NULL && i < before->public_key_count; i++) {
		const struct auth_public_key *old = &before->public_keys[i];
		if (old->row != k->row || EVP_PKEY_up_ref(old->pkey) != 1)
			continue;
		k->pkey = old->pkey;
		return OK;
	}
	return key_public_of_der(k->spki, &k->pkey);
}

static enum err live_inherit(struct auth_entry *e, struct auth_entry *before)
{
	if (before != NULL) {
		e->live = before->live;
		atomic_fetch_add(&e->live->users, 1);
		return OK;
	}
	e->live = mem_alloc(sizeof(*e->live));
	ENSURE(e->live != NULL, ERR_MEMORY);
	atomic_init(&e->live->users, 1);
	pthread_mutex_init(&e->live->lock, NULL);
	e->live->newest_timestamp = e->live->floor_kept = e->key.floor;
	return OK;
}

static enum err entry_fill(struct ring *r, struct auth_entry *e, struct auth_entry *before)
{
	const struct auth_store *store = &r->config.store;
	size_t count;

	TRY(store->load(store->ctx, e->kind, e->id, e->arena, &e->key));
	count = e->key.public_key_count;
	e->key.public_key_count = 0; /* those that are open */
	for (; e->key.public_key_count < count; e->key.public_key_count++)
		TRY(public_key_open(&e->key.public_keys[e->key.public_key_count],
		    before != NULL ? &before->key : NULL));
	if (e->key.networks != NULL)
		TRY(proxies_new(e->key.networks, &e->networks));
	return live_inherit(e, before);
}

static enum err entry_read(struct ring *r, enum auth_kind kind, struct span id,
    struct auth_entry *before, struct auth_entry **out)
{
	struct auth_entry *e = mem_alloc(sizeof(*e));

	ENSURE(e != NULL, ERR_MEMORY);
	atomic_init(&e->users, 1);
	e->read_at = clock_monotonic(); /* before the reading: what comes later is read again */
	e->kind = kind;
	e->arena = arena_new(ENTRY_ARENA);
	const char *copy = e->arena != NULL ? span_dup(e->arena, id) : NULL;
	e->id = span_of(copy, id.size);
	enum err error = copy != NULL ? entry_fill(r, e, before) : ERR_MEMORY;
	if (error == OK)
		*out = e;
	else
		auth_entry_release(e);
	return error;
}

enum err ring_get(struct ring *r, enum auth_kind kind, struct span id, struct auth_entry **out)
{
	struct auth_entry *old = entry_look(r, kind, id), *fresh = NULL;

	*out = NULL;
	if (old != NULL && clock_monotonic() - old->read_at < r->config.entry_ms) {
		*out = old;
		return OK;
	}
	enum err e = entry_read(r, kind, id, old, &fresh);
	if (e == OK)
		entry_put(r, fresh);
	else if (e == ERR_NOT_FOUND && old != NULL)
		entry_drop(r, old);
	auth_entry_release(old);
	*out = fresh;
	return e;
}

#define REQUEST 60000 /* a request, in the unit that gives one a minute each millisecond */

/* A bucket of ten seconds' requests, filled evenly. */
int64_t live_take(struct auth_live *l, int64_t per_minute, int64_t now)
{
	int64_t full = per_minute * 10000, wait = 0;

	pthread_mutex_lock(&l->lock);
	int64_t passed =
	    l->filled_at == 0 || now - l->filled_at > REQUEST ? REQUEST : now - l->filled_at;
	l->tokens += passed * per_minute;
	if (l->tokens > (full > REQUEST ? full : REQUEST))
		l->tokens = full > REQUEST ? full : REQUEST;
	l->filled_at = now;
	if (l->tokens >= REQUEST)
		l->tokens -= REQUEST;
	else
		wait = (REQUEST - l->tokens) / per_minute / 1000 + 1;
	pthread_mutex_unlock(&l->lock);
	return wait;
}

static struct auth_use *use_find(struct auth_live *l, int64_t row)
{
	struct auth_use *oldest = &l->uses[0];

	for (size_t i = 0; i < AUTH_PUBLIC_KEYS; i++) {
		if (l->uses[i].at != 0 && l->uses[i].row == row)
			return &l->uses[i];
		if (l->uses[i].at < oldest->at)
			oldest = &l->uses[i];
	}
	*oldest = (struct auth_use){.row = row};
	return oldest;
}

bool live_use(struct auth_live *l, int64_t row, int64_t now)
{
	pthread_mutex_lock(&l->lock);
	struct auth_use *u = use_find(l, row);
	bool is_due = u->at == 0 || now - u->at >= CLOCK_MINUTE;
	if (is_due)
		u->at = now > 0 ? now : 1;
	pthread_mutex_unlock(&l->lock);
	return is_due;
}
