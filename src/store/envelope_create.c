/*
 * Creating an envelope. Everything that costs (deciding, sealing, hashing) happens in
 * store_envelope_prepare on the caller's thread; the writer only inserts finished rows: one
 * for the envelope, one a signer, one an event, and what a one-call creation adds.
 */
#include "store/envelope_rows.h"

#include "store/effects.h"

#include <stdio.h>
#include <string.h>

struct envelope_prepared {
	const struct envelope_new *in;
	struct arena *arena;
	int64_t now;
	struct envelope state;
	struct span subject;
	struct span *profiles;    /* sealed, one a signer */
	struct span *names;       /* sealed, one a document */
	struct secret_new *links; /* one a signer; used when submitted */
	struct secret_new code;
	struct event_record *events;
	size_t event_count;
};

const struct envelope *store_envelope_prepared_state(const struct envelope_prepared *prepared)
{
	return &prepared->state;
}

void command_of_document(struct command *c, const struct document_new *d, size_t position)
{
	c->kind = COMMAND_ADD_DOCUMENT;
	c->document = position;
	c->pages = d->pages;
	c->size = d->original.size;
	c->text = span_str(d->verdict);
	memcpy(c->hash, d->original.sha256, SHA256_SIZE);
}

void command_of_photo(struct command *c, const struct photo_new *p)
{
	c->kind = COMMAND_ADD_PHOTO;
	c->signer = p->signer;
	c->text = span_str(p->template);
	memcpy(c->hash, p->file.sha256, SHA256_SIZE);
}

static void id_set(char out[ENVELOPE_ID_SIZE], const char *id)
{
	snprintf(out, ENVELOPE_ID_SIZE, "%s", id);
}

/* ---- prepare ---- */

static enum err prepared_alloc(struct envelope_prepared *p)
{
	const struct envelope_new *in = p->in;
	size_t events = 2 + in->document_count + in->photo_count;

	p->state.signers =
	    arena_alloc(p->arena, (in->signer_count + 1) * sizeof(*p->state.signers));
	p->state.documents =
	    arena_alloc(p->arena, (in->document_count + 1) * sizeof(*p->state.documents));
	p->profiles = arena_alloc(p->arena, (in->signer_count + 1) * sizeof(*p->profiles));
	p->links = arena_alloc(p->arena, (in->signer_count + 1) * sizeof(*p->links));
	p->names = arena_alloc(p->arena, (in->document_count + 1) * sizeof(*p->names));
	p->events = arena_alloc(p->arena, events * sizeof(*p->events));
	ENSURE(p->state.signers != NULL && p->state.documents != NULL, ERR_MEMORY);
	ENSURE(p->profiles != NULL && p->links != NULL, ERR_MEMORY);
	ENSURE(p->names != NULL && p->events != NULL, ERR_MEMORY);
	return OK;
}

void signer_begin(struct signer_progress *s, const struct signer_new *in)
{
	memset(s, 0, sizeof(*s));
	id_set(s->id, in->id);
	s->delivery = in->delivery;
	s->code_channel = in->code_channel;
}

/* Seals a signer's profile and adds it to the bytes that the CREATED event commits to. */
static enum err signer_prepare(struct envelope_prepared *p, size_t i, struct buf *all)
{
	const struct signer_new *in = &p->in->signers[i];
	struct buf json CLEANUP(buf_free);

	buf_init(&json, 64 * LIMIT_KB);
	signer_begin(&p->state.signers[i], in);
	TRY(profile_json(&in->profile, &json));
	buf_put_span(all, buf_span(&json));
	buf_put_byte(all, '\n');
	return column_seal(p->in->data_key, SEALED_PROFILE, (int64_t)i, buf_span(&json), p->arena,
	    &p->profiles[i]);
}

static enum err signers_prepare(struct envelope_prepared *p, uint8_t hash[SHA256_SIZE])
{
	struct buf all CLEANUP(buf_free);

	buf_init(&all, 8 * LIMIT_MB);
	for (size_t i = 0; i < p->in->signer_count; i++)
		TRY(signer_prepare(p, i, &all));
	p->state.signer_count = p->in->signer_count;
	TRY(buf_done(&all));
	return sha256(buf_span(&all), hash);
}

