/*
 * What is accepted once: marks of signed requests, and the highest nonce of each API key. Both are
 * written in the transaction of the request's effect, so neither can be there without the other.
 */
#ifndef CHIROGRAPH_STORE_REPLAY_H
#define CHIROGRAPH_STORE_REPLAY_H

#include "store/db.h"

#include "base/crypto.h"

/* A mark is a SHA-256 that the scheme makes of all that makes a request the same; it must be kept
 * at least as long as the request could pass the window. ERR_REPLAY: it is there. */
enum err CHECKED store_replay_add(
    struct db *db, int64_t organisation, const uint8_t mark[SHA256_SIZE], int64_t expires_at);
/* ERR_REPLAY: it is there. */
enum err CHECKED store_replay_check(
    struct db *db, int64_t organisation, const uint8_t mark[SHA256_SIZE]);
/* Is there a mark of anybody's whose time is not over? */
enum err CHECKED store_replay_any(struct db *db, int64_t now, bool *out);
/* Removes up to max marks whose time is over; *removed says how many. */
enum err CHECKED store_replay_sweep(struct db *db, int64_t now, size_t max, size_t *removed);
/* ERR_REPLAY unless the nonce is above every earlier one of this key. */
enum err CHECKED store_nonce_advance(
    struct db *db, int64_t organisation, int64_t api_key, int64_t nonce);
/* The highest nonce of this key; 0: none yet. */
enum err CHECKED store_nonce_last(
    struct db *db, int64_t organisation, int64_t api_key, int64_t *nonce);

#endif
