/*
 * One command on a stored envelope, inside the writer: load, decide, apply, save, append, set
 * in motion. The writer is the only one, and the save compares the version besides, so two
 * signers who finish in the same millisecond are decided one after the other.
 */
#include "store/envelope_rows.h"

#include "base/log.h"
#include "store/effects.h"

#include <stdio.h>
#include <string.h>

struct run {
	struct db *db;
	const struct envelope_write *w;
	int64_t now;
	struct arena *arena;
	struct envelope_outcome *out;
	struct fault *fault;
	struct command command;
	struct event_list events;
	int64_t version;     /* before */
	struct span profile; /* ADD_SIGNER: sealed */
};

static struct envelope *run_state(struct run *r)
{
	return &r->out->record.state;
}

/* ---- before deciding: the command learns what its attachment says ---- */

static enum err drawing_hash(const struct drawing_new *d, uint8_t out[SHA256_SIZE])
{
	return sha256(d->typed.size > 0 ? d->typed : d->strokes, out);
}

/* The new signer stands behind the others, in the room that the record keeps for it. */
static enum err signer_complete(struct run *r, struct command *c)
{
	size_t position = run_state(r)->signer_count;
	struct buf json CLEANUP(buf_free);

	ENSURE(position <= LIMIT_SIGNERS, ERR_LIMIT);
	buf_init(&json, 64 * LIMIT_KB);
	signer_begin(&run_state(r)->signers[position], r->w->signer);
	c->signer = position;
	TRY(profile_json(&r->w->signer->profile, &json));
	TRY(buf_done(&json));
	TRY(sha256(buf_span(&json), c->hash));
	return column_seal(r->w->data_key, SEALED_PROFILE, (int64_t)position, buf_span(&json),
	    r->arena, &r->profile);
}

static enum err command_complete(struct run *r)
{
	const struct envelope_write *w = r->w;
	struct command *c = &r->command;
	size_t documents = run_state(r)->document_count;

	*c = w->command;
	if (w->document != NULL) {
		ENSURE(documents <= LIMIT_DOCUMENTS, ERR_LIMIT);
		snprintf(
		    run_state(r)->documents[documents].id, ENVELOPE_ID_SIZE, "%s", w->document->id);
		command_of_document(c, w->document, documents);
	}
	if (w->signer != NULL)
		TRY(signer_complete(r, c));
	if (w->photo != NULL)
		command_of_photo(c, w->photo);
	if (w->dossier != NULL) {
		memcpy(c->hash, w->dossier->dossier.sha256, SHA256_SIZE);
		c->size = w->dossier->dossier.size;
	}
	if (w->drawing == NULL)
		return OK;
	c->signature = w->drawing->typed.size > 0 ? SIGNATURE_TYPED : SIGNATURE_DRAWN;
	c->text = w->drawing->typed;
	return drawing_hash(w->drawing, c->hash);
}

/* A command whose data is missing is a fault of ours, found before anything is written. */
static bool command_is_whole(const struct envelope_write *w)
{
	switch (w->command.kind) {
	case COMMAND_CREATE: return false;
	case COMMAND_ADD_DOCUMENT: return w->document != NULL;
	case COMMAND_ADD_PHOTO: return w->photo != NULL;
	case COMMAND_ADD_SIGNER: return w->signer != NULL;
	case COMMAND_SIGN: return w->drawing != NULL;
	case COMMAND_SEALED: return w->dossier != NULL;
	case COMMAND_SEND_CODE: return w->code != NULL;
	default: return true;
	}
}

/* ---- after: rows ---- */

static enum err envelope_save(struct run *r)
{
	const struct envelope *e = run_state(r);
	struct query q;

