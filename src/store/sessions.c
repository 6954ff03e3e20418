/*
 * See the header.
 */
#include "store/sessions.h"

#include "base/limits.h"

enum err store_session_find(
    struct db *db, int64_t organisation, int64_t signer, int64_t now, struct signer_session *out)
{
	struct query q;
	query_start(&q, db, SQL_SESSION_FIND);
	query_int(&q, organisation);
	query_int(&q, signer);
	query_blob(&q, span_of(out->hash, SHA256_SIZE));
	query_int(&q, now);
	bool is_there = query_next(&q);
	if (is_there) {
		out->may_read = query_column_int(&q, 0) != 0;
		out->sign_until = query_column_int(&q, 1);
		out->lapses_at = query_column_int(&q, 2);
	}
	TRY(query_end(&q));
	return is_there ? OK : ERR_NOT_FOUND;
}

static enum err session_trim(struct db *db, int64_t organisation, int64_t signer)
{
	struct query q;
	query_start(&q, db, SQL_SESSION_TRIM);
	query_int(&q, organisation);
	query_int(&q, signer);
	query_int(&q, LIMIT_SESSIONS);
	return query_run(&q);
}

enum err store_session_put(
    struct db *db, int64_t organisation, int64_t signer, const struct signer_session *s)
{
	struct query q;
	query_start(&q, db, SQL_SESSION_PUT);
	query_int(&q, organisation);
	query_int(&q, signer);
	query_blob(&q, span_of(s->hash, SHA256_SIZE));
	query_int(&q, s->may_read);
	query_int(&q, s->sign_until);
	query_int(&q, s->lapses_at);
	TRY(query_run(&q));
	return session_trim(db, organisation, signer);
}

enum err store_session_sweep(struct db *db, int64_t now)
{
	struct query q;
	query_start(&q, db, SQL_SESSION_SWEEP);
	query_int(&q, now);
	return query_run(&q);
}
