/*
 * Data keys made ahead, in front's memory as the keys of open envelopes are: one trip to keyd
 * brings several. Each was made and wrapped by keyd under its organisation's key, and each is
 * given out once; what is not given out is wiped.
 */
#ifndef CHIROGRAPH_KEYD_STASH_H
#define CHIROGRAPH_KEYD_STASH_H

#include "keyd/calls.h"
#include "keyd/keyd.h"

#include <pthread.h>

#define STASH_ORGANISATIONS 8
#define STASH_LOW 4 /* so few are left: one caller fetches more, the others take these */
#define STASH_ROOM (STASH_LOW + CALL_DATA_KEYS_MAX)

struct data_key {
	struct wrapped_key wrapped;
	uint8_t key[KEY_SIZE];
};

struct stash_shelf {
	struct wrapped_key organisation;
	uint64_t used_at; /* 0: empty */
	uint32_t wanted;  /* of the next trip: more when the last ones were used up */
	bool is_awaited;  /* someone fetches */
	size_t count;
	struct data_key keys[STASH_ROOM];
};

struct stash {
	pthread_mutex_t lock;
	uint64_t uses;
	struct stash_shelf shelves[STASH_ORGANISATIONS];
};

struct stash_taken {
	bool has_key;
	uint32_t fetch; /* so many are to be fetched; 0: none */
	bool
	    is_for_all; /* what the caller does not use itself is to be put, even when it is none */
};

void stash_init(struct stash *s);
void stash_wipe(struct stash *s);
struct stash_taken stash_take(
    struct stash *s, const struct wrapped_key *organisation, struct data_key *out);
void stash_put(struct stash *s, const struct wrapped_key *organisation, const struct data_key *keys,
    size_t count);

#endif
