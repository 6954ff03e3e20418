/*
 * Reading and moving an envelope.
 */
#include "api/envelopes.h"

#include "api/companies.h"
#include "api/fields.h"
#include "api/ready.h"
#include "api/view.h"
#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static enum err get_body(struct call *call)
{
	struct loaded l;
	TRY(call_load(call, &l));
	view_etag(call, &l.record.state);
	enum err e = view_envelope(call, &l);
	loaded_free(&l);
	return e;
}

void api_envelope_get(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, get_body);
}

static enum err encode_status(
    struct call *call, const struct envelope_outcome *outcome, const void *context)
{
	struct json_writer w;
	reply_json(call->reply, 200, &w);
	jw_string(&w, "status", envelope_state_name(outcome->record.state.state));
	jw_end_object(&w);
	return OK;
}

static enum err decode_patch(struct call *call, enum command_kind *kind)
{
	json_t *owner CLEANUP(json_freep) = NULL;
	struct fields f;
	const char *status;
	TRY(fields_read(call->body, call->arena, &call->fault, &owner, &f));
	TRY(field_text(&f, "status", (struct text_rule){1, 40, true}, &status));
	bool is_submit = strcmp(status, "submitted") == 0;
	if (!is_submit && strcmp(status, "canceled") != 0)
		return fields_fault(&f, ERR_STATUS_VALUE, "status", NULL);
	*kind = is_submit ? COMMAND_SUBMIT : COMMAND_CANCEL;
	return OK;
}

static enum err patch_body(struct call *call)
{
	struct loaded l;
	enum command_kind kind = COMMAND_CANCEL;
	TRY(decode_patch(call, &kind));
	TRY(call_load(call, &l));
	struct command_run run = {.call = call,
	    .write = {.organisation = call->principal.organisation,
		.row = l.record.state.row,
		.data_key = l.key,
		.command = {.kind = kind, .actor = {.address = span_str(call->req->client)}}},
	    .encode = encode_status};
	enum err e = OK;
	if (kind == COMMAND_SUBMIT && l.record.state.state == ENVELOPE_CREATED)
		e = ready_for_record(call, &l.record.state);
	if (e == OK)
		e = call_command(&run);
	loaded_free(&l);
	return e;
}

void api_envelope_patch(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, patch_body);
}

/* ---- the list ---- */

struct list_work {
	struct call *call;
	struct envelope_filter filter;
	struct envelope_row *rows;
	size_t count;
	const char *next;
};

static enum err query_number(struct call *call, const char *name, unsigned max, unsigned *out)
{
	struct span text;
	if (!http_query(call->req, name, &text))
		return OK;
	unsigned v = 0;
	for (size_t i = 0; i < text.size && v <= max; i++) {
		unsigned digit = (unsigned)text.data[i] - '0';
		v = digit <= 9 ? v * 10 + digit : max + 1;
	}
	if (text.size == 0 || v < 1 || v > max)
		return fault_set(
		    &call->fault, ERR_CURSOR, name, "It must be a number from 1 to %u.", max);
	*out = v;
	return OK;
}

static enum err query_state(struct call *call, int *out)
{
	struct span text;
	enum envelope_state state;
	if (!http_query(call->req, "status", &text) || text.size == 0)
		return OK;
	if (envelope_state_parse(text, &state) != OK)
		return fault_set(&call->fault, ERR_FIELD_VALUE, "status",
		    "It must be created, submitted, completed, canceled or expired.");
	*out = (int)state;
	return OK;
}

static enum err query_company(struct call *call, int64_t *row)
{
	struct stored_company company;
	struct span id;
	if (!http_query(call->req, "company_id", &id) || id.size == 0)
		return OK;
	enum err e = company_find(call, id, &company);
	if (e == ERR_NOT_FOUND)
		return fault_set(&call->fault, ERR_FIELD_VALUE, "company_id",
		    "There is no such company for this key.");
	TRY(e);
	*row = company.row;
	return OK;
}

static enum err decode_filter(struct call *call, struct envelope_filter *f)
{
	struct span text;
	*f = (struct envelope_filter){.organisation = call->principal.organisation,
	    .environment = (int)call->principal.environment,
	    .state = -1,
	    .page = 1,
	    .limit = LIMIT_LIST_DEFAULT};
	TRY(query_state(call, &f->state));
	TRY(query_company(call, &f->company));
	TRY(query_number(call, "page", LIMIT_PAGE_NUMBER, &f->page));
	TRY(query_number(call, "limit", LIMIT_LIST_MAX, &f->limit));
	if (http_query(call->req, "created_after", &text) &&
	    clock_parse(text, &f->created_after) != OK)
		return fault_set(&call->fault, ERR_DATE, "created_after",
		    "A time as 2026-01-31T12:00:00Z also fits.");
	if (http_query(call->req, "cursor", &text))
		f->cursor = span_dup(call->arena, text);
	return OK;
}

static enum err list_work(struct db *db, void *ctx)
{
	struct list_work *w = ctx;
	return store_envelope_list(db, &w->filter, w->call->arena, &w->rows, &w->count, &w->next);
}

static enum err list_body(struct call *call)
{
	struct list_work w = {.call = call};
	TRY(decode_filter(call, &w.filter));
	enum err e = store_read(call->app->store, list_work, &w);
	if (e == ERR_CURSOR)
		return fault_set(&call->fault, e, "cursor", "Use next_cursor of the page before.");
	TRY(e);
	return view_list(call, w.rows, w.count, w.next);
}

void api_envelope_list(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, list_body);
}
