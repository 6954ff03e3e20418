/*
 * Lists of envelopes. A cursor is the external id of the last row shown, in base64url: opaque,
 * stable while rows are added, and it tells nothing about other tenants' numbers.
 */
#include "store/envelope_rows.h"

#include "base/clock.h"
#include "base/codec.h"

static enum err cursor_row(struct db *db, const struct envelope_filter *f, int64_t *row)
{
	struct buf id CLEANUP(buf_free);
	bool is_found;
	struct query q;

	buf_init(&id, LIMIT_ID_CHARS);
	ENSURE(b64url_decode(&id, span_str(f->cursor)) == OK, ERR_CURSOR);
	query_start(&q, db, SQL_ENVELOPE_ROW);
	query_int(&q, f->organisation);
	query_int(&q, f->environment);
	query_span(&q, buf_span(&id));
	is_found = query_next(&q);
	if (is_found)
		*row = query_column_int(&q, 0);
	TRY(query_end(&q));
	return is_found ? OK : ERR_CURSOR;
}

static enum err cursor_make(const char *id, struct arena *arena, const char **out)
{
	struct buf b CLEANUP(buf_free);

	buf_init(&b, 2 * LIMIT_ID_CHARS);
	b64url_encode(&b, span_str(id));
	TRY(buf_done(&b));
	*out = span_dup(arena, buf_span(&b));
	ENSURE(*out != NULL, ERR_MEMORY);
	return OK;
}

static enum err row_read(struct query *q, struct arena *arena, struct envelope_row *out)
{
	out->row = query_column_int(q, 0);
	out->id = span_dup(arena, query_column(q, 1));
	out->state = (enum envelope_state)query_column_int(q, 2);
	out->created_at = query_column_int(q, 3);
	out->expires_at = query_column_int(q, 4);
	out->ended_at = query_column_int(q, 5);
	out->wrapped_key = arena_span(arena, query_column(q, 6));
	out->subject = arena_span(arena, query_column(q, 7));
	out->signed_at = query_column_int(q, 8);
	out->company = query_column_text(q, 9, arena);
	ENSURE(out->id != NULL && out->wrapped_key.data != NULL, ERR_MEMORY);
	ENSURE(out->subject.data != NULL, ERR_MEMORY);
	return OK;
}

static void list_bind(
    struct query *q, const struct envelope_filter *f, int64_t before, unsigned limit)
{
	bool has_cursor = before != INT64_MAX;
	unsigned page = has_cursor || f->page == 0 ? 0 : f->page - 1;

	query_int(q, f->organisation);
	query_int(q, f->environment);
	query_int(q, before);
	query_int(q, f->created_after);
	query_int(q, f->state);
	query_int(q, limit + 1); /* one more tells whether a page follows */
	query_int(q, (int64_t)page * limit);
	if (f->company != 0)
		query_int(q, f->company);
}

enum err store_envelope_list(struct db *db, const struct envelope_filter *f, struct arena *arena,
    struct envelope_row **out, size_t *count, const char **next)
{
	unsigned limit = f->limit == 0 ? LIMIT_LIST_DEFAULT : f->limit;
	int64_t before = INT64_MAX;
	enum err failed = OK, ended;
	struct query q;

	*count = 0;
	*next = NULL;
	ENSURE(limit <= LIMIT_LIST_MAX && f->page <= LIMIT_PAGE_NUMBER, ERR_CURSOR);
	if (f->cursor != NULL && f->cursor[0] != '\0')
		TRY(cursor_row(db, f, &before));
	*out = arena_alloc(arena, (limit + 1) * sizeof(**out));
	ENSURE(*out != NULL, ERR_MEMORY);
	query_start(&q, db, f->company != 0 ? SQL_ENVELOPE_LIST_COMPANY : SQL_ENVELOPE_LIST);
	list_bind(&q, f, before, limit);
	while (failed == OK && *count <= limit && query_next(&q))
		failed = row_read(&q, arena, &(*out)[(*count)++]);
	ended = query_end(&q);
	TRY(failed);
	TRY(ended);
	if (*count <= limit)
		return OK;
	*count = limit;
	return cursor_make((*out)[limit - 1].id, arena, next);
}

enum err store_envelopes_due(struct db *db, int64_t now, unsigned limit, struct arena *arena,
    struct envelope_due **out, size_t *count)
{
	enum err failed = OK, ended;
	struct query q;

	*count = 0;
	*out = arena_alloc(arena, limit * sizeof(**out));
	ENSURE(*out != NULL, ERR_MEMORY);
	query_start(&q, db, SQL_ENVELOPE_LIST_DUE);
	query_int(&q, now - CLOCK_SECOND); /* envelope_time_is_out */
	query_int(&q, limit);
	while (failed == OK && *count < limit && query_next(&q)) {
		struct envelope_due *d = &(*out)[(*count)++];

		d->row = query_column_int(&q, 0);
		d->organisation = query_column_int(&q, 1);
		d->wrapped_key = arena_span(arena, query_column(&q, 2));
		failed = d->wrapped_key.data == NULL ? ERR_MEMORY : OK;
	}
	ended = query_end(&q);
	return failed != OK ? failed : ended;
}
