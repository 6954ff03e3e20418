/*
 * Events as rows. A row is made whole from the state before it (sequence, previous hash) and
 * never changed after; together the rows of an envelope are a chain, and the rows of the store
 * in order of id are the leaves of its log.
 */
#include "store/envelope_rows.h"

#include "base/json.h"
#include "base/text.h"

#include <string.h>

#define EVENT_BODY_LIMIT (64 * 1024)
#define LEAF_PREFIX 0x00 /* RFC 6962 §2.1 */

static enum err leaf_hash(struct span body, uint8_t out[SHA256_SIZE])
{
	struct buf b CLEANUP(buf_free);

	buf_init(&b, body.size + 1);
	buf_put_byte(&b, LEAF_PREFIX);
	buf_put_span(&b, body);
	TRY(buf_done(&b));
	return sha256(buf_span(&b), out);
}

static bool field_is_hex(const struct event_field *f)
{
	return f->type == FIELD_BYTES || (f->type == FIELD_TEXT && !text_is_utf8(f->bytes));
}

static void field_write(struct json_writer *w, const struct event_field *f)
{
	if (f->type == FIELD_INT)
		jw_int(w, f->name, f->number);
	else if (field_is_hex(f))
		jw_hex(w, f->name, f->bytes);
	else
		jw_span(w, f->name, f->bytes);
}

/* {"fields":{…},"hex":[names whose values are hex],"salts":{…}} */
static enum err fields_json(
    const struct event *e, const uint8_t (*salts)[EVENT_SALT_SIZE], struct buf *out)
{
	struct json_writer w;
	size_t salt = 0;

	jw_init(&w, out);
	jw_object(&w, NULL);
	jw_object(&w, "fields");
	for (size_t i = 0; i < e->field_count; i++)
		field_write(&w, &e->fields[i]);
	jw_end_object(&w);
	jw_array(&w, "hex");
	for (size_t i = 0; i < e->field_count; i++)
		if (field_is_hex(&e->fields[i]))
			jw_string(&w, NULL, e->fields[i].name);
	jw_end_array(&w);
	jw_object(&w, "salts");
	for (size_t i = 0; i < e->field_count; i++)
		if (e->fields[i].is_personal)
			jw_b64(&w, e->fields[i].name, span_of(salts[salt++], EVENT_SALT_SIZE));
	jw_end_object(&w);
	jw_end_object(&w);
	return buf_done(out);
}

static enum err fields_seal(const struct event *e, const uint8_t (*salts)[EVENT_SALT_SIZE],
    const uint8_t *key, struct arena *arena, struct event_record *row)
{
	struct buf json CLEANUP(buf_free);

	buf_init(&json, EVENT_BODY_LIMIT);
	row->sealed = SPAN_EMPTY;
	if (e->field_count == 0)
		return OK;
	TRY(fields_json(e, salts, &json));
	return column_seal(
	    key, SEALED_EVENT_FIELDS, row->sequence, buf_span(&json), arena, &row->sealed);
}

enum err event_row_make(const struct envelope *before, const struct event *event,
    const uint8_t key[KEY_SIZE], struct arena *arena, struct event_record *row)
{
	struct buf body CLEANUP(buf_free);
	uint8_t salts[EVENT_FIELDS_MAX][EVENT_SALT_SIZE];

	buf_init(&body, EVENT_BODY_LIMIT);
	row->sequence = before->version + 1;
	row->kind = event->kind;
	row->at = event->at;
	row->signer = event->signer;
	row->document = event->document;
	TRY(random_bytes(salts, event_personal_count(event) * EVENT_SALT_SIZE));
	TRY(event_canonical(before, event, row->sequence, before->head,
	    (const uint8_t(*)[EVENT_SALT_SIZE])salts, &body));
	TRY(sha256(buf_span(&body), row->hash));
	TRY(leaf_hash(buf_span(&body), row->leaf));
	row->body = arena_span(arena, buf_span(&body));
	ENSURE(row->body.data != NULL, ERR_MEMORY);
	return fields_seal(event, (const uint8_t(*)[EVENT_SALT_SIZE])salts, key, arena, row);
}

enum err event_row_insert(
    struct db *db, int64_t organisation, int64_t envelope, const struct event_record *row)
{
	struct query q;

	query_start(&q, db, SQL_EVENT_ADD);
	query_int(&q, organisation);
	query_int(&q, envelope);
	query_int(&q, row->sequence);
	query_int(&q, row->kind);
	query_int(&q, row->at);
	query_int(&q, row->signer);
	query_int(&q, row->document);
	query_blob(&q, row->body);
	query_blob(&q, row->sealed);
	query_blob(&q, span_of(row->hash, SHA256_SIZE));
	query_blob(&q, span_of(row->leaf, SHA256_SIZE));
	return query_run(&q);
}

