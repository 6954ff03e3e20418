/*
 * Integrations, row by row. The integration key is public and found by index; whether a token fits
 * is for the caller to say.
 */
#include "store/integrations.h"

static void integration_read(struct query *q, struct stored_integration *out)
{
	*out = (struct stored_integration){
	    .row = query_column_int(q, 0),
	    .organisation = query_column_int(q, 1),
	    .user = query_column_int(q, 2),
	    .environment = (int)query_column_int(q, 3),
	    .mode = (enum integration_mode)query_column_int(q, 6),
	    .window_s = query_column_int(q, 7),
	    .rate = query_column_int(q, 9),
	    .created_at = query_column_int(q, 10),
	    .revoked_at = query_column_int(q, 11),
	    .last_verified_at = query_column_int(q, 12),
	};
	column_chars(q, 4, out->client_key, sizeof(out->client_key));
	column_chars(q, 5, out->label, sizeof(out->label));
	column_chars(q, 8, out->routes, sizeof(out->routes));
}

enum err store_integration_add(struct db *db, struct stored_integration *i)
{
	struct query q;
	query_start(&q, db, SQL_INTEGRATION_ADD);
	query_int(&q, i->organisation);
	query_row(&q, i->user);
	query_int(&q, i->environment);
	query_text(&q, i->client_key);
	query_text(&q, i->label);
	query_int(&q, i->mode);
	query_int(&q, i->window_s);
	query_text(&q, i->routes);
	query_int(&q, i->rate);
	query_int(&q, i->created_at);
	if (query_next(&q))
		i->row = query_column_int(&q, 0);
	return query_end(&q);
}

enum err store_integration_find(
    struct db *db, struct span client_key, struct stored_integration *out)
{
	struct query q;
	query_start(&q, db, SQL_INTEGRATION_FIND);
	query_span(&q, client_key);
	bool is_found = query_next(&q);
	if (is_found)
		integration_read(&q, out);
	TRY(query_end(&q));
	return is_found ? OK : ERR_NOT_FOUND;
}

enum err store_integration_list(
    struct db *db, int64_t organisation, int64_t after, struct stored_integration *out, size_t *n)
{
	struct query q;
	size_t max = *n;
	*n = 0;
	query_start(&q, db, SQL_INTEGRATION_LIST);
	query_int(&q, organisation);
	query_int(&q, after);
	query_int(&q, (int64_t)max);
	while (*n < max && query_next(&q))
		integration_read(&q, &out[(*n)++]);
	return query_end(&q);
}

enum err store_integration_update(struct db *db, const struct stored_integration *i)
{
	struct query q;
	query_start(&q, db, SQL_INTEGRATION_UPDATE);
	query_int(&q, i->organisation);
	query_int(&q, i->row);
	query_text(&q, i->label);
	query_int(&q, i->mode);
	query_int(&q, i->window_s);
	query_text(&q, i->routes);
	query_int(&q, i->rate);
	return query_run_changing(&q, ERR_NOT_FOUND);
}

enum err store_integration_revoke(struct db *db, int64_t organisation, int64_t row, int64_t now)
{
	struct query q;
	query_start(&q, db, SQL_INTEGRATION_REVOKE);
	query_int(&q, organisation);
	query_int(&q, row);
	query_int(&q, now);
	return query_run_changing(&q, ERR_NOT_FOUND);
}

enum err store_integration_verified(struct db *db, int64_t organisation, int64_t row, int64_t now)
{
	struct query q;
	query_start(&q, db, SQL_INTEGRATION_VERIFIED);
	query_int(&q, organisation);
	query_int(&q, row);
	query_int(&q, now);
	return query_run(&q);
}

enum err store_integration_newest(
    struct db *db, int64_t organisation, int environment, char client_key[UUID_TEXT_SIZE])
{
	struct query q;
	query_start(&q, db, SQL_INTEGRATION_NEWEST);
	query_int(&q, organisation);
	query_int(&q, environment);
	bool is_found = query_next(&q);
	if (is_found)
		column_chars(&q, 0, client_key, UUID_TEXT_SIZE);
	TRY(query_end(&q));
	return is_found ? OK : ERR_NOT_FOUND;
}
