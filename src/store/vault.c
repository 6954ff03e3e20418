/*
 * Sealed columns and the cache of open data keys. What always holds: a key leaves the cache
 * wiped, the cache never grows past its entries, and the lock is not held while keyd is asked.
 * Two threads that miss the same key both ask; the answers are equal, so either may stay.
 */
#include "store/vault.h"

#include <pthread.h>
#include <string.h>

#define NAME_MAX_BYTES 256
#define NONE UINT32_MAX

struct entry {
	int64_t organisation, envelope;
	uint8_t key[KEY_SIZE];
	uint32_t newer, older; /* in the order of use; NONE at the ends */
	uint32_t chain;        /* next in the same bucket */
};

struct vault {
	pthread_mutex_t lock;
	vault_unwrap unwrap;
	void *ctx;
	uint32_t room;                  /* entries, and buckets */
	uint32_t used;                  /* entries that were ever taken */
	uint32_t newest, oldest, spare; /* spare: forgotten entries, by chain */
	uint32_t *buckets;
	struct entry *entries;
};

/* table NUL column NUL row: no two places read the same. */
static enum err place_name(struct vault_place at, char out[NAME_MAX_BYTES], size_t *size)
{
	const char *const parts[] = {at.table, at.column, at.row};
	*size = 0;
	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(parts[i]);
		ENSURE(*size + n + 1 <= NAME_MAX_BYTES, ERR_LIMIT);
		memcpy(out + *size, parts[i], n + 1);
		*size += n + 1;
	}
	return OK;
}

enum err vault_seal(
    const uint8_t key[KEY_SIZE], struct vault_place at, struct span plain, struct buf *out)
{
	char name[NAME_MAX_BYTES];
	size_t size;
	TRY(place_name(at, name, &size));
	return gcm_seal(key, span_of(name, size), plain, out);
}

enum err vault_open(
    const uint8_t key[KEY_SIZE], struct vault_place at, struct span sealed, struct buf *out)
{
	char name[NAME_MAX_BYTES];
	size_t size;
	TRY(place_name(at, name, &size));
	return gcm_open(key, span_of(name, size), sealed, out);
}

enum err vault_new(size_t entries, vault_unwrap unwrap, void *ctx, struct vault **out)
{
	ENSURE(entries > 0 && entries < NONE / sizeof(struct entry), ERR_LIMIT);
	struct vault *v = mem_alloc(sizeof(*v));
	ENSURE(v != NULL, ERR_MEMORY);
	pthread_mutex_init(&v->lock, NULL);
	v->unwrap = unwrap;
	v->ctx = ctx;
	v->room = (uint32_t)entries;
	v->newest = v->oldest = v->spare = NONE;
	v->buckets = mem_alloc(entries * sizeof(*v->buckets));
	v->entries = mem_alloc(entries * sizeof(*v->entries));
	if (v->buckets == NULL || v->entries == NULL) {
		vault_free(v);
		return ERR_MEMORY;
	}
	for (uint32_t i = 0; i < v->room; i++)
		v->buckets[i] = NONE;
	*out = v;
	return OK;
}

void vault_free(struct vault *v)
{
	if (v == NULL)
		return;
	pthread_mutex_destroy(&v->lock);
	mem_free(v->buckets, v->room * sizeof(*v->buckets));
	mem_free(v->entries, v->room * sizeof(*v->entries));
	mem_free(v, sizeof(*v));
}

static uint32_t *bucket(struct vault *v, int64_t organisation, int64_t envelope)
{
	uint64_t h = (uint64_t)envelope * UINT64_C(0x9e3779b97f4a7c15);
	h ^= (uint64_t)organisation * UINT64_C(0xc2b2ae3d27d4eb4f);
	return &v->buckets[(h >> 32) % v->room];
}

static uint32_t entry_find(struct vault *v, int64_t organisation, int64_t envelope)
{
	uint32_t i = *bucket(v, organisation, envelope);
	while (i != NONE &&
	       (v->entries[i].organisation != organisation || v->entries[i].envelope != envelope))
		i = v->entries[i].chain;
	return i;
}

static void order_leave(struct vault *v, uint32_t i)
{
	struct entry *e = &v->entries[i];
	if (e->newer == NONE)
		v->newest = e->older;
	else
		v->entries[e->newer].older = e->older;
	if (e->older == NONE)
		v->oldest = e->newer;
	else
		v->entries[e->older].newer = e->newer;
}

static void order_enter(struct vault *v, uint32_t i)
{
	struct entry *e = &v->entries[i];
	e->newer = NONE;
	e->older = v->newest;
	if (v->newest != NONE)
		v->entries[v->newest].newer = i;
	v->newest = i;
	if (v->oldest == NONE)
		v->oldest = i;
}

static void entry_forget(struct vault *v, uint32_t i)
{
	struct entry *e = &v->entries[i];
	uint32_t *at = bucket(v, e->organisation, e->envelope);
	while (*at != i)
		at = &v->entries[*at].chain;
	*at = e->chain;
	order_leave(v, i);
	secret_wipe(e, sizeof(*e));
	e->chain = v->spare;
	v->spare = i;
}

static uint32_t entry_take(struct vault *v)
{
	if (v->spare == NONE && v->used < v->room)
		return v->used++;
	if (v->spare == NONE)
		entry_forget(v, v->oldest);
	uint32_t i = v->spare;
	v->spare = v->entries[i].chain;
	return i;
}

static void entry_put(
    struct vault *v, int64_t organisation, int64_t envelope, const uint8_t key[KEY_SIZE])
{
	uint32_t i = entry_find(v, organisation, envelope);
	if (i != NONE) {
		memcpy(v->entries[i].key, key, KEY_SIZE);
		return;
	}
	i = entry_take(v);
	struct entry *e = &v->entries[i];
	uint32_t *at = bucket(v, organisation, envelope);
	*e = (struct entry){.organisation = organisation, .envelope = envelope, .chain = *at};
	memcpy(e->key, key, KEY_SIZE);
	*at = i;
	order_enter(v, i);
}

static bool key_cached(
    struct vault *v, int64_t organisation, int64_t envelope, uint8_t key[KEY_SIZE])
{
	pthread_mutex_lock(&v->lock);
	uint32_t i = entry_find(v, organisation, envelope);
	if (i != NONE) {
		memcpy(key, v->entries[i].key, KEY_SIZE);
		order_leave(v, i);
		order_enter(v, i);
	}
	pthread_mutex_unlock(&v->lock);
	return i != NONE;
}

enum err vault_key(struct vault *v, int64_t organisation, int64_t envelope,
    struct span organisation_wrapped, struct span wrapped, uint8_t key[KEY_SIZE])
{
	if (key_cached(v, organisation, envelope, key))
		return OK;
	TRY(v->unwrap(v->ctx, organisation_wrapped, wrapped, key));
	vault_remember(v, organisation, envelope, key);
	return OK;
}

void vault_remember(
    struct vault *v, int64_t organisation, int64_t envelope, const uint8_t key[KEY_SIZE])
{
	pthread_mutex_lock(&v->lock);
	entry_put(v, organisation, envelope, key);
	pthread_mutex_unlock(&v->lock);
}

void vault_forget(struct vault *v, int64_t organisation, int64_t envelope)
{
	pthread_mutex_lock(&v->lock);
	uint32_t i = entry_find(v, organisation, envelope);
	if (i != NONE)
		entry_forget(v, i);
	pthread_mutex_unlock(&v->lock);
}
