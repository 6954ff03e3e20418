/* The allow-list of an integration, row by row. */
#include "store/addresses.h"

#include "store/keys.h"

static enum err room_check(struct db *db, int64_t organisation, int64_t integration)
{
	struct stored_address all[STORE_ADDRESSES_MAX];
	size_t n = STORE_ADDRESSES_MAX;
	TRY(store_address_list(db, organisation, integration, all, &n));
	return n < STORE_ADDRESSES_MAX ? OK : ERR_TOO_MANY;
}

enum err store_address_add(
    struct db *db, int64_t organisation, int64_t integration, const struct stored_address *a)
{
	struct query q;
	TRY(room_check(db, organisation, integration));
	query_start(&q, db, SQL_ADDRESS_ADD);
	query_int(&q, organisation);
	query_int(&q, integration);
	query_text(&q, a->network);
	query_int(&q, a->created_at);
	query_int(&q, a->active_at);
	return query_run_changing(&q, ERR_CONFLICT);
}

enum err store_address_list(
    struct db *db, int64_t organisation, int64_t integration, struct stored_address *out, size_t *n)
{
	struct query q;
	size_t max = *n;
	*n = 0;
	query_start(&q, db, SQL_ADDRESS_LIST);
	query_int(&q, organisation);
	query_int(&q, integration);
	query_int(&q, (int64_t)max);
	while (*n < max && query_next(&q)) {
		struct stored_address *a = &out[(*n)++];
		column_chars(&q, 0, a->network, sizeof(a->network));
		a->created_at = query_column_int(&q, 1);
		a->active_at = query_column_int(&q, 2);
	}
	return query_end(&q);
}

enum err store_address_activate(
    struct db *db, int64_t organisation, int64_t integration, const char *network, int64_t now)
{
	struct query q;
	query_start(&q, db, SQL_ADDRESS_ACTIVATE);
	query_int(&q, organisation);
	query_int(&q, integration);
	query_text(&q, network);
	query_int(&q, now);
	return query_run_changing(&q, ERR_NOT_FOUND);
}

enum err store_address_remove(
    struct db *db, int64_t organisation, int64_t integration, const char *network)
{
	struct query q;
	query_start(&q, db, SQL_ADDRESS_REMOVE);
	query_int(&q, organisation);
	query_int(&q, integration);
	query_text(&q, network);
	return query_run_changing(&q, ERR_NOT_FOUND);
}
