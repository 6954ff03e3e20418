/*
 * The evidence as a whole. See docs/evidence.md for what each member means.
 */
#include "evidence/evidence.h"

#include "evidence/write.h"

#include <string.h>

#define EVIDENCE_VERSION 1

const char *evidence_code_text(const char *code, struct arena *arena)
{
	size_t n = strlen(code), at = 0;
	char *out = arena_alloc(arena, n + n / 4 + 1);
	for (size_t i = 0; out != NULL && i < n; i++) {
		if (i > 0 && i % 4 == 0)
			out[at++] = '-';
		out[at++] = code[i];
	}
	return out;
}

static enum err put_verification(struct json_writer *w, const struct evidence_source *s)
{
	const char *code;
	TRY(record_code(s->record, s->key, s->arena, &code));
	ENSURE(code != NULL, ERR_INTERNAL);
	jw_object(w, "verification");
	jw_string(w, "code", evidence_code_text(code, s->arena));
	jw_string(w, "url", arena_format(s->arena, "%s/v/%s", s->pages_url, code));
	jw_end_object(w);
	return OK;
}

static enum err put_envelope(struct json_writer *w, const struct evidence_source *s)
{
	const struct envelope *e = &s->record->state;
	const char *subject;
	TRY(record_subject(s->record, s->key, s->arena, &subject));
	jw_object(w, "organization");
	jw_string(w, "name", s->organisation->name);
	jw_end_object(w);
	jw_object(w, "envelope");
	jw_string(w, "id", e->id);
	jw_string(w, "subject", subject);
	jw_string(w, "status", envelope_state_name(e->state));
	jw_time(w, "created_at", e->created_at);
	jw_time(w, "submitted_at", e->submitted_at);
	jw_time(w, "signed_at", e->signed_at);
	jw_time(w, "expires_at", e->expires_at);
	jw_end_object(w);
	return OK;
}

static void put_file(struct json_writer *w, const char *name, const struct stored_file *f)
{
	if (f->blob == NULL) {
		jw_null(w, name);
		return;
	}
	jw_object(w, name);
	jw_int(w, "bytes", f->size);
	jw_hex(w, "sha256", span_of(f->sha256, SHA256_SIZE));
	jw_hex(w, "sha512", span_of(f->sha512, SHA512_SIZE));
	jw_end_object(w);
}

static enum err put_document(
    struct json_writer *w, const struct evidence_source *s, size_t document)
{
	const struct document_record *d = &s->record->documents[document];
	const char *name;
	TRY(record_document_name(s->record, document, s->key, s->arena, &name));
	jw_object(w, "document");
	jw_string(w, "id", s->record->state.documents[document].id);
	jw_string(w, "name", name);
	jw_int(w, "pages", d->pages);
	jw_int(w, "bytes", d->original.size);
	jw_hex(w, "sha256", span_of(d->original.sha256, SHA256_SIZE));
	jw_hex(w, "sha512", span_of(d->original.sha512, SHA512_SIZE));
	jw_string(w, "verdict", d->verdict);
	jw_string(w, "reason", d->reason != NULL && d->reason[0] != 0 ? d->reason : NULL);
	put_file(w, "normalized", &d->normalised);
	jw_end_object(w);
	return OK;
}

static enum err put_documents(struct json_writer *w, const struct evidence_source *s)
{
	jw_array(w, "documents");
	for (size_t i = 0; i < s->record->state.document_count; i++) {
		const char *name;
		TRY(record_document_name(s->record, i, s->key, s->arena, &name));
		jw_object(w, NULL);
		jw_string(w, "id", s->record->state.documents[i].id);
		jw_string(w, "name", name);
		jw_int(w, "pages", s->record->documents[i].pages);
		jw_hex(w, "sha256", span_of(s->record->documents[i].original.sha256, SHA256_SIZE));
		jw_end_object(w);
	}
	jw_end_array(w);
	return OK;
}

