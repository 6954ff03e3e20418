/* Stored answers, row by row. What a stored answer means is for the API room to say. */
#include "store/idempotency.h"

static void key_start(
    struct query *q, struct db *db, enum statement s, const struct idempotency_key *key)
{
	query_start(q, db, s);
	query_int(q, key->organisation);
	query_int(q, key->api_key);
	query_blob(q, span_of(key->key_hash, sizeof(key->key_hash)));
}

enum err store_idempotency_add(
    struct db *db, const struct idempotency_key *key, const struct idempotency_record *record)
{
	struct query q;
	key_start(&q, db, SQL_IDEMPOTENCY_ADD, key);
	query_text(&q, record->route);
	query_blob(&q, span_of(record->body_hash, sizeof(record->body_hash)));
	query_int(&q, record->status);
	query_blob(&q, record->response);
	query_int(&q, record->created_at);
	return query_run_changing(&q, ERR_CONFLICT);
}

enum err store_idempotency_find(struct db *db, const struct idempotency_key *key,
    struct arena *arena, struct idempotency_record *out)
{
	struct query q;
	key_start(&q, db, SQL_IDEMPOTENCY_FIND, key);
	bool is_found = query_next(&q);
	if (is_found) {
		*out = (struct idempotency_record){
		    .route = query_column_text(&q, 0, arena),
		    .status = (int)query_column_int(&q, 2),
		    .response = query_column_copy(&q, 3, arena),
		    .created_at = query_column_int(&q, 4),
		};
		query_column_bytes(&q, 1, out->body_hash, sizeof(out->body_hash));
	}
	TRY(query_end(&q));
	return is_found ? OK : ERR_NOT_FOUND;
}

enum err store_idempotency_finish(
    struct db *db, const struct idempotency_key *key, int status, struct span response)
{
	struct query q;
	key_start(&q, db, SQL_IDEMPOTENCY_FINISH, key);
	query_int(&q, status);
	query_blob(&q, response);
	return query_run_changing(&q, ERR_NOT_FOUND);
}

enum err store_idempotency_remove(struct db *db, const struct idempotency_key *key)
{
	struct query q;
	key_start(&q, db, SQL_IDEMPOTENCY_REMOVE, key);
	return query_run_changing(&q, ERR_NOT_FOUND);
}

enum err store_idempotency_sweep(struct db *db, int64_t created_before)
{
	struct query q;
	query_start(&q, db, SQL_IDEMPOTENCY_SWEEP);
	query_int(&q, created_before);
	return query_run(&q);
}
