/*
 * Bodies of the envelope API on their way into the domain: the first letter says which (an
 * envelope, a signer, a file as JSON, as a form, raw). Whatever it is, the fault is the asker's
 * (never a 5xx), and what is taken keeps the rules that the domain rests on.
 */
#include "api/decode.h"
#include "base/limits.h"
#include "base/text.h"
#include "fuzz.h"

#include <string.h>

#define NOW INT64_C(1790000000000)

static void check_signer(const struct signer_new *s)
{
	const struct signer_profile *p = &s->profile;
	promise(text_is_id(span_str(s->id)));
	promise(p->name != NULL && text_is_clean(span_str(p->name)));
	promise(p->cpf != NULL && strlen(p->cpf) == CPF_SIZE - 1);
	promise(p->email == NULL || text_is_email(span_str(p->email)));
	promise((s->delivery == CHANNEL_EMAIL ? p->email : p->phone_number) != NULL);
	promise((s->code_channel == CHANNEL_EMAIL ? p->email : p->phone_number) != NULL);
}

static enum err body_envelope(struct call *call)
{
	struct fields f;
	struct envelope_new e = {0};
	json_t *documents = NULL, *owner CLEANUP(json_freep) = NULL;
	TRY(fields_read(call->req->body, call->arena, &call->fault, &owner, &f));
	TRY(decode_envelope(call, &f, &e, &documents));
	promise(text_is_id(span_str(e.id)) && e.signer_count <= LIMIT_SIGNERS);
	promise(e.expires_at >= NOW);
	for (size_t i = 0; i < e.signer_count; i++)
		check_signer(&e.signers[i]);
	return OK;
}

static enum err body_signer(struct call *call)
{
	struct fields f;
	struct signer_new s = {0};
	json_t *owner CLEANUP(json_freep) = NULL;
	TRY(fields_read(call->req->body, call->arena, &call->fault, &owner, &f));
	TRY(decode_signer(call, &f, &s));
	check_signer(&s);
	return OK;
}

static enum err body_upload(struct call *call)
{
	struct upload u;
	const char *text;
	enum err e = upload_read(call, &u);
	if (e == OK) {
		promise(u.bytes.size > 0 && u.bytes.size <= LIMIT_DOCUMENT_BYTES);
		e = field_text(&u.fields, "name", (struct text_rule){1, 200, true}, &text);
	}
	upload_free(&u);
	return e;
}

static void run(unsigned form, struct http_request *req, struct http_header *type)
{
	struct call call = {.req = req, .arena = req->arena};
	enum err e;

	call.organisation.time_zone = "America/Sao_Paulo";
	call.organisation.expiry = form & 1 ? "end_of_day" : "start_of_day";
	if (form > 3) { /* the first line is the Content-Type, with the query after a blank */
		struct span line = span_cut(&req->body, '\n');
		type->value = span_cut(&line, '\t');
		req->query = line;
	}
	if (form <= 2)
		e = body_envelope(&call);
	else if (form == 3)
		e = body_signer(&call);
	else
		e = body_upload(&call);
	promise(e == OK || (err_row(e)->status >= 400 && err_row(e)->status < 500));
	promise(memchr(call.fault.field, 0, sizeof call.fault.field) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new(LIMIT_ARENA_REQUEST);
	struct http_header type = {span_str("Content-Type"), span_str("application/json")};
	struct http_request req = {.headers = &type, .header_count = 1, .arena = arena, .now = NOW};
	req.body = span_of(data, size);
	unsigned form = take_choice(&req.body);
	run(form, &req, &type);
	return 0;
}
