/*
 * Integrations: the partner's side of the ES512 schemes, found by the UUID that it sends. Found on
 * every signed request's way, so a row has no pointers and needs no arena. Their public keys are
 * in store/public_keys.h, the addresses they may call from in store/addresses.h.
 */
#ifndef CHIROGRAPH_STORE_INTEGRATIONS_H
#define CHIROGRAPH_STORE_INTEGRATIONS_H

#include "store/keys.h"

#include "base/crypto.h"

enum integration_mode { INTEGRATION_STRICT = 0, INTEGRATION_COMPAT = 1 };

struct stored_integration {
	int64_t row; /* given by store_integration_add */
	int64_t organisation;
	int64_t user;                    /* 0: none */
	int environment;                 /* 0 sandbox, 1 production */
	char client_key[UUID_TEXT_SIZE]; /* lower case */
	char label[STORE_KEY_LABEL_MAX];
	enum integration_mode mode;
	int64_t window_s; /* 0: no window */
	char routes[STORE_KEY_ROUTES_MAX];
	int64_t rate; /* requests a minute; 0: the server's default */
	int64_t created_at;
	int64_t revoked_at;       /* 0: live */
	int64_t last_verified_at; /* 0: never; to the minute */
};

enum err CHECKED store_integration_add(
    struct db *db, struct stored_integration *i); /* sets row; ERR_CONFLICT */
/* Revoked ones too: the caller looks at revoked_at. ERR_NOT_FOUND. */
enum err CHECKED store_integration_find(
    struct db *db, struct span client_key, struct stored_integration *out);
/* Up to *n with a row id above `after`. */
enum err CHECKED store_integration_list(
    struct db *db, int64_t organisation, int64_t after, struct stored_integration *out, size_t *n);
/* Label, mode, window, routes and rate. ERR_NOT_FOUND: none, or revoked. */
enum err CHECKED store_integration_update(struct db *db, const struct stored_integration *i);
enum err CHECKED store_integration_revoke(
    struct db *db, int64_t organisation, int64_t row, int64_t now);
/* A write: call it at most once a minute for a row, never on the request's way. */
enum err CHECKED store_integration_verified(
    struct db *db, int64_t organisation, int64_t row, int64_t now);
/* The key of the newest live one of that environment. ERR_NOT_FOUND: none. */
enum err CHECKED store_integration_newest(
    struct db *db, int64_t organisation, int environment, char client_key[UUID_TEXT_SIZE]);

#endif
