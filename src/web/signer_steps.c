/*
 * Each step of the signer's way: decode what the page sent, compare what must be compared in
 * constant time, and let the domain decide.
 */
#include "web/signer.h"

#include "api/call.h"
#include "base/codec.h"
#include "base/text.h"
#include "identity/identity.h"

#include <string.h>

struct step_body {
	json_t *owner;
	struct fields fields;
};

static enum err step_read(struct visit *v, struct step_body *b)
{
	b->owner = NULL;
	return fields_read(v->req->body, v->arena, &v->fault, &b->owner, &b->fields);
}

/* A body that the page may leave out. */
static enum err step_read_optional(struct visit *v, struct step_body *b)
{
	if (v->req->body.size > 0)
		return step_read(v, b);
	b->owner = json_object();
	b->fields = (struct fields){b->owner, "", v->arena, &v->fault};
	return b->owner != NULL ? OK : ERR_MEMORY;
}

static enum err hint(const struct fields *f, const char *name, struct span *out)
{
	const char *text;
	TRY(field_text(f, name, (struct text_rule){0, 64, false}, &text));
	*out = span_str(text);
	return OK;
}

static enum err open_body(struct visit *v)
{
	struct step_body b;
	struct envelope_write w = {.command = {.kind = COMMAND_OPEN, .actor = visit_actor(v)}};
	enum err e = step_read_optional(v, &b);
	if (e == OK)
		e = hint(&b.fields, "screen", &w.command.actor.screen);
	if (e == OK)
		e = hint(&b.fields, "language", &w.command.actor.language);
	if (e == OK)
		e = hint(&b.fields, "time_zone", &w.command.actor.time_zone);
	if (e == OK)
		e = visit_command(v, &w);
	json_decref(b.owner);
	return e;
}

void signer_open(void *app, const struct http_request *req, struct http_reply *reply)
{
	visit_run(app, req, reply, open_body);
}

static enum err cpf_match(struct visit *v, const struct fields *f, bool *is_match)
{
	const char *text;
	char cpf[CPF_SIZE];
	bool repeated = false;
	TRY(field_text(f, "cpf", (struct text_rule){1, 20, true}, &text));
	if (cpf_parse(span_str(text), cpf, &repeated) != OK)
		return fields_fault(f, ERR_CPF, "cpf", NULL);
	const char *own = v->profile.cpf ? v->profile.cpf : "";
	*is_match = strlen(own) == CPF_SIZE - 1 && ct_equal(cpf, own, CPF_SIZE - 1);
	return OK;
}

static enum err cpf_body(struct visit *v)
{
	struct step_body b;
	struct envelope_write w = {.command = {.kind = COMMAND_CHECK_CPF, .actor = visit_actor(v)}};
	enum err e = step_read(v, &b);
	if (e == OK)
		e = cpf_match(v, &b.fields, &w.command.is_match);
	if (e == OK)
		e = visit_command(v, &w);
	json_decref(b.owner);
	return e;
}

void signer_cpf(void *app, const struct http_request *req, struct http_reply *reply)
{
	visit_run(app, req, reply, cpf_body);
}

static enum err read_fields(struct visit *v, const struct fields *f, struct command *c)
{
	int64_t document = 0, pages = 0;
	TRY(field_int(f, "document", 0, (int64_t)v->record.state.document_count - 1, &document));
	TRY(field_int(f, "pages", 0, LIMIT_PAGES, &pages));
	TRY(field_int(f, "duration_ms", 0, INT64_C(1000) * 3600 * 24 * 30, &c->duration_ms));
	c->document = (size_t)document;
	c->pages = (unsigned)pages;
	return OK;
}

static enum err read_body(struct visit *v)
{
	struct step_body b;
	struct envelope_write w = {.command = {.kind = COMMAND_READ, .actor = visit_actor(v)}};
	enum err e = step_read(v, &b);
	if (e == OK)
		e = read_fields(v, &b.fields, &w.command);
	if (e == OK)
		e = visit_command(v, &w);
	json_decref(b.owner);
	return e;
}

void signer_read(void *app, const struct http_request *req, struct http_reply *reply)
{
	visit_run(app, req, reply, read_body);
}

static enum err code_send_body(struct visit *v)
{
	char code[LIMIT_CODE_DIGITS + 1];
	struct envelope_write w = {.command = {.kind = COMMAND_SEND_CODE,
				       .actor = visit_actor(v),
				       .masked = span_str(visit_target(v))},
	    .code = code};
	TRY(app_rate(v->app, v->req, RATE_CODE, v->reply));
	TRY(identity_code_new(code));
	enum err e = store_code_hash(v->key, v->signer, span_str(code), w.command.hash);
	if (e == OK)
		e = visit_command(v, &w);
	secret_wipe(code, sizeof code);
	return e;
}

