/*
 * Stored answers of writes that carried an Idempotency-Key. The record is added in the commit
 * that holds the effect. A write that needs more than one commit adds it with status 0
 * (running) first and finishes it later.
 */
#ifndef CHIROGRAPH_STORE_IDEMPOTENCY_H
#define CHIROGRAPH_STORE_IDEMPOTENCY_H

#include "store/db.h"

#include "base/crypto.h"

struct idempotency_key {
	int64_t organisation, api_key;
	uint8_t key_hash[SHA256_SIZE]; /* of the header's value */
};

struct idempotency_record {
	const char *route; /* method and pattern */
	uint8_t body_hash[SHA256_SIZE];
	int status;           /* HTTP status; 0: still running */
	struct span response; /* sealed by the caller */
	int64_t created_at;
};

/* ERR_CONFLICT when a record is there already. */
enum err CHECKED store_idempotency_add(
    struct db *db, const struct idempotency_key *key, const struct idempotency_record *record);
enum err CHECKED store_idempotency_find(struct db *db, const struct idempotency_key *key,
    struct arena *arena, struct idempotency_record *out); /* ERR_NOT_FOUND */
enum err CHECKED store_idempotency_finish(
    struct db *db, const struct idempotency_key *key, int status, struct span response);
enum err CHECKED store_idempotency_remove(struct db *db, const struct idempotency_key *key);
enum err CHECKED store_idempotency_sweep(struct db *db, int64_t created_before);

#endif
