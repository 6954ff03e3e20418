/*
 * API keys, row by row. A key id is public and found by index; whether the secret fits is for
 * the caller to say, in constant time.
 */
#include "store/keys.h"

#include <string.h>

void column_chars(struct query *q, int column, char *out, size_t size)
{
	struct span text = query_column(q, column);
	if (text.size < size && text.size > 0)
		memcpy(out, text.data, text.size);
	out[text.size < size ? text.size : 0] = '\0';
}

static void key_read(struct query *q, struct stored_key *out)
{
	struct span id = query_column(q, 5);
	*out = (struct stored_key){
	    .row = query_column_int(q, 0),
	    .organisation = query_column_int(q, 1),
	    .user = query_column_int(q, 2),
	    .environment = (int)query_column_int(q, 3),
	    .scheme = (int)query_column_int(q, 4),
	    .created_at = query_column_int(q, 8),
	    .revoked_at = query_column_int(q, 9),
	    .last_used_at = query_column_int(q, 10),
	    .rate = query_column_int(q, 12),
	};
	if (id.size <= sizeof(out->key_id)) {
		memcpy(out->key_id, id.data, id.size);
		out->key_id_size = id.size;
	}
	column_chars(q, 7, out->label, sizeof(out->label));
	column_chars(q, 11, out->routes, sizeof(out->routes));
	query_column_bytes(q, 6, out->secret_hash, sizeof(out->secret_hash));
}

enum err store_key_add(struct db *db, struct stored_key *k)
{
	struct query q;
	ENSURE(k->key_id_size > 0 && k->key_id_size <= sizeof(k->key_id), ERR_INTERNAL);
	query_start(&q, db, SQL_KEY_ADD);
	query_int(&q, k->organisation);
	query_row(&q, k->user);
	query_int(&q, k->environment);
	query_int(&q, k->scheme);
	query_blob(&q, span_of(k->key_id, k->key_id_size));
	query_blob(&q, span_of(k->secret_hash, sizeof(k->secret_hash)));
	query_text(&q, k->label);
	query_int(&q, k->created_at);
	query_text(&q, k->routes);
	query_int(&q, k->rate);
	if (query_next(&q))
		k->row = query_column_int(&q, 0);
	return query_end(&q);
}

enum err store_key_find(struct db *db, struct span key_id, struct stored_key *out)
{
	struct query q;
	query_start(&q, db, SQL_KEY_FIND);
	query_blob(&q, key_id);
	bool is_found = query_next(&q);
	if (is_found)
		key_read(&q, out);
	TRY(query_end(&q));
	return is_found ? OK : ERR_NOT_FOUND;
}

enum err store_key_list(
    struct db *db, int64_t organisation, int64_t after, struct stored_key *out, size_t *n)
{
	struct query q;
	size_t max = *n;
	*n = 0;
	query_start(&q, db, SQL_KEY_LIST);
	query_int(&q, organisation);
	query_int(&q, after);
	query_int(&q, (int64_t)max);
	while (*n < max && query_next(&q))
		key_read(&q, &out[(*n)++]);
	return query_end(&q);
}

enum err store_key_revoke(struct db *db, int64_t organisation, int64_t row, int64_t now)
{
	struct query q;
	query_start(&q, db, SQL_KEY_REVOKE);
	query_int(&q, organisation);
	query_int(&q, row);
	query_int(&q, now);
	return query_run_changing(&q, ERR_NOT_FOUND);
}

enum err store_key_touch(struct db *db, int64_t organisation, int64_t row, int64_t now)
{
	struct query q;
	query_start(&q, db, SQL_KEY_TOUCH);
	query_int(&q, organisation);
	query_int(&q, row);
	query_int(&q, now);
	return query_run(&q);
}

enum err store_key_of_user(
    struct db *db, int64_t user, int environment, int scheme, struct stored_key *out)
{
	struct query q;
	query_start(&q, db, SQL_KEY_OF_USER);
	query_int(&q, user);
	query_int(&q, environment);
	query_int(&q, scheme);
	bool is_found = query_next(&q);
	if (is_found)
		key_read(&q, out);
	TRY(query_end(&q));
	return is_found ? OK : ERR_NOT_FOUND;
}

enum err store_key_revoke_user(
    struct db *db, int64_t user, int environment, int scheme, int64_t now)
{
	struct query q;
	query_start(&q, db, SQL_KEY_REVOKE_USER);
	query_int(&q, user);
	query_int(&q, environment);
	query_int(&q, scheme);
	query_int(&q, now);
	return query_run(&q);
}

enum err store_key_limit(
    struct db *db, int64_t organisation, int64_t row, const char *routes, int64_t rate)
{
	struct query q;
	query_start(&q, db, SQL_KEY_LIMIT);
	query_int(&q, organisation);
	query_int(&q, row);
	query_text(&q, routes);
	query_int(&q, rate);
	return query_run_changing(&q, ERR_NOT_FOUND);
}