	query_start(&q, r->db, SQL_ENVELOPE_SAVE);
	query_int(&q, e->organisation);
	query_int(&q, e->row);
	query_int(&q, r->version);
	query_int(&q, e->state);
	query_int(&q, e->submitted_at);
	query_int(&q, e->signed_at);
	query_int(&q, e->ended_at);
	query_int(&q, e->version);
	query_blob(&q, span_of(e->head, SHA256_SIZE));
	TRY(query_run(&q));
	ENSURE(query_changes(r->db) == 1, ERR_STORE);
	return OK;
}

static enum err signer_save(struct run *r, size_t i)
{
	const struct signer_progress *s = &run_state(r)->signers[i];
	struct query q;

	query_start(&q, r->db, SQL_SIGNER_SAVE);
	query_int(&q, run_state(r)->organisation);
	query_int(&q, s->row);
	query_int(&q, s->state);
	query_int(&q, s->sent_at);
	query_int(&q, s->delivered_at);
	query_int(&q, s->opened_at);
	query_int(&q, s->cpf_at);
	query_int(&q, s->read_at);
	query_int(&q, s->code_at);
	query_int(&q, s->consent_at);
	query_int(&q, s->signed_at);
	query_int(&q, s->refused_at);
	query_int(&q, (int64_t)s->read_mask);
	query_int(&q, s->cpf_tries);
	query_int(&q, s->cpf_window);
	query_blob(&q, s->code_sent_at == 0 ? SPAN_EMPTY : span_of(s->code_hash, SHA256_SIZE));
	query_int(&q, s->code_sent_at);
	query_int(&q, s->code_tries);
	query_int(&q, s->code_sends);
	query_int(&q, s->code_window);
	return query_run(&q);
}

static enum err secret_save(
    struct run *r, enum statement s, int64_t row, const struct secret_new *new)
{
	struct query q;

	query_start(&q, r->db, s);
	query_int(&q, run_state(r)->organisation);
	query_int(&q, row);
	query_blob(&q, new->sealed);
	query_blob(&q, span_of(new->hash, SHA256_SIZE));
	return query_run(&q);
}

static enum err submitted_save(struct run *r)
{
	struct envelope_record *record = &r->out->record;
	struct secret_new new = {0};

	for (size_t i = 0; i < record->state.signer_count; i++) {
		TRY(link_new(r->w->data_key, i, r->arena, &new));
		TRY(secret_save(r, SQL_SIGNER_LINK_SET, record->state.signers[i].row, &new));
		record->signers[i].link = new.sealed;
	}
	TRY(code_new(r->w->data_key, r->arena, &new));
	record->code = new.sealed;
	return secret_save(r, SQL_ENVELOPE_CODE_SET, record->state.row, &new);
}

/* Events of one signer change that signer's row, the others may change every signer's. */
static enum err signers_save(struct run *r)
{
	const struct event *first = &r->events.items[0];

	if (first->kind == EVENT_PHOTO_ADDED || first->kind == EVENT_SIGNER_ADDED)
		return OK;
	if (first->signer != EVENT_NONE)
		return signer_save(r, (size_t)first->signer);
	if (first->kind != EVENT_SUBMITTED && first->kind != EVENT_EXPIRED)
		return OK;
	for (size_t i = 0; i < run_state(r)->signer_count; i++)
		TRY(signer_save(r, i));
	return OK;
}

static enum err document_save(struct run *r)
{
	struct span name;
	enum err e;

	TRY(column_seal(r->w->data_key, SEALED_DOCUMENT_NAME, (int64_t)r->command.document,
	    span_str(r->w->document->name), r->arena, &name));
	e = document_insert(r->db, run_state(r), r->command.document, r->w->document, name, r->now);
	if (e == ERR_CONFLICT)
		return fault_set(r->fault, e, "id", "%s", "Choose another id for this document.");
	return e;
}

static enum err signer_add_save(struct run *r)
{
	static const struct secret_new no_link;
	enum err e = signer_insert(r->db, run_state(r), r->command.signer, r->profile, &no_link);

