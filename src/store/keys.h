/*
 * API keys as the database holds them: never the key, only the hash of its text. key_find is on
 * every request's way, so a row found has no pointers and needs no arena.
 */
#ifndef CHIROGRAPH_STORE_KEYS_H
#define CHIROGRAPH_STORE_KEYS_H

#include "store/db.h"

#include "base/crypto.h"

#define STORE_KEY_ID_MAX 32
#define STORE_KEY_LABEL_MAX 128
#define STORE_KEY_ROUTES_MAX 1024

struct stored_key {
	int64_t row; /* given by store_key_add */
	int64_t organisation;
	int64_t user;    /* 0: none */
	int environment; /* 0 sandbox, 1 production */
	int scheme;      /* enum auth_scheme */
	uint8_t key_id[STORE_KEY_ID_MAX];
	size_t key_id_size;
	uint8_t secret_hash[SHA256_SIZE]; /* of the whole key text */
	char label[STORE_KEY_LABEL_MAX];
	int64_t created_at;
	int64_t revoked_at;                /* 0: live */
	int64_t last_used_at;              /* 0: never; to the minute */
	char routes[STORE_KEY_ROUTES_MAX]; /* "METHOD /pattern", commas between; "": all */
	int64_t rate;                      /* requests a minute; 0: the server's default */
};

void column_chars(struct query *q, int column, char *out, size_t size); /* "" when it is too long */

enum err CHECKED store_key_add(struct db *db, struct stored_key *k); /* sets row; ERR_CONFLICT */
enum err CHECKED store_key_find(
    struct db *db, struct span key_id, struct stored_key *out); /* ERR_NOT_FOUND */
/* Up to *n keys with a row id above `after`. */
enum err CHECKED store_key_list(
    struct db *db, int64_t organisation, int64_t after, struct stored_key *out, size_t *n);
enum err CHECKED store_key_revoke(struct db *db, int64_t organisation, int64_t row, int64_t now);
/* The live key of a person for one environment and scheme. ERR_NOT_FOUND. */
enum err CHECKED store_key_of_user(
    struct db *db, int64_t user, int environment, int scheme, struct stored_key *out);
/* All live keys of a person for one environment and scheme, in every organisation. */
enum err CHECKED store_key_revoke_user(
    struct db *db, int64_t user, int environment, int scheme, int64_t now);
enum err CHECKED store_key_limit(struct db *db, int64_t organisation, int64_t row,
    const char *routes, int64_t rate); /* ERR_NOT_FOUND */
/* A write: call it at most once a minute for a key, never on the request's way. */
enum err CHECKED store_key_touch(struct db *db, int64_t organisation, int64_t row, int64_t now);

#endif
