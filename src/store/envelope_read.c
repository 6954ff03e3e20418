/*
 * Loading envelopes: three statements whatever the number of signers. What is read is copied
 * into the caller's arena, with room for one document more, so that a command can be decided
 * on it. Personal columns are copied sealed.
 */
#include "store/envelope_rows.h"

#include <string.h>

/* ---- rows into structs ---- */

static void hash_copy(struct query *q, int column, uint8_t *out, size_t size)
{
	struct span s = query_column(q, column);

	if (s.size == size)
		memcpy(out, s.data, size);
}

static void id_copy(struct query *q, int column, char out[ENVELOPE_ID_SIZE])
{
	struct span s = query_column(q, column);
	size_t size = s.size < ENVELOPE_ID_SIZE ? s.size : ENVELOPE_ID_SIZE - 1;

	if (size > 0)
		memcpy(out, s.data, size);
	out[size] = '\0';
}

static enum err text_copy(struct query *q, int column, struct arena *arena, const char **out)
{
	*out = span_dup(arena, query_column(q, column));
	ENSURE(*out != NULL, ERR_MEMORY);
	return OK;
}

static enum err bytes_copy(struct query *q, int column, struct arena *arena, struct span *out)
{
	*out = arena_span(arena, query_column(q, column));
	ENSURE(out->data != NULL, ERR_MEMORY);
	return OK;
}

/* Four columns: blob, size, sha256, sha512. */
static enum err file_read(struct query *q, int column, struct arena *arena, struct stored_file *out)
{
	if (query_column_is_null(q, column))
		return OK;
	out->size = query_column_int(q, column + 1);
	hash_copy(q, column + 2, out->sha256, SHA256_SIZE);
	hash_copy(q, column + 3, out->sha512, SHA512_SIZE);
	return text_copy(q, column, arena, &out->blob);
}

static enum err envelope_read(struct query *q, struct arena *arena, struct envelope_record *out)
{
	struct envelope *e = &out->state;

	memset(out, 0, sizeof(*out));
	e->row = query_column_int(q, 0);
	e->organisation = query_column_int(q, 1);
	e->environment = (int)query_column_int(q, 2);
	id_copy(q, 3, e->id);
	e->state = (enum envelope_state)query_column_int(q, 4);
	e->created_at = query_column_int(q, 5);
	e->expires_at = query_column_int(q, 6);
	TRY(text_copy(q, 7, arena, &out->expiration_date));
	e->submitted_at = query_column_int(q, 8);
	e->signed_at = query_column_int(q, 9);
	e->ended_at = query_column_int(q, 10);
	e->version = query_column_int(q, 11);
	hash_copy(q, 12, e->head, SHA256_SIZE);
	TRY(bytes_copy(q, 13, arena, &out->wrapped_key));
	TRY(bytes_copy(q, 14, arena, &out->subject));
	out->company = query_column_text(q, 16, arena);
	return bytes_copy(q, 15, arena, &out->code);
}

static void progress_read(struct query *q, struct signer_progress *s)
{
	s->row = query_column_int(q, 0);
	id_copy(q, 1, s->id);
	s->state = (enum signer_state)query_column_int(q, 2);
	s->delivery = (enum channel)query_column_int(q, 3);
	s->code_channel = (enum channel)query_column_int(q, 4);
	s->sent_at = query_column_int(q, 5);
	s->delivered_at = query_column_int(q, 6);
	s->opened_at = query_column_int(q, 7);
	s->cpf_at = query_column_int(q, 8);
	s->read_at = query_column_int(q, 9);
	s->code_at = query_column_int(q, 10);
	s->consent_at = query_column_int(q, 11);
	s->signed_at = query_column_int(q, 12);
	s->refused_at = query_column_int(q, 13);
	s->read_mask = (uint64_t)query_column_int(q, 14);
	s->cpf_tries = (unsigned)query_column_int(q, 15);
	s->cpf_window = query_column_int(q, 16);
	hash_copy(q, 17, s->code_hash, SHA256_SIZE);
	s->code_sent_at = query_column_int(q, 18);
	s->code_tries = (unsigned)query_column_int(q, 19);
	s->code_sends = (unsigned)query_column_int(q, 20);
	s->code_window = query_column_int(q, 21);
}

static enum err signer_read(struct query *q, struct arena *arena, struct envelope_record *r)
{
	size_t i = r->state.signer_count;

