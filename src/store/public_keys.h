/*
 * Public keys of partners. A key belongs to an integration, to a person (and serves wherever the
 * person does, in both environments), or to the organisation itself. Up to STORE_PUBLIC_KEYS_VALID
 * are valid at a time, so that one can follow another without a moment when neither works.
 */
#ifndef CHIROGRAPH_STORE_PUBLIC_KEYS_H
#define CHIROGRAPH_STORE_PUBLIC_KEYS_H

#include "store/db.h"

#define STORE_PUBLIC_KEYS_VALID 4
#define STORE_SPKI_MAX 2112 /* RSA of 16384 bits */
#define STORE_FINGERPRINT_SIZE 52

struct key_owner {
	int64_t organisation;
	int64_t integration; /* 0: not an integration's */
	int64_t user;        /* 0: not a person's; both 0: the organisation's own */
};

struct stored_public_key {
	int64_t row; /* given by store_public_key_add */
	struct key_owner owner;
	int kind; /* enum key_kind of sign/key.h */
	uint8_t spki[STORE_SPKI_MAX];
	size_t spki_size;
	char fingerprint[STORE_FINGERPRINT_SIZE];
	int64_t created_at;
	int64_t valid_until;      /* 0: no end */
	int64_t revoked_at;       /* 0: not revoked */
	int64_t last_verified_at; /* 0: never */
};

#define STORE_OLDER_KEPT 0 /* the owner's older keys go on as they are */
/* Sets row. older_until: when the owner's keys that are valid at created_at end; a time not after
 * created_at ends them at once, an earlier end of theirs stays. ERR_CONFLICT: a valid key with this
 * fingerprint is there; ERR_TOO_MANY: more than STORE_PUBLIC_KEYS_VALID would be valid. */
enum err CHECKED store_public_key_add(
    struct db *db, struct stored_public_key *k, int64_t older_until);
/* The keys valid now, newest first, STORE_PUBLIC_KEYS_VALID at most. */
enum err CHECKED store_public_key_valid(struct db *db, const struct key_owner *owner, int64_t now,
    struct stored_public_key *out, size_t *n);
/* All that ever were, up to *n with a row id above `after`. */
enum err CHECKED store_public_key_list(struct db *db, const struct key_owner *owner, int64_t after,
    struct stored_public_key *out, size_t *n);
/* ERR_NOT_FOUND: not this owner's, or revoked already. */
enum err CHECKED store_public_key_revoke(
    struct db *db, const struct key_owner *owner, int64_t row, int64_t now);
/* A write: call it at most once a minute for a row, never on the request's way. */
enum err CHECKED store_public_key_verified(struct db *db, int64_t row, int64_t now);

#endif
