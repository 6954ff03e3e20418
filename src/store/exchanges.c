/*
 * See the header.
 */
#include "store/exchanges.h"

#include "store/vault.h"

struct vault_place exchange_request_place(const char *id)
{
	return (struct vault_place){"exchange", "sealed_request", id};
}

struct vault_place exchange_answer_place(const char *id)
{
	return (struct vault_place){"exchange", "sealed_answer", id};
}

enum err store_exchange_add(struct db *db, struct stored_exchange *x)
{
	struct query q;

	query_start(&q, db, SQL_EXCHANGE_ADD);
	query_int(&q, x->organisation);
	query_int(&q, x->envelope);
	query_text(&q, x->id);
	query_int(&q, x->at);
	query_blob(&q, x->request);
	query_blob(&q, x->answer);
	if (query_next(&q))
		x->row = query_column_int(&q, 0);
	return query_end(&q);
}

enum err store_exchange_answer(struct db *db, const struct stored_exchange *x)
{
	struct query q;

	query_start(&q, db, SQL_EXCHANGE_ANSWER);
	query_int(&q, x->organisation);
	query_int(&q, x->row);
	query_blob(&q, x->answer);
	return query_run_changing(&q, ERR_NOT_FOUND);
}

static void exchange_read(struct query *q, const struct stored_exchange *of, struct arena *arena,
    struct stored_exchange *out)
{
	*out = *of;
	out->row = query_column_int(q, 0);
	out->id = query_column_text(q, 1, arena);
	out->at = query_column_int(q, 2);
	out->request = query_column_copy(q, 3, arena);
	out->answer = query_column_copy(q, 4, arena);
}

enum err store_exchange_list(struct db *db, int64_t organisation, int64_t envelope, size_t limit,
    struct arena *arena, struct stored_exchange **out, size_t *count)
{
	const struct stored_exchange of = {.organisation = organisation, .envelope = envelope};
	struct query q;

	*count = 0;
	*out = arena_alloc(arena, limit * sizeof(**out));
	ENSURE(*out != NULL, ERR_MEMORY);
	query_start(&q, db, SQL_EXCHANGE_LIST);
	query_int(&q, organisation);
	query_int(&q, envelope);
	query_int(&q, (int64_t)limit);
	while (*count < limit && query_next(&q))
		exchange_read(&q, &of, arena, &(*out)[(*count)++]);
	return query_end(&q);
}

enum err store_exchange_sweep(struct db *db, int64_t before, size_t max, size_t *removed)
{
	struct query q;

	query_start(&q, db, SQL_EXCHANGE_SWEEP);
	query_int(&q, before);
	query_int(&q, (int64_t)max);
	TRY(query_run(&q));
	*removed = (size_t)query_changes(db);
	return OK;
}
