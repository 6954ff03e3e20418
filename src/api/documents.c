/*
 * POST …/document and the two reports (manual: Adding Documents to the Envelope, Downloading
 * Signed Dossiers, Downloading Dossier by Signed Document).
 */
#include "api/documents.h"

#include "api/decode.h"
#include "api/links.h"
#include "store/blob.h"

static enum err encode_added(
    struct call *call, const struct envelope_outcome *outcome, const void *context)
{
	struct json_writer w;
	const struct document_new *d = context;
	reply_json(call->reply, 201, &w);
	jw_string(&w, "id", d->id);
	jw_time(&w, "created_at", call->req->now);
	jw_string(&w, "verdict", d->verdict);
	jw_string(&w, "reason", d->reason[0] != 0 ? d->reason : NULL);
	jw_int(&w, "pages", d->pages);
	jw_hex(&w, "sha256", span_of(d->original.sha256, SHA256_SIZE));
	jw_end_object(&w);
	return OK;
}

static enum err may_change(const struct envelope *e, int64_t now)
{
	ENSURE(envelope_state_at(e, now) == ENVELOPE_CREATED, ERR_STATE_CREATED_NEEDED);
	return OK;
}

static enum err add_judged(struct call *call, struct loaded *l, struct upload *u)
{
	struct taken_document taken = {.blob = ""};
	struct buf normalised;
	buf_init(&normalised, LIMIT_BLOB_BYTES);
	struct command_run run = {.call = call,
	    .write = {.organisation = call->principal.organisation,
		.row = l->record.state.row,
		.data_key = l->key,
		.command = {.kind = COMMAND_ADD_DOCUMENT,
		    .actor = {.address = span_str(call->req->client)}},
		.document = &taken.document},
	    .encode = encode_added,
	    .context = &taken.document};
	enum err e = document_judge(call, &u->fields, !u->is_json, u->bytes, &taken, &normalised);
	if (e == OK)
		e = document_keep(call, u->bytes, &normalised, l->key, &taken);
	if (e == OK)
		e = call_command(&run);
	if (e != OK)
		document_drop(call, &taken);
	buf_free(&normalised);
	return e;
}

static enum err add_body(struct call *call)
{
	struct loaded l;
	struct upload u;
	TRY(call_load(call, &l));
	enum err e = upload_read(call, &u);
	if (e == OK)
		e = may_change(&l.record.state, call->req->now);
	if (e == OK)
		e = add_judged(call, &l, &u);
	upload_free(&u);
	loaded_free(&l);
	return e;
}

void api_document_add(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, add_body);
}

/* ---- reports ---- */

static const char *report_link(
    struct call *call, const struct loaded *l, size_t document, enum link_kind kind)
{
	struct link link = {kind, l->record.state.organisation, l->record.state.row,
	    (uint32_t)document, call->req->now + LIMIT_FILE_LINK_MS};
	return link_make(call->app, &link, call->arena);
}

static bool is_available(const struct loaded *l)
{
	return l->record.state.state == ENVELOPE_COMPLETED;
}

static void put_report(
    struct call *call, struct json_writer *w, const struct loaded *l, size_t document)
{
	jw_object(w, NULL);
	jw_string(w, "id", l->record.state.documents[document].id);
	jw_string(w, "url", report_link(call, l, document, LINK_DOSSIER));
	if (l->record.documents[document].second.blob != NULL)
		jw_string(w, "evidence_url", report_link(call, l, document, LINK_SECOND));
	jw_end_object(w);
}

static enum err envelope_report_body(struct call *call)
{
	struct json_writer w;
	struct loaded l;
	TRY(call_load(call, &l));
	reply_json(call->reply, 200, &w);
	jw_string(&w, "id", l.record.state.id);
	jw_string(&w, "status", is_available(&l) ? "available" : "unavailable");
	jw_array(&w, "documents_reports");
	for (size_t i = 0; is_available(&l) && i < l.record.state.document_count; i++)
		put_report(call, &w, &l, i);
	jw_end_array(&w);
	jw_end_object(&w);
	loaded_free(&l);
	return OK;
}

void api_envelope_report(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, envelope_report_body);
}

static enum err put_file(struct call *call, struct json_writer *w, const struct loaded *l,
    const char *name, const char *blob)
{
	struct buf bytes;
	buf_init(&bytes, LIMIT_BLOB_BYTES);
	enum err e = stored_blob_read(call->app, l->key, blob, &bytes);
	if (e == OK)
		jw_b64(w, name, buf_span(&bytes));
	buf_free(&bytes);
	return e;
}

static enum err document_report(struct call *call, const struct loaded *l, size_t document)
{
	struct json_writer w;
	const struct document_record *d = &l->record.documents[document];
	reply_json(call->reply, 200, &w);
	jw_string(&w, "id", l->record.state.documents[document].id);
	jw_string(&w, "status", is_available(l) ? "available" : "unavailable");
	if (!is_available(l)) {
		jw_null(&w, "document_report_url");
		jw_null(&w, "document_report");
	} else {
		jw_string(&w, "document_report_url", report_link(call, l, document, LINK_DOSSIER));
		TRY(put_file(call, &w, l, "document_report", d->dossier.blob));
		if (d->second.blob != NULL)
			jw_string(&w, "evidence_url", report_link(call, l, document, LINK_SECOND));
	}
	jw_end_object(&w);
	return OK;
}

static enum err document_report_body(struct call *call)
{
	struct loaded l;
	TRY(call_load(call, &l));
	size_t document = envelope_document_find(&l.record.state, call->req->params[1]);
	enum err e = document == SIZE_MAX ? ERR_NOT_FOUND : document_report(call, &l, document);
	loaded_free(&l);
	return e;
}

void api_document_report(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, document_report_body);
}
