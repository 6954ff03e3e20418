/*
 * See the header.
 */
#include "store/companies.h"

#include "base/limits.h"

static void scope_bind(struct query *q, const struct company_scope *s)
{
	query_int(q, s->organisation);
	query_int(q, s->environment);
}

static void word_bind(struct query *q, const struct word_hash *w)
{
	query_blob(q, span_of(w->bytes, WORD_HASH_SIZE));
}

enum err store_company_add(struct db *db, const struct company_scope *s, struct stored_company *c)
{
	struct query q;

	query_start(&q, db, SQL_COMPANY_ADD);
	scope_bind(&q, s);
	query_text(&q, c->id);
	query_blob(&q, c->profile);
	query_int(&q, c->created_at);
	if (query_next(&q))
		c->row = query_column_int(&q, 0);
	return query_end(&q);
}

enum err store_company_save(
    struct db *db, const struct company_scope *s, const struct stored_company *c)
{
	struct query q;

	query_start(&q, db, SQL_COMPANY_SAVE);
	query_int(&q, s->organisation);
	query_int(&q, c->row);
	query_blob(&q, c->profile);
	query_int(&q, c->updated_at);
	return query_run_changing(&q, ERR_NOT_FOUND);
}

enum err store_company_words(struct db *db, const struct company_scope *s, int64_t company,
    const struct word_hash *words, size_t count)
{
	struct query q;

	query_start(&q, db, SQL_COMPANY_WORD_CLEAR);
	query_int(&q, s->organisation);
	query_int(&q, company);
	TRY(query_run(&q));
	for (size_t i = 0; i < count; i++) {
		query_start(&q, db, SQL_COMPANY_WORD_ADD);
		scope_bind(&q, s);
		word_bind(&q, &words[i]);
		query_int(&q, company);
		TRY(query_run(&q));
	}
	return OK;
}

static void company_read(struct query *q, struct arena *arena, struct stored_company *out)
{
	out->row = query_column_int(q, 0);
	out->id = query_column_text(q, 1, arena);
	out->profile = query_column_copy(q, 2, arena);
	out->created_at = query_column_int(q, 3);
	out->updated_at = query_column_int(q, 4);
}

enum err store_company_find(struct db *db, const struct company_scope *s, const char *id,
    struct arena *arena, struct stored_company *out)
{
	struct query q;

	query_start(&q, db, SQL_COMPANY_FIND);
	scope_bind(&q, s);
	query_text(&q, id);
	bool is_found = query_next(&q);
	if (is_found)
		company_read(&q, arena, out);
	TRY(query_end(&q));
	return is_found ? OK : ERR_NOT_FOUND;
}

static void words_bind(struct query *q, const struct company_search *search, size_t from)
{
	for (size_t i = from; i < COMPANY_QUERY_WORDS; i++)
		word_bind(q, &search->words[i < search->word_count ? i : 0]);
}

static enum err company_count(struct db *db, const struct company_search *search, int64_t *total)
{
	bool is_all = search->word_count == 0;
	struct query q;

	query_start(&q, db, is_all ? SQL_COMPANY_COUNT : SQL_COMPANY_SEARCH_COUNT);
	scope_bind(&q, &search->scope);
	if (!is_all)
		words_bind(&q, search, 0);
	*total = query_next(&q) ? query_column_int(&q, 0) : 0;
	return query_end(&q);
}

static void search_start(struct query *q, struct db *db, const struct company_search *search)
{
	bool is_all = search->word_count == 0;

	query_start(q, db, is_all ? SQL_COMPANY_LIST : SQL_COMPANY_SEARCH);
	scope_bind(q, &search->scope);
	if (!is_all)
		word_bind(q, &search->words[0]);
	query_int(q, search->after);
	if (!is_all)
		words_bind(q, search, 1);
	query_int(q, (int64_t)search->limit + 1);
}

enum err store_company_search(struct db *db, const struct company_search *search,
    struct arena *arena, struct stored_company **out, size_t *count, int64_t *total)
{
	struct query q;

	*count = 0;
	*out = arena_alloc(arena, (search->limit + 1) * sizeof(**out));
	ENSURE(*out != NULL, ERR_MEMORY);
	TRY(company_count(db, search, total));
	search_start(&q, db, search);
	while (*count <= search->limit && query_next(&q))
		company_read(&q, arena, &(*out)[(*count)++]);
	return query_end(&q);
}

enum err store_company_owner(
    struct db *db, const char *id, int environment, int64_t user, int64_t *organisation)
{
	struct query q;

