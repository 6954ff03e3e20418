/*
 * The addresses an integration may call from. No row: from anywhere; any row, even one that
 * still waits: only from those whose active_at has come.
 * What a network looks like and whether it may be listed is base's to say (base/network.h).
 */
#ifndef CHIROGRAPH_STORE_ADDRESSES_H
#define CHIROGRAPH_STORE_ADDRESSES_H

#include "store/db.h"

#define STORE_NETWORK_MAX 64
#define STORE_ADDRESSES_MAX 64 /* of one integration */

struct stored_address {
	char network[STORE_NETWORK_MAX]; /* canonical text */
	int64_t created_at, active_at;
};

/* ERR_CONFLICT: listed already. ERR_TOO_MANY: more than STORE_ADDRESSES_MAX. */
enum err CHECKED store_address_add(
    struct db *db, int64_t organisation, int64_t integration, const struct stored_address *a);
/* Up to *n, oldest first. */
enum err CHECKED store_address_list(struct db *db, int64_t organisation, int64_t integration,
    struct stored_address *out, size_t *n);
/* ERR_NOT_FOUND: not listed. */
enum err CHECKED store_address_activate(
    struct db *db, int64_t organisation, int64_t integration, const char *network, int64_t now);
enum err CHECKED store_address_remove(
    struct db *db, int64_t organisation, int64_t integration, const char *network);

#endif