	ENSURE(i < LIMIT_SIGNERS, ERR_LIMIT);
	progress_read(q, &r->state.signers[i]);
	TRY(bytes_copy(q, 22, arena, &r->signers[i].profile));
	TRY(bytes_copy(q, 23, arena, &r->signers[i].link));
	r->state.signer_count++;
	return OK;
}

static enum err document_read(struct query *q, struct arena *arena, struct envelope_record *r)
{
	size_t i = r->state.document_count;
	struct document_record *d = &r->documents[i];

	ENSURE(i < LIMIT_DOCUMENTS, ERR_LIMIT);
	r->state.documents[i].row = query_column_int(q, 0);
	id_copy(q, 1, r->state.documents[i].id);
	r->state.documents[i].sealed_at = query_column_int(q, 2);
	TRY(bytes_copy(q, 3, arena, &d->name));
	TRY(text_copy(q, 4, arena, &d->verdict));
	TRY(text_copy(q, 5, arena, &d->reason));
	d->pages = (unsigned)query_column_int(q, 6);
	d->created_at = query_column_int(q, 7);
	TRY(file_read(q, 8, arena, &d->original));
	TRY(file_read(q, 12, arena, &d->normalised));
	TRY(file_read(q, 16, arena, &d->dossier));
	TRY(file_read(q, 20, arena, &d->second));
	r->state.document_count++;
	return OK;
}

typedef enum err (*row_reader)(struct query *q, struct arena *arena, struct envelope_record *r);

static enum err rows_read(struct db *db, enum statement s, row_reader reader, struct arena *arena,
    struct envelope_record *r)
{
	enum err failed = OK, ended;
	struct query q;

	query_start(&q, db, s);
	query_int(&q, r->state.organisation);
	query_int(&q, r->state.row);
	while (failed == OK && query_next(&q))
		failed = reader(&q, arena, r);
	ended = query_end(&q);
	return failed != OK ? failed : ended;
}

static enum err parts_load(struct db *db, struct arena *arena, struct envelope_record *r)
{
	struct envelope *e = &r->state;

	e->signers = arena_alloc(arena, (LIMIT_SIGNERS + 1) * sizeof(*e->signers));
	r->signers = arena_alloc(arena, (LIMIT_SIGNERS + 1) * sizeof(*r->signers));
	e->documents = arena_alloc(arena, (LIMIT_DOCUMENTS + 1) * sizeof(*e->documents));
	r->documents = arena_alloc(arena, (LIMIT_DOCUMENTS + 1) * sizeof(*r->documents));
	ENSURE(e->signers != NULL && r->signers != NULL, ERR_MEMORY);
	ENSURE(e->documents != NULL && r->documents != NULL, ERR_MEMORY);
	TRY(rows_read(db, SQL_SIGNER_LIST, signer_read, arena, r));
	return rows_read(db, SQL_DOCUMENT_LIST, document_read, arena, r);
}

/* The query is bound: step it, read the envelope and its parts. */
static enum err record_load(struct query *q, struct arena *arena, struct envelope_record *out)
{
	bool is_found = query_next(q);
	enum err failed = is_found ? envelope_read(q, arena, out) : OK;
	enum err ended = query_end(q);

	TRY(failed);
	TRY(ended);
	ENSURE(is_found, ERR_NOT_FOUND);
	return parts_load(q->db, arena, out);
}

/* ---- finding ---- */

enum err store_envelope_find(struct db *db, int64_t organisation, int environment, const char *id,
    struct arena *arena, struct envelope_record *out)
{
	struct query q;

	query_start(&q, db, SQL_ENVELOPE_FIND);
	query_int(&q, organisation);
	query_int(&q, environment);
	query_text(&q, id);
	return record_load(&q, arena, out);
}

enum err store_envelope_by_row(struct db *db, int64_t organisation, int64_t row,
    struct arena *arena, struct envelope_record *out)
{
	struct query q;

	query_start(&q, db, SQL_ENVELOPE_GET);
	query_int(&q, organisation);
	query_int(&q, row);
	return record_load(&q, arena, out);
}

enum err store_envelope_by_link(struct db *db, const uint8_t hash[SHA256_SIZE], struct arena *arena,
    struct envelope_record *out, size_t *signer)
{
	int64_t organisation = 0, row = 0;
	bool is_found;
	struct query q;