	query_start(&q, db, SQL_COMPANY_OWNER);
	query_text(&q, id);
	query_int(&q, environment);
	query_int(&q, user);
	bool is_found = query_next(&q);
	if (is_found)
		*organisation = query_column_int(&q, 0);
	TRY(query_end(&q));
	return is_found ? OK : ERR_NOT_FOUND;
}

/* ---- trusted parties ---- */

static enum err party_count(struct db *db, int64_t organisation, int64_t company, int64_t *out)
{
	struct query q;

	query_start(&q, db, SQL_TRUSTED_PARTY_COUNT);
	query_int(&q, organisation);
	query_int(&q, company);
	*out = query_next(&q) ? query_column_int(&q, 0) : 0;
	return query_end(&q);
}

enum err store_party_add(
    struct db *db, int64_t organisation, int64_t company, const struct stored_party *p)
{
	int64_t present = 0;
	struct query q;

	TRY(party_count(db, organisation, company, &present));
	ENSURE(present < LIMIT_TRUSTED_PARTIES, ERR_TOO_MANY);
	query_start(&q, db, SQL_TRUSTED_PARTY_ADD);
	query_int(&q, organisation);
	query_int(&q, company);
	query_text(&q, p->id);
	word_bind(&q, &p->address);
	query_blob(&q, p->profile);
	query_int(&q, p->created_at);
	return query_run_changing(&q, ERR_CONFLICT);
}

enum err store_party_list(struct db *db, int64_t organisation, int64_t company, struct arena *arena,
    struct stored_party **out, size_t *count)
{
	struct query q;

	*count = 0;
	*out = arena_alloc(arena, LIMIT_TRUSTED_PARTIES * sizeof(**out));
	ENSURE(*out != NULL, ERR_MEMORY);
	query_start(&q, db, SQL_TRUSTED_PARTY_LIST);
	query_int(&q, organisation);
	query_int(&q, company);
	query_int(&q, LIMIT_TRUSTED_PARTIES);
	while (*count < LIMIT_TRUSTED_PARTIES && query_next(&q)) {
		struct stored_party *p = &(*out)[(*count)++];
		p->id = query_column_text(&q, 0, arena);
		p->profile = query_column_copy(&q, 1, arena);
		p->created_at = query_column_int(&q, 2);
	}
	return query_end(&q);
}

enum err store_party_remove(struct db *db, int64_t organisation, int64_t company, const char *id)
{
	struct query q;

	query_start(&q, db, SQL_TRUSTED_PARTY_REMOVE);
	query_int(&q, organisation);
	query_int(&q, company);
	query_text(&q, id);
	return query_run_changing(&q, ERR_NOT_FOUND);
}

/* ---- uploaded documents ---- */

enum err store_upload_add(
    struct db *db, const struct company_scope *s, const struct stored_upload *u)
{
	struct query q;

	query_start(&q, db, SQL_UPLOAD_ADD);
	scope_bind(&q, s);
	query_text(&q, u->id);
	query_text(&q, u->blob);
	query_int(&q, u->size);
	query_int(&q, u->media);
	query_int(&q, u->created_at);
	query_int(&q, u->expires_at);
	return query_run(&q);
}

static enum err upload_end(struct query *q, struct arena *arena, struct stored_upload *out)
{
	bool is_found = query_next(q);

	if (is_found)
		*out = (struct stored_upload){.row = query_column_int(q, 0),
		    .blob = query_column_text(q, 1, arena),
		    .media = (enum upload_media)query_column_int(q, 2),
		    .expires_at = query_column_int(q, 3)};
	TRY(query_end(q));
	return is_found ? OK : ERR_NOT_FOUND;
}

enum err store_upload_find(struct db *db, const struct company_scope *s, const char *id,
    int64_t now, struct arena *arena, struct stored_upload *out)
{
	struct query q;

	query_start(&q, db, SQL_UPLOAD_FIND);
	scope_bind(&q, s);
	query_text(&q, id);
	query_int(&q, now);
	return upload_end(&q, arena, out);
}

enum err store_upload_by_row(struct db *db, int64_t organisation, int64_t row, struct arena *arena,
    struct stored_upload *out)
{
	struct query q;

	query_start(&q, db, SQL_UPLOAD_BY_ROW);
	query_int(&q, organisation);
	query_int(&q, row);
	return upload_end(&q, arena, out);
}

enum err store_upload_sweep(struct db *db, int64_t expired_before)
{
	struct query q;

	query_start(&q, db, SQL_UPLOAD_SWEEP);
	query_int(&q, expired_before);
	return query_run(&q);
}