/* decide, hash, apply: what the writer would do, on a state that is nobody else's yet. */
static enum err prepared_run(struct envelope_prepared *p, struct command *c, struct fault *fault)
{
	struct event_list list;

	c->actor = p->in->actor;
	TRY(envelope_decide(&p->state, c, p->now, &list, fault));
	for (size_t i = 0; i < list.count; i++) {
		struct event_record *row = &p->events[p->event_count++];

		TRY(event_row_make(&p->state, &list.items[i], p->in->data_key, p->arena, row));
		envelope_apply(&p->state, &list.items[i]);
		memcpy(p->state.head, row->hash, SHA256_SIZE);
	}
	return OK;
}

static enum err create_prepare(struct envelope_prepared *p, struct fault *fault)
{
	struct command c = {.kind = COMMAND_CREATE, .text = span_str(p->in->subject)};

	p->state.organisation = p->in->organisation;
	p->state.environment = p->in->environment;
	p->state.expires_at = p->in->expires_at;
	id_set(p->state.id, p->in->id);
	TRY(signers_prepare(p, c.hash));
	TRY(column_seal(
	    p->in->data_key, SEALED_SUBJECT, 0, span_str(p->in->subject), p->arena, &p->subject));
	return prepared_run(p, &c, fault);
}

static enum err documents_prepare(struct envelope_prepared *p, struct fault *fault)
{
	for (size_t i = 0; i < p->in->document_count; i++) {
		const struct document_new *d = &p->in->documents[i];
		struct command c = {0};

		id_set(p->state.documents[i].id, d->id);
		TRY(column_seal(p->in->data_key, SEALED_DOCUMENT_NAME, (int64_t)i,
		    span_str(d->name), p->arena, &p->names[i]));
		command_of_document(&c, d, i);
		TRY(prepared_run(p, &c, fault));
	}
	return OK;
}

static enum err photos_prepare(struct envelope_prepared *p, struct fault *fault)
{
	for (size_t i = 0; i < p->in->photo_count; i++) {
		struct command c = {0};

		command_of_photo(&c, &p->in->photos[i]);
		TRY(prepared_run(p, &c, fault));
	}
	return OK;
}

static enum err submit_prepare(struct envelope_prepared *p, struct fault *fault)
{
	struct command c = {.kind = COMMAND_SUBMIT};

	TRY(prepared_run(p, &c, fault));
	for (size_t i = 0; i < p->in->signer_count; i++)
		TRY(link_new(p->in->data_key, i, p->arena, &p->links[i]));
	return code_new(p->in->data_key, p->arena, &p->code);
}

enum err store_envelope_prepare(const struct envelope_new *in, int64_t now, struct arena *arena,
    struct envelope_prepared **out, struct fault *fault)
{
	struct envelope_prepared *p = arena_alloc(arena, sizeof(*p));

	ENSURE(p != NULL, ERR_MEMORY);
	if (in->signer_count > LIMIT_SIGNERS)
		return fault_set(fault, ERR_TOO_MANY, "signers", "At most %d.", LIMIT_SIGNERS);
	if (in->document_count > LIMIT_DOCUMENTS)
		return fault_set(fault, ERR_TOO_MANY, "documents", "At most %d.", LIMIT_DOCUMENTS);
	p->in = in;
	p->arena = arena;
	p->now = now;
	TRY(prepared_alloc(p));
	TRY(create_prepare(p, fault));
	TRY(documents_prepare(p, fault));
	TRY(photos_prepare(p, fault));
	if (in->submit)
		TRY(submit_prepare(p, fault));
	*out = p;
	return OK;
}

/* ---- insert ---- */

static struct span secret_hash(const struct secret_new *s)
{
	return s->sealed.size == 0 ? SPAN_EMPTY : span_of(s->hash, SHA256_SIZE);
}

static enum err envelope_insert(struct db *db, struct envelope_prepared *p)
{
	const struct envelope *e = &p->state;
	struct query q;

	query_start(&q, db, SQL_ENVELOPE_ADD);
	query_int(&q, e->organisation);
	query_int(&q, e->environment);
	query_text(&q, e->id);
	query_int(&q, e->state);
	query_int(&q, e->created_at);
	query_int(&q, e->expires_at);
	query_text(&q, p->in->expiration_date);
	query_int(&q, e->submitted_at);
	query_int(&q, e->version);
	query_blob(&q, span_of(e->head, SHA256_SIZE));
	query_blob(&q, p->in->wrapped_key);
	query_blob(&q, p->subject);
	query_blob(&q, p->code.sealed);
	query_blob(&q, secret_hash(&p->code));
	query_row(&q, p->in->company);
	if (query_next(&q))
		p->state.row = query_column_int(&q, 0);
	return query_end(&q);
}

