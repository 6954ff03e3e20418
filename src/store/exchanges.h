/*
 * The archive of signed traffic, row by row. What a side holds is for the API room to say
 * (api/archive.h); here it is sealed bytes.
 */
#ifndef CHIROGRAPH_STORE_EXCHANGES_H
#define CHIROGRAPH_STORE_EXCHANGES_H

#include "store/db.h"

#include "base/crypto.h"

struct stored_exchange {
	int64_t row;
	int64_t organisation, envelope; /* rows */
	const char *id;                 /* UUID */
	int64_t at;
	struct span request, answer; /* sealed at these places; answer empty: not kept yet */
};

struct vault_place;
struct vault_place exchange_request_place(const char *id);
struct vault_place exchange_answer_place(const char *id);

/* In the transaction of the effect. Sets row. */
enum err CHECKED store_exchange_add(struct db *db, struct stored_exchange *x);
enum err CHECKED store_exchange_answer(
    struct db *db, const struct stored_exchange *x); /* ERR_NOT_FOUND */
/* Oldest first, at most limit. */
enum err CHECKED store_exchange_list(struct db *db, int64_t organisation, int64_t envelope,
    size_t limit, struct arena *arena, struct stored_exchange **out, size_t *count);
/* Removes up to max that are older; *removed says how many. */
enum err CHECKED store_exchange_sweep(struct db *db, int64_t before, size_t max, size_t *removed);

#endif
