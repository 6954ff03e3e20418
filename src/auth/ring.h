/*
 * Keys at hand: each row as it was read at most LIMIT_KEY_CACHE_MS ago, with its public keys
 * decoded. There is no other invalidation, so what the command line revokes is refused everywhere
 * within a second. An entry in use stays whole though a fresher one has taken its place.
 */
#ifndef CHIROGRAPH_AUTH_RING_H
#define CHIROGRAPH_AUTH_RING_H

#include "auth/auth.h"
#include "http/proxy.h"

#include <pthread.h>
#include <stdatomic.h>

/* When a public key, or the key itself, was last noted as used. */
struct auth_use {
	int64_t row, at; /* 0: none; monotonic ms, 0: never */
};

/* What one key's entries hand on to each other. */
struct auth_live {
	atomic_uint users;
	pthread_mutex_t lock;     /* guards what follows */
	int64_t tokens;           /* requests that may come now, times 60,000 */
	int64_t filled_at;        /* monotonic ms; 0: never */
	int64_t newest_timestamp; /* Unix s, of the requests accepted */
	int64_t floor_kept;       /* durably */
	struct auth_use uses[AUTH_PUBLIC_KEYS];
};

struct auth_entry {
	atomic_uint users;
	struct arena *arena;
	struct auth_key key;
	struct proxies *networks; /* of key.networks; NULL: anywhere */
	struct auth_live *live;
	int64_t read_at; /* monotonic ms */
	enum auth_kind kind;
	struct span id;
};

struct ring;

struct ring_config {
	struct auth_store store;
	size_t limit;
	int64_t entry_ms;
};

enum err CHECKED ring_new(const struct ring_config *config, struct ring **out);
void ring_free(struct ring *r);
/* ERR_NOT_FOUND: no such key. The caller releases the entry. */
enum err CHECKED ring_get(
    struct ring *r, enum auth_kind kind, struct span id, struct auth_entry **out);
void auth_entry_release(struct auth_entry *e);

/* One request of this key; the seconds to wait when that was one too many, else 0. */
int64_t live_take(struct auth_live *l, int64_t per_minute, int64_t now);
/* Is this use to be noted in the store? Once a minute and public key. */
bool live_use(struct auth_live *l, int64_t row, int64_t now);

#endif
