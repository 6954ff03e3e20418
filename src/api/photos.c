/*
 * manual: Adding Identification Documents to the Signer, Downloading Signer Document Photos,
 * Downloading Signer Face Photos. The text there says base64 and the sample an address: both
 * are answered.
 */
#include "api/photos.h"

#include "api/decode.h"
#include "api/links.h"
#include "store/blob.h"

#include <string.h>

static enum err encode_added(
    struct call *call, const struct envelope_outcome *outcome, const void *context)
{
	struct json_writer w;
	reply_json(call->reply, 201, &w);
	jw_time(&w, "created_at", call->req->now);
	jw_end_object(&w);
	return OK;
}

static enum err add_judged(
    struct call *call, struct loaded *l, struct upload *u, size_t signer, const char *template)
{
	char blob[BLOB_ID_SIZE];
	struct photo_new photo = {.signer = signer, .template = template};
	struct command_run run = {.call = call,
	    .write = {.organisation = call->principal.organisation,
		.row = l->record.state.row,
		.data_key = l->key,
		.command = {.kind = COMMAND_ADD_PHOTO,
		    .signer = signer,
		    .actor = {.address = span_str(call->req->client)}},
		.photo = &photo},
	    .encode = encode_added};
	TRY(blob_write(call->app->data, l->key, u->bytes, blob));
	enum err e = stored_file_of(u->bytes, blob, &photo.file);
	if (e == OK)
		e = call_command(&run);
	if (e != OK && blob_remove(call->app->data, blob) != OK)
		return e; /* the sweep finds it */
	return e;
}

static enum err add_upload(struct call *call, struct loaded *l, struct upload *u)
{
	const char *template;
	size_t signer = envelope_signer_find(&l->record.state, call->req->params[1]);
	ENSURE(signer != SIZE_MAX, ERR_NOT_FOUND);
	TRY(upload_read(call, u));
	TRY(photo_fields(&u->fields, &template));
	ENSURE(envelope_state_at(&l->record.state, call->req->now) == ENVELOPE_CREATED,
	    ERR_STATE_CREATED_NEEDED);
	TRY(photo_judge(call, &u->fields, u->is_json ? "document_b64" : "file", u->bytes));
	return add_judged(call, l, u, signer, template);
}

static enum err add_body(struct call *call)
{
	struct loaded l;
	struct upload u = {.owner = NULL};
	TRY(call_load(call, &l));
	enum err e = add_upload(call, &l, &u);
	upload_free(&u);
	loaded_free(&l);
	return e;
}

void api_photo_add(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, add_body);
}

/* ---- giving them back ---- */

struct photos {
	struct call *call;
	struct loaded l;
	size_t signer;
	struct photo_record *items;
	size_t count;
};

static enum err photos_work(struct db *db, void *ctx)
{
	struct photos *p = ctx;
	return store_photos_load(db, &p->l.record, p->call->arena, &p->items, &p->count);
}

/* Index of the newest photo of this signer and template; SIZE_MAX: none. */
static size_t newest(const struct photos *p, const char *template)
{
	size_t found = SIZE_MAX;
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].signer == p->signer && strcmp(p->items[i].template, template) == 0)
			found = i;
	return found;
}

static enum err put_photo(
    struct photos *p, struct json_writer *w, size_t i, const char *url_name, const char *name)
{
	struct buf bytes;
	if (i == SIZE_MAX) {
		jw_null(w, url_name);
		jw_null(w, name);
		return OK;
	}
	const struct envelope *e = &p->l.record.state;
	struct link link = {LINK_PHOTO, e->organisation, e->row, (uint32_t)i,
	    p->call->req->now + LIMIT_FILE_LINK_MS};
	jw_string(w, url_name, link_make(p->call->app, &link, p->call->arena));
	buf_init(&bytes, LIMIT_BLOB_BYTES);
	enum err err = stored_blob_read(p->call->app, p->l.key, p->items[i].file.blob, &bytes);
	if (err == OK)
		jw_b64(w, name, buf_span(&bytes));
	buf_free(&bytes);
	return err;
}

static enum err load_photos(struct photos *p)
{
	p->signer = envelope_signer_find(&p->l.record.state, p->call->req->params[1]);
	ENSURE(p->signer != SIZE_MAX, ERR_NOT_FOUND);
	return store_read(p->call->app->store, photos_work, p);
}

static bool has_any(size_t a, size_t b)
{
	return a != SIZE_MAX || b != SIZE_MAX;
}

/* Both documents there: the pair with the newest photo (contract). */
static enum err encode_document(struct photos *p)
{
	struct json_writer w;
	size_t cnh[] = {newest(p, "cnh_front"), newest(p, "cnh_back")};
	size_t rg[] = {newest(p, "rg_front"), newest(p, "rg_back")};
	ENSURE(has_any(cnh[0], cnh[1]) || has_any(rg[0], rg[1]), ERR_NOT_FOUND);
	int64_t cnh_at = 0, rg_at = 0;
	for (size_t i = 0; i < 2; i++) {
		if (cnh[i] != SIZE_MAX && p->items[cnh[i]].created_at > cnh_at)
			cnh_at = p->items[cnh[i]].created_at;
		if (rg[i] != SIZE_MAX && p->items[rg[i]].created_at > rg_at)
			rg_at = p->items[rg[i]].created_at;
	}
	bool is_cnh_whole = cnh[0] != SIZE_MAX && cnh[1] != SIZE_MAX,
	     is_rg_whole = rg[0] != SIZE_MAX && rg[1] != SIZE_MAX;
	bool is_cnh = is_cnh_whole != is_rg_whole ? is_cnh_whole : cnh_at >= rg_at;
	const size_t *pair = is_cnh ? cnh : rg;
	reply_json(p->call->reply, 200, &w);
	TRY(put_photo(p, &w, pair[0], "document_front_url", "document_front"));
	TRY(put_photo(p, &w, pair[1], "document_back_url", "document_back"));
	jw_end_object(&w);
	return OK;
}

static enum err encode_face(struct photos *p)
{
	struct json_writer w;
	size_t face = newest(p, "face");
	ENSURE(face != SIZE_MAX, ERR_NOT_FOUND);
	reply_json(p->call->reply, 200, &w);
	TRY(put_photo(p, &w, face, "face_image_url", "face_image"));
	jw_end_object(&w);
	return OK;
}

static enum err get_photos(struct call *call, enum err (*encode)(struct photos *))
{
	struct photos p = {.call = call};
	TRY(call_load(call, &p.l));
	enum err e = load_photos(&p);
	if (e == OK)
		e = encode(&p);
	loaded_free(&p.l);
	return e;
}

static enum err get_document_body(struct call *call)
{
	return get_photos(call, encode_document);
}

static enum err get_face_body(struct call *call)
{
	return get_photos(call, encode_face);
}

void api_photo_get(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, get_document_body);
}

void api_face_get(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, get_face_body);
}