	query_start(&q, db, SQL_SIGNER_BY_LINK);
	query_blob(&q, span_of(hash, SHA256_SIZE));
	is_found = query_next(&q);
	if (is_found) {
		organisation = query_column_int(&q, 0);
		row = query_column_int(&q, 1);
		*signer = (size_t)query_column_int(&q, 2);
	}
	TRY(query_end(&q));
	ENSURE(is_found, ERR_LINK);
	TRY(store_envelope_by_row(db, organisation, row, arena, out));
	ENSURE(*signer < out->state.signer_count, ERR_STORE);
	return OK;
}

enum err store_envelope_by_code(struct db *db, const uint8_t hash[SHA256_SIZE], struct arena *arena,
    struct envelope_record *out)
{
	struct query q;

	query_start(&q, db, SQL_ENVELOPE_BY_CODE);
	query_blob(&q, span_of(hash, SHA256_SIZE));
	return record_load(&q, arena, out);
}

enum err store_envelope_version(
    struct db *db, int64_t organisation, int environment, const char *id, int64_t *version)
{
	bool is_found;
	struct query q;

	query_start(&q, db, SQL_ENVELOPE_VERSION);
	query_int(&q, organisation);
	query_int(&q, environment);
	query_text(&q, id);
	is_found = query_next(&q);
	if (is_found)
		*version = query_column_int(&q, 0);
	TRY(query_end(&q));
	return is_found ? OK : ERR_NOT_FOUND;
}

size_t envelope_signer_find(const struct envelope *state, struct span id)
{
	for (size_t i = 0; i < state->signer_count; i++)
		if (span_equal_str(id, state->signers[i].id))
			return i;
	return SIZE_MAX;
}

size_t envelope_document_find(const struct envelope *state, struct span id)
{
	for (size_t i = 0; i < state->document_count; i++)
		if (span_equal_str(id, state->documents[i].id))
			return i;
	return SIZE_MAX;
}

/* ---- photos and drawings ---- */

#define PHOTOS_MAX (LIMIT_SIGNERS * 5) /* four templates and the face */

static enum err photo_read(struct query *q, struct arena *arena, struct photo_record *out)
{
	out->signer = (size_t)query_column_int(q, 0);
	out->created_at = query_column_int(q, 2);
	TRY(text_copy(q, 1, arena, &out->template));
	return file_read(q, 3, arena, &out->file);
}

enum err store_photos_load(struct db *db, const struct envelope_record *r, struct arena *arena,
    struct photo_record **out, size_t *count)
{
	enum err failed = OK, ended;
	struct query q;

	*count = 0;
	*out = arena_alloc(arena, PHOTOS_MAX * sizeof(**out));
	ENSURE(*out != NULL, ERR_MEMORY);
	query_start(&q, db, SQL_PHOTO_LIST);
	query_int(&q, r->state.organisation);
	query_int(&q, r->state.row);
	while (failed == OK && *count < PHOTOS_MAX && query_next(&q))
		failed = photo_read(&q, arena, &(*out)[(*count)++]);
	ended = query_end(&q);
	return failed != OK ? failed : ended;
}

enum err store_drawings_load(struct db *db, const struct envelope_record *r, struct arena *arena,
    struct drawing_record **out, size_t *count)
{
	enum err failed = OK, ended;
	struct query q;

	*count = 0;
	*out = arena_alloc(arena, LIMIT_SIGNERS * sizeof(**out));
	ENSURE(*out != NULL, ERR_MEMORY);
	query_start(&q, db, SQL_DRAWING_LIST);
	query_int(&q, r->state.organisation);
	query_int(&q, r->state.row);
	while (failed == OK && *count < LIMIT_SIGNERS && query_next(&q)) {
		struct drawing_record *d = &(*out)[(*count)++];

		d->signer = (size_t)query_column_int(&q, 0);
		failed = bytes_copy(&q, 1, arena, &d->sealed);
	}
	ended = query_end(&q);
	return failed != OK ? failed : ended;
}

enum err store_blob_named(struct db *db, const char *blob, bool *is_named)
{
	struct query q;

	query_start(&q, db, SQL_BLOB_NAMED);
	query_text(&q, blob);
	*is_named = query_next(&q);
	return query_end(&q);
}