	if (e == ERR_CONFLICT)
		return fault_set(r->fault, e, "id", "%s", "Choose another id for this signer.");
	r->out->record.signers[r->command.signer].profile = r->profile;
	return e;
}

static enum err drawing_save(struct run *r)
{
	const struct drawing_new *d = r->w->drawing;
	bool is_typed = d->typed.size > 0;
	struct buf plain CLEANUP(buf_free);
	struct span sealed;
	struct query q;

	buf_init(&plain, LIMIT_MB / 2);
	buf_put_byte(&plain, is_typed ? 't' : 'd');
	buf_put_span(&plain, is_typed ? d->typed : d->strokes);
	TRY(buf_done(&plain));
	TRY(column_seal(r->w->data_key, SEALED_DRAWING, (int64_t)r->command.signer,
	    buf_span(&plain), r->arena, &sealed));
	query_start(&q, r->db, SQL_DRAWING_ADD);
	query_int(&q, run_state(r)->organisation);
	query_int(&q, run_state(r)->row);
	query_int(&q, (int64_t)r->command.signer);
	query_blob(&q, sealed);
	return query_run(&q);
}

static enum err dossier_save(struct run *r)
{
	const struct document_progress *d = &run_state(r)->documents[r->command.document];
	struct query q;

	query_start(&q, r->db, SQL_DOCUMENT_SEAL);
	query_int(&q, run_state(r)->organisation);
	query_int(&q, d->row);
	query_int(&q, d->sealed_at);
	stored_file_bind(&q, &r->w->dossier->dossier);
	stored_file_bind(&q, &r->w->dossier->second);
	TRY(query_run(&q));
	ENSURE(query_changes(r->db) == 1, ERR_STORE);
	return OK;
}

static enum err attachment_save(struct run *r)
{
	switch (r->command.kind) {
	case COMMAND_ADD_DOCUMENT: return document_save(r);
	case COMMAND_ADD_PHOTO: return photo_insert(r->db, run_state(r), r->w->photo, r->now);
	case COMMAND_ADD_SIGNER: return signer_add_save(r);
	case COMMAND_SUBMIT: return submitted_save(r);
	case COMMAND_SIGN: return drawing_save(r);
	case COMMAND_SEALED: return dossier_save(r);
	default: return OK;
	}
}

/* ---- the run ---- */

static enum err event_append(struct run *r, const struct event *event)
{
	struct envelope *state = run_state(r);
	struct event_record row;

	TRY(event_row_make(state, event, r->w->data_key, r->arena, &row));
	envelope_apply(state, event);
	memcpy(state->head, row.hash, SHA256_SIZE);
	TRY(event_row_insert(r->db, state->organisation, state->row, &row));
	return effects_add(r->db, state, event, row.sequence, r->w->data_key, r->w->code, r->now);
}

static enum err events_append(struct run *r)
{
	for (size_t i = 0; i < r->events.count; i++) {
		TRY(event_append(r, &r->events.items[i]));
		r->out->kinds[r->out->count++] = r->events.items[i].kind;
	}
	return OK;
}

enum err store_envelope_command(struct db *db, const struct envelope_write *w, int64_t now,
    struct arena *arena, struct envelope_outcome *out, struct fault *fault)
{
	struct run r = {.db = db, .w = w, .now = now, .arena = arena, .out = out, .fault = fault};

	memset(out, 0, sizeof(*out));
	ENSURE(command_is_whole(w), ERR_INTERNAL);
	TRY(store_envelope_by_row(db, w->organisation, w->row, arena, &out->record));
	r.version = run_state(&r)->version;
	TRY(command_complete(&r));
	TRY(envelope_decide(run_state(&r), &r.command, now, &r.events, fault));
	out->answer = r.events.answer;
	if (r.events.count == 0)
		return OK;
	TRY(events_append(&r));
	TRY(attachment_save(&r));
	TRY(signers_save(&r));
	return envelope_save(&r);
}
