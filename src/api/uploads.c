/*
 * See the header. The bytes are whatever the sender likes, so a link gives them as an attachment
 * of a type that no browser runs.
 */
#include "api/uploads.h"

#include "api/companies.h"
#include "api/decode.h"
#include "base/clock.h"
#include "base/text.h"
#include "sign/sign.h"
#include "store/blob.h"

#include <string.h>

struct adding {
	struct call *call;
	struct stored_upload row;
};

static enum err add_work(struct db *db, void *ctx)
{
	struct adding *a = ctx;
	struct company_scope scope = company_scope_of(a->call);

	TRY(store_upload_add(db, &scope, &a->row));
	return call_keep_answer(a->call, db);
}

static enum upload_media media_of(struct span bytes)
{
	if (span_starts(bytes, "%PDF-"))
		return UPLOAD_PDF;
	return span_starts(bytes, "\xff\xd8\xff") ? UPLOAD_JPEG : UPLOAD_OTHER;
}

static enum err encode_added(struct call *call, const char *id, struct span bytes)
{
	struct json_writer w;
	char md5[MD5_TEXT_SIZE];

	TRY(md5_text(bytes, md5));
	reply_json(call->reply, 201, &w);
	jw_string(&w, "document_key", id);
	jw_string(&w, "document_md5", md5);
	jw_end_object(&w);
	return OK;
}

static enum err keep(struct call *call, struct span bytes)
{
	char id[UUID_TEXT_SIZE], blob[BLOB_ID_SIZE];
	uint8_t key[KEY_SIZE];
	struct adding a = {call, {.id = id,
				     .blob = blob,
				     .size = (int64_t)bytes.size,
				     .media = media_of(bytes),
				     .created_at = call->req->now,
				     .expires_at = call->req->now + LIMIT_UPLOAD_KEEP_MS}};

	TRY(random_uuid(id));
	TRY(encode_added(call, id, bytes));
	TRY(organisation_key(call, key));
	enum err e = blob_write(call->app->data, key, bytes, blob);
	secret_wipe(key, sizeof key);
	TRY(e);
	e = call_write(call, add_work, &a);
	if (e != OK && blob_remove(call->app->data, blob) != OK)
		return e; /* the sweep finds it */
	return e;
}

static enum err add_body(struct call *call)
{
	struct upload u;
	enum err e = upload_read(call, &u);

	if (e == OK && u.is_json)
		e = fault_set(&call->fault, ERR_MULTIPART, "file",
		    "Send multipart/form-data with a part named file.");
	if (e == OK)
		e = keep(call, u.bytes);
	upload_free(&u);
	return e;
}

void api_upload(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, add_body);
}

/* ---- finding ---- */

struct find_work {
	struct call *call;
	const char *id;
	struct stored_upload row;
};

static enum err find_work(struct db *db, void *ctx)
{
	struct find_work *w = ctx;
	struct company_scope scope = company_scope_of(w->call);

	return store_upload_find(db, &scope, w->id, w->call->req->now, w->call->arena, &w->row);
}

static enum err upload_find(struct call *call, struct span id, struct find_work *out)
{
	*out = (struct find_work){.call = call, .id = span_dup(call->arena, id)};
	ENSURE(out->id != NULL, ERR_MEMORY);
	ENSURE(text_is_id(id), ERR_NOT_FOUND);
	return store_read(call->app->store, find_work, out);
}

static enum link_kind kind_of(enum upload_media m)
{
	return m == UPLOAD_PDF    ? LINK_UPLOAD_PDF
	       : m == UPLOAD_JPEG ? LINK_UPLOAD_JPEG
				  : LINK_UPLOAD_OTHER;
}

static enum err url_body(struct call *call)
{
	struct find_work found;
	struct json_writer w;

	TRY(upload_find(call, call->req->params[0], &found));
	struct link link = {kind_of(found.row.media), call->principal.organisation, found.row.row,
	    0, call->req->now + LIMIT_UPLOAD_LINK_MS};
	if (link.expires_at > found.row.expires_at)
		link.expires_at = found.row.expires_at;
	const char *url = link_make(call->app, &link, call->arena);
	const char *own =
	    arena_format(call->arena, "%s/document/%s/url", call->app->base_url, found.id);
	ENSURE(url != NULL && own != NULL, ERR_MEMORY);
	reply_json(call->reply, 200, &w);
	jw_string(&w, "document_key", found.id);
	jw_string(&w, "document_url", own);
	jw_string(&w, "signed_document_url", url);
	jw_time(&w, "expiration_datetime", link.expires_at);
	jw_end_object(&w);
	return OK;
}

void api_upload_url(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, url_body);
}

/* ---- using ---- */

static enum err read_uploaded(struct call *call, const char *id, struct buf *out)
{
	struct find_work found;
	uint8_t key[KEY_SIZE];

	TRY(upload_find(call, span_str(id), &found));
	TRY(organisation_key(call, key));
	enum err e = stored_blob_read(call->app, key, found.row.blob, out);
	secret_wipe(key, sizeof key);
	return e;
}

enum err uploaded_or_sent(struct call *call, const struct fields *f, struct buf *out)
{
	const char *id;

	TRY(field_text(f, "document_key", (struct text_rule){1, LIMIT_ID_CHARS, false}, &id));
	if (id == NULL)
		return field_file(f, "document_b64", out);
	if (!json_is_null(json_object_get(f->object, "document_b64")) &&
	    json_object_get(f->object, "document_b64") != NULL)
		return fields_fault(
		    f, ERR_FIELD_VALUE, "document_key", "Send it or document_b64, not both.");
	enum err e = read_uploaded(call, id, out);
	if (e == ERR_NOT_FOUND)
		return fields_fault(f, ERR_FIELD_VALUE, "document_key",
		    "No document was uploaded under it in the last 24 hours.");
	return e;
}

/* ---- the link ---- */

struct answer_work {
	const struct link *link;
	struct arena *arena;
	struct stored_organisation organisation;
	struct stored_upload row;
};

static enum err answer_work(struct db *db, void *ctx)
{
	struct answer_work *w = ctx;

	TRY(store_organisation_get(db, w->link->organisation, w->arena, &w->organisation));
	return store_upload_by_row(db, w->link->organisation, w->link->envelope, w->arena, &w->row);
}

static const char *type_of(enum upload_media m)
{
	return m == UPLOAD_PDF    ? "application/pdf"
	       : m == UPLOAD_JPEG ? "image/jpeg"
				  : "application/octet-stream";
}

enum err upload_answer(struct app *app, const struct http_request *req, const struct link *link,
    struct http_reply *reply)
{
	struct answer_work w = {.link = link, .arena = req->arena};
	uint8_t key[KEY_SIZE];

	TRY(store_read(app->store, answer_work, &w));
	TRY(app_data_key(app, &w.organisation, 0, w.organisation.data_key, key));
	http_reply_header(reply, "Cache-Control", "private, no-store");
	http_reply_header(reply, "Content-Disposition", "attachment");
	enum err e = reply_blob(app, key, w.row.blob, type_of(w.row.media), reply);
	secret_wipe(key, sizeof key);
	return e;
}
