/*
 * A signer alone: added while the envelope is created, asked for by pollers (manual: Checking
 * Signer Status).
 */
#include "api/signers.h"

#include "api/decode.h"
#include "api/view.h"

static enum err encode_added(
    struct call *call, const struct envelope_outcome *outcome, const void *context)
{
	struct json_writer w;
	const struct signer_new *s = context;
	reply_json(call->reply, 201, &w);
	jw_string(&w, "id", s->id);
	jw_string(&w, "status", signer_state_name(SIGNER_CREATED));
	jw_time(&w, "created_at", call->req->now);
	jw_end_object(&w);
	return OK;
}

static enum err decode_added(struct call *call, json_t **owner, struct signer_new *signer)
{
	struct fields f;
	TRY(fields_read(call->body, call->arena, &call->fault, owner, &f));
	TRY(decode_signer(call, &f, signer));
	if (json_object_get(f.object, "personal_documents") != NULL)
		return fields_fault(&f, ERR_FIELD_VALUE, "personal_documents",
		    "Here photos are sent one by one to …/signer/{id}/personal_document.");
	return OK;
}

static enum err add_decoded(struct call *call, const struct loaded *l, json_t **owner)
{
	struct signer_new signer = {.id = NULL};
	TRY(decode_added(call, owner, &signer));
	struct command_run run = {.call = call,
	    .write = {.organisation = call->principal.organisation,
		.row = l->record.state.row,
		.data_key = l->key,
		.command = {.kind = COMMAND_ADD_SIGNER,
		    .actor = {.address = span_str(call->req->client)}},
		.signer = &signer},
	    .encode = encode_added,
	    .context = &signer};
	return call_command(&run);
}

static enum err add_body(struct call *call)
{
	json_t *owner CLEANUP(json_freep) = NULL;
	struct loaded l;
	TRY(call_load(call, &l));
	enum err e = add_decoded(call, &l, &owner);
	loaded_free(&l);
	return e;
}

void api_signer_add(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, add_body);
}

static enum err get_body(struct call *call)
{
	struct loaded l;
	TRY(call_load(call, &l));
	size_t signer = envelope_signer_find(&l.record.state, call->req->params[1]);
	enum err e = ERR_NOT_FOUND;
	if (signer != SIZE_MAX) {
		view_etag(call, &l.record.state);
		e = view_signer(call, &l, signer);
	}
	loaded_free(&l);
	return e;
}

void api_signer_get(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, get_body);
}