/* ---- reading ---- */

static bool hash_read(struct query *q, int column, uint8_t out[SHA256_SIZE])
{
	struct span s = query_column(q, column);

	if (s.size != SHA256_SIZE)
		return false;
	memcpy(out, s.data, SHA256_SIZE);
	return true;
}

static enum err event_row_read(struct query *q, struct arena *arena, struct event_record *row)
{
	row->index = query_column_int(q, 0) - 1;
	row->sequence = query_column_int(q, 1);
	row->kind = (enum event_kind)query_column_int(q, 2);
	row->at = query_column_int(q, 3);
	row->signer = (int)query_column_int(q, 4);
	row->document = (int)query_column_int(q, 5);
	row->body = arena_span(arena, query_column(q, 6));
	row->sealed = arena_span(arena, query_column(q, 7));
	ENSURE(row->body.data != NULL && row->sealed.data != NULL, ERR_MEMORY);
	ENSURE(hash_read(q, 8, row->hash) && hash_read(q, 9, row->leaf), ERR_STORE);
	return OK;
}

struct event_grow {
	struct event_record *rows;
	size_t count, room;
};

static enum err event_grow(struct event_grow *g, struct arena *arena)
{
	struct event_record *rows;

	if (g->count < g->room)
		return OK;
	g->room = g->room == 0 ? 32 : 2 * g->room;
	rows = arena_alloc(arena, g->room * sizeof(*rows));
	ENSURE(rows != NULL, ERR_MEMORY);
	if (g->count > 0)
		memcpy(rows, g->rows, g->count * sizeof(*rows));
	g->rows = rows;
	return OK;
}

enum err store_events_load(struct db *db, int64_t organisation, int64_t envelope,
    struct arena *arena, struct event_record **out, size_t *count)
{
	struct event_grow g = {NULL, 0, 0};
	enum err failed = OK, ended;
	struct query q;

	query_start(&q, db, SQL_EVENT_LIST);
	query_int(&q, organisation);
	query_int(&q, envelope);
	while (failed == OK && query_next(&q)) {
		failed = event_grow(&g, arena);
		if (failed == OK)
			failed = event_row_read(&q, arena, &g.rows[g.count++]);
	}
	ended = query_end(&q);
	*out = g.rows;
	*count = g.count;
	return failed != OK ? failed : ended;
}

/* An event without fields has nothing sealed: its JSON is made anew. */
static enum err fields_none(struct arena *arena, struct span *json)
{
	static const struct event none;
	struct buf b CLEANUP(buf_free);

	buf_init(&b, 256);
	TRY(fields_json(&none, NULL, &b));
	*json = arena_span(arena, buf_span(&b));
	ENSURE(json->data != NULL, ERR_MEMORY);
	return OK;
}

enum err event_record_open(const struct event_record *e, const uint8_t key[KEY_SIZE],
    struct arena *arena, struct span *json)
{
	if (e->sealed.size == 0)
		return fields_none(arena, json);
	return column_open(key, SEALED_EVENT_FIELDS, e->sequence, e->sealed, arena, json);
}

/* The body holds the previous hash as a 32-byte string after the key's text. */
static bool body_has_previous(struct span body, const uint8_t previous[SHA256_SIZE])
{
	static const uint8_t mark[] = {0x68, 'p', 'r', 'e', 'v', 'i', 'o', 'u', 's', 0x58, 0x20};
	const uint8_t *at = memmem(body.data, body.size, mark, sizeof(mark));

	if (at == NULL || (size_t)(body.data + body.size - at) < sizeof(mark) + SHA256_SIZE)
		return false;
	return ct_equal(at + sizeof(mark), previous, SHA256_SIZE);
}

enum err events_check(const struct event_record *events, size_t count)
{
	static const uint8_t none[SHA256_SIZE];
	const uint8_t *previous = none;

	for (size_t i = 0; i < count; i++) {
		const struct event_record *e = &events[i];
		uint8_t hash[SHA256_SIZE], leaf[SHA256_SIZE];

		TRY(sha256(e->body, hash));
		TRY(leaf_hash(e->body, leaf));
		ENSURE(ct_equal(hash, e->hash, SHA256_SIZE), ERR_STORE);
		ENSURE(ct_equal(leaf, e->leaf, SHA256_SIZE), ERR_STORE);
		ENSURE(e->sequence == (int64_t)i + 1, ERR_STORE);
		ENSURE(body_has_previous(e->body, previous), ERR_STORE);
		previous = e->hash;
	}
	return OK;
}
