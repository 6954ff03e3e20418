/*
 * Marks and nonces. The unique row is the check: of any number of writers one inserts, and the
 * others see that nothing was changed.
 */
#include "store/replay.h"

enum err store_replay_add(
    struct db *db, int64_t organisation, const uint8_t mark[SHA256_SIZE], int64_t expires_at)
{
	struct query q;
	query_start(&q, db, SQL_REPLAY_ADD);
	query_blob(&q, span_of(mark, SHA256_SIZE));
	query_int(&q, organisation);
	query_int(&q, expires_at);
	return query_run_changing(&q, ERR_REPLAY);
}

enum err store_replay_check(struct db *db, int64_t organisation, const uint8_t mark[SHA256_SIZE])
{
	struct query q;

	query_start(&q, db, SQL_REPLAY_HAS);
	query_int(&q, organisation);
	query_blob(&q, span_of(mark, SHA256_SIZE));
	bool is_there = query_next(&q);
	TRY(query_end(&q));
	return is_there ? ERR_REPLAY : OK;
}

enum err store_replay_any(struct db *db, int64_t now, bool *out)
{
	struct query q;

	query_start(&q, db, SQL_REPLAY_ANY);
	query_int(&q, now);
	*out = query_next(&q);
	return query_end(&q);
}

enum err store_replay_sweep(struct db *db, int64_t now, size_t max, size_t *removed)
{
	struct query q;
	query_start(&q, db, SQL_REPLAY_SWEEP);
	query_int(&q, now);
	query_int(&q, (int64_t)max);
	TRY(query_run(&q));
	*removed = (size_t)query_changes(db);
	return OK;
}

enum err store_nonce_advance(struct db *db, int64_t organisation, int64_t api_key, int64_t nonce)
{
	struct query q;
	query_start(&q, db, SQL_NONCE_ADVANCE);
	query_int(&q, api_key);
	query_int(&q, organisation);
	query_int(&q, nonce);
	return query_run_changing(&q, ERR_REPLAY);
}

enum err store_nonce_last(struct db *db, int64_t organisation, int64_t api_key, int64_t *nonce)
{
	struct query q;

	*nonce = 0;
	query_start(&q, db, SQL_NONCE_LAST);
	query_int(&q, organisation);
	query_int(&q, api_key);
	if (query_next(&q))
		*nonce = query_column_int(&q, 0);
	return query_end(&q);
}