enum err signer_insert(struct db *db, const struct envelope *state, size_t position,
    struct span sealed_profile, const struct secret_new *link)
{
	const struct signer_progress *s = &state->signers[position];
	struct query q;

	query_start(&q, db, SQL_SIGNER_ADD);
	query_int(&q, state->organisation);
	query_int(&q, state->row);
	query_int(&q, (int64_t)position);
	query_text(&q, s->id);
	query_int(&q, s->state);
	query_int(&q, s->delivery);
	query_int(&q, s->code_channel);
	query_int(&q, s->sent_at);
	query_blob(&q, sealed_profile);
	query_blob(&q, link->sealed);
	query_blob(&q, secret_hash(link));
	return query_run(&q);
}

void stored_file_bind(struct query *q, const struct stored_file *f)
{
	if (f->blob == NULL) {
		for (int i = 0; i < 4; i++)
			query_null(q);
		return;
	}
	query_text(q, f->blob);
	query_int(q, f->size);
	query_blob(q, span_of(f->sha256, SHA256_SIZE));
	query_blob(q, span_of(f->sha512, SHA512_SIZE));
}

enum err document_insert(struct db *db, const struct envelope *state, size_t position,
    const struct document_new *d, struct span sealed_name, int64_t now)
{
	struct query q;

	query_start(&q, db, SQL_DOCUMENT_ADD);
	query_int(&q, state->organisation);
	query_int(&q, state->row);
	query_int(&q, (int64_t)position);
	query_text(&q, d->id);
	query_blob(&q, sealed_name);
	query_text(&q, d->verdict);
	query_text(&q, d->reason == NULL ? "" : d->reason);
	query_int(&q, d->pages);
	query_int(&q, now);
	stored_file_bind(&q, &d->original);
	stored_file_bind(&q, &d->normalised);
	return query_run(&q);
}

enum err photo_insert(
    struct db *db, const struct envelope *state, const struct photo_new *p, int64_t now)
{
	struct query q;

	query_start(&q, db, SQL_PHOTO_PUT);
	query_int(&q, state->organisation);
	query_int(&q, state->row);
	query_int(&q, (int64_t)p->signer);
	query_text(&q, p->template);
	query_int(&q, now);
	stored_file_bind(&q, &p->file);
	return query_run(&q);
}

static enum err parts_insert(struct db *db, const struct envelope_prepared *p)
{
	for (size_t i = 0; i < p->in->signer_count; i++)
		TRY(signer_insert(db, &p->state, i, p->profiles[i], &p->links[i]));
	for (size_t i = 0; i < p->in->document_count; i++)
		TRY(document_insert(db, &p->state, i, &p->in->documents[i], p->names[i], p->now));
	for (size_t i = 0; i < p->in->photo_count; i++)
		TRY(photo_insert(db, &p->state, &p->in->photos[i], p->now));
	return OK;
}

static enum err events_insert(struct db *db, const struct envelope_prepared *p)
{
	for (size_t i = 0; i < p->event_count; i++) {
		const struct event_record *row = &p->events[i];
		struct event event = {.kind = row->kind,
		    .at = row->at,
		    .signer = row->signer,
		    .document = row->document};

		TRY(event_row_insert(db, p->state.organisation, p->state.row, row));
		TRY(effects_add(
		    db, &p->state, &event, row->sequence, p->in->data_key, NULL, p->now));
	}
	return OK;
}

enum err store_envelope_create(struct db *db, struct envelope_prepared *p, struct fault *fault)
{
	enum err e = envelope_insert(db, p);

	if (e == ERR_CONFLICT)
		return fault_set(fault, e, "id", "%s", "Choose another id for this envelope.");
	TRY(e);
	e = parts_insert(db, p);
	if (e == ERR_CONFLICT)
		return fault_set(fault, e, "id", "%s", "An id appears twice in this envelope.");
	TRY(e);
	return events_insert(db, p);
}