/* Nobody's time but the server's own stands behind these times, and the page says so. */
static void put_clock(struct json_writer *w)
{
	jw_object(w, "clock");
	jw_string(w, "source", "system_clock");
	jw_null(w, "timestamp_token");
	jw_string(w, "timestamp_reason", "no_authority_configured");
	jw_end_object(w);
	jw_null(w, "traffic");
}

static void put_event(struct json_writer *w, const struct evidence_source *s, size_t i)
{
	static const uint8_t first[SHA256_SIZE];
	const struct event_record *e = &s->events[i];
	jw_object(w, NULL);
	jw_int(w, "sequence", e->sequence);
	jw_time(w, "at", e->at);
	jw_string(w, "kind", event_kind_name(e->kind));
	jw_string(
	    w, "signer", e->signer == EVENT_NONE ? NULL : s->record->state.signers[e->signer].id);
	jw_hex(w, "hash", span_of(e->hash, SHA256_SIZE));
	jw_hex(w, "previous", span_of(i == 0 ? first : s->events[i - 1].hash, SHA256_SIZE));
	jw_end_object(w);
}

static void put_log(struct json_writer *w, const struct evidence_source *s)
{
	jw_object(w, "log");
	jw_array(w, "events");
	for (size_t i = 0; i < s->event_count; i++)
		put_event(w, s, i);
	jw_end_array(w);
	if (s->event_count > 0)
		jw_int(w, "log_index", s->events[s->event_count - 1].index);
	jw_end_object(w);
}

/* The bytes the dossier begins with. */
static void put_original(struct json_writer *w, const struct document_record *d)
{
	bool is_prefix = strcmp(d->verdict, "clean") == 0 || strcmp(d->verdict, "normalise") == 0;
	const struct stored_file *f = d->normalised.blob ? &d->normalised : &d->original;
	if (!is_prefix) {
		jw_null(w, "original");
		return;
	}
	jw_object(w, "original");
	jw_int(w, "bytes", f->size);
	jw_hex(w, "sha256", span_of(f->sha256, SHA256_SIZE));
	jw_end_object(w);
}

static enum err put_all(struct json_writer *w, const struct story *story, size_t document)
{
	const struct evidence_source *s = story->source;
	jw_object(w, NULL);
	jw_int(w, "version", EVIDENCE_VERSION);
	jw_string(w, "generator", "Chirograph " CHIROGRAPH_VERSION);
	jw_string(
	    w, "language", s->organisation->language ? s->organisation->language : s->language);
	jw_string(w, "time_zone", s->organisation->time_zone);
	jw_bool(w, "sandbox", s->record->state.environment == 0);
	TRY(put_verification(w, s));
	TRY(put_envelope(w, s));
	TRY(put_document(w, s, document));
	TRY(put_documents(w, s));
	jw_array(w, "signers");
	for (size_t i = 0; i < s->record->state.signer_count; i++)
		TRY(evidence_signer(w, story, i));
	jw_end_array(w);
	put_clock(w);
	put_log(w, s);
	put_original(w, &s->record->documents[document]);
	jw_end_object(w);
	return buf_done(w->out);
}

enum err evidence_write(const struct evidence_source *s, size_t document, struct buf *out)
{
	struct story story = {.source = s};
	struct json_writer w;
	jw_init(&w, out);
	enum err e = story_open(s, &story);
	if (e == OK)
		e = put_all(&w, &story, document);
	story_close(&story);
	return e;
}

enum err evidence_drawings(const struct evidence_source *s, struct buf *out)
{
	struct json_writer w;
	jw_init(&w, out);
	jw_object(&w, NULL);
	for (size_t i = 0; i < s->drawing_count; i++) {
		struct drawing_new drawing;
		TRY(record_drawing(&s->drawings[i], s->key, s->arena, &drawing));
		if (drawing.strokes.size > 0)
			jw_raw(&w, s->record->state.signers[s->drawings[i].signer].id,
			    drawing.strokes);
	}
	jw_end_object(&w);
	return buf_done(out);
}