void signer_code_send(void *app, const struct http_request *req, struct http_reply *reply)
{
	visit_run(app, req, reply, code_send_body);
}

static enum err code_hash(struct visit *v, const struct fields *f, uint8_t hash[SHA256_SIZE])
{
	const char *text;
	TRY(field_text(f, "code", (struct text_rule){1, 20, true}, &text));
	struct span code = span_trim(span_str(text));
	if (code.size != LIMIT_CODE_DIGITS || strspn(text, " 0123456789") != strlen(text))
		return fields_fault(f, ERR_FIELD_VALUE, "code", "It has six digits.");
	return store_code_hash(v->key, v->signer, code, hash);
}

static enum err code_check_body(struct visit *v)
{
	struct step_body b;
	struct envelope_write w = {
	    .command = {.kind = COMMAND_CHECK_CODE, .actor = visit_actor(v)}};
	enum err e = step_read(v, &b);
	if (e == OK)
		e = code_hash(v, &b.fields, w.command.hash);
	if (e == OK)
		e = visit_command(v, &w);
	json_decref(b.owner);
	return e;
}

void signer_code_check(void *app, const struct http_request *req, struct http_reply *reply)
{
	visit_run(app, req, reply, code_check_body);
}

/* ---- the signature ---- */

struct signing {
	struct consent consent;
	struct drawing_new drawing;
	struct buf strokes;
	struct envelope_write write;
};

static enum err sign_consent(const struct fields *f, struct signing *s)
{
	const char *text;
	uint8_t hash[SHA256_SIZE];
	TRY(field_text(f, "consent_sha256", (struct text_rule){1, 64, true}, &text));
	if (hex_decode(span_str(text), hash, sizeof hash) != OK)
		return fields_fault(
		    f, ERR_FIELD_VALUE, "consent_sha256", "It must be 64 hex digits.");
	TRY(identity_consent_find(hash, &s->consent));
	s->write.command.consent_version = span_str(s->consent.version);
	s->write.command.consent_language = span_str(s->consent.language);
	memcpy(s->write.command.consent_hash, s->consent.sha256, SHA256_SIZE);
	return OK;
}

static enum err sign_drawn(const struct fields *f, struct signing *s)
{
	TRY(strokes_canonical(f, json_object_get(f->object, "strokes"), &s->strokes));
	s->drawing.strokes = buf_span(&s->strokes);
	s->write.command.signature = SIGNATURE_DRAWN;
	return OK;
}

static enum err sign_typed(const struct fields *f, struct signing *s)
{
	const char *text;
	TRY(field_text(f, "text", (struct text_rule){2, LIMIT_TYPED_CHARS, true}, &text));
	s->drawing.typed = span_trim(span_str(text));
	s->write.command.signature = SIGNATURE_TYPED;
	return OK;
}

static enum err sign_fields(const struct fields *f, struct signing *s)
{
	const char *kind;
	TRY(sign_consent(f, s));
	TRY(field_text(f, "kind", (struct text_rule){1, 10, true}, &kind));
	if (strcmp(kind, "drawn") == 0)
		return sign_drawn(f, s);
	if (strcmp(kind, "typed") == 0)
		return sign_typed(f, s);
	return fields_fault(f, ERR_FIELD_VALUE, "kind", "It must be drawn or typed.");
}

static enum err sign_body(struct visit *v)
{
	struct step_body b;
	struct signing s = {.write = {.command = {.kind = COMMAND_SIGN, .actor = visit_actor(v)}}};
	s.write.drawing = &s.drawing;
	buf_init(&s.strokes, LIMIT_STROKE_POINTS * 20);
	enum err e = step_read(v, &b);
	if (e == OK)
		e = sign_fields(&b.fields, &s);
	if (e == OK)
		e = visit_command(v, &s.write);
	buf_free(&s.strokes);
	json_decref(b.owner);
	return e;
}

void signer_sign(void *app, const struct http_request *req, struct http_reply *reply)
{
	visit_run(app, req, reply, sign_body);
}

static enum err decline_body(struct visit *v)
{
	struct step_body b;
	const char *reason = NULL;
	struct envelope_write w = {.command = {.kind = COMMAND_DECLINE, .actor = visit_actor(v)}};
	enum err e = step_read(v, &b);
	if (e == OK)
		e = field_text(
		    &b.fields, "reason", (struct text_rule){0, LIMIT_REASON_CHARS, false}, &reason);
	w.command.text = span_str(reason);
	if (e == OK)
		e = visit_command(v, &w);
	json_decref(b.owner);
	return e;
}

void signer_decline(void *app, const struct http_request *req, struct http_reply *reply)
{
	visit_run(app, req, reply, decline_body);
}
