/*
 * See the header. Layout of a token before base64url: link_form, then 16 bytes of
 * HMAC-SHA-256 over it.
 */
#include "api/links.h"

#include "api/call.h"
#include "api/uploads.h"
#include "base/codec.h"
#include "store/blob.h"
#include "store/organisations.h"

#include <string.h>

#define LINK_FORM_SIZE (1 + 8 + 8 + 4 + 8)
#define LINK_MAC_SIZE 16

static void put_number(uint8_t **at, uint64_t v, size_t size)
{
	for (size_t i = 0; i < size; i++)
		*(*at)++ = (uint8_t)(v >> 8 * (size - 1 - i));
}

static uint64_t take_number(const uint8_t **at, size_t size)
{
	uint64_t v = 0;
	for (size_t i = 0; i < size; i++)
		v = v << 8 | *(*at)++;
	return v;
}

static enum err link_mac(const struct app *app, const uint8_t *form, uint8_t mac[SHA256_SIZE])
{
	return hmac_sha256(span_of(app->file_key, KEY_SIZE), span_of(form, LINK_FORM_SIZE), mac);
}

static const char *link_end(enum link_kind kind)
{
	switch (kind) {
	case LINK_PHOTO:
	case LINK_UPLOAD_JPEG: return "jpeg";
	case LINK_UPLOAD_OTHER: return "bin";
	default: return "pdf";
	}
}

const char *link_make(const struct app *app, const struct link *link, struct arena *arena)
{
	uint8_t form[LINK_FORM_SIZE + SHA256_SIZE], *at = form;
	struct buf token;
	put_number(&at, (uint64_t)link->kind, 1);
	put_number(&at, (uint64_t)link->organisation, 8);
	put_number(&at, (uint64_t)link->envelope, 8);
	put_number(&at, link->item, 4);
	put_number(&at, (uint64_t)link->expires_at, 8);
	if (link_mac(app, form, form + LINK_FORM_SIZE) != OK)
		return NULL;
	buf_init(&token, 256);
	b64url_encode(&token, span_of(form, LINK_FORM_SIZE + LINK_MAC_SIZE));
	const char *url =
	    arena_format(arena, "%s/f/%s.%s", app->base_url, buf_str(&token), link_end(link->kind));
	buf_free(&token);
	return url;
}

enum err link_open(const struct app *app, struct span token, int64_t now, struct link *out)
{
	uint8_t mac[SHA256_SIZE];
	struct buf form;
	struct span head = span_cut(&token, '.');
	buf_init(&form, LINK_FORM_SIZE + LINK_MAC_SIZE);
	enum err e = b64url_decode(&form, head);
	if (e == OK && form.size == LINK_FORM_SIZE + LINK_MAC_SIZE)
		e = link_mac(app, form.data, mac);
	else
		e = ERR_NOT_FOUND;
	if (e == OK && !ct_equal(mac, form.data + LINK_FORM_SIZE, LINK_MAC_SIZE))
		e = ERR_NOT_FOUND;
	if (e == OK) {
		const uint8_t *at = form.data;
		out->kind = (enum link_kind)take_number(&at, 1);
		out->organisation = (int64_t)take_number(&at, 8);
		out->envelope = (int64_t)take_number(&at, 8);
		out->item = (uint32_t)take_number(&at, 4);
		out->expires_at = (int64_t)take_number(&at, 8);
		e = out->expires_at > now ? OK : ERR_NOT_FOUND;
	}
	buf_free(&form);
	return e;
}

static enum err source_read(void *ctx, uint64_t offset, size_t size, struct buf *out)
{
	return blob_read_at(ctx, offset, size, out);
}

static void source_close(void *ctx)
{
	blob_close(ctx);
}

static enum err blob_present(enum err e)
{
	return e == ERR_NOT_FOUND ? ERR_IO : e;
}

enum err stored_blob_read(
    const struct app *app, const uint8_t *data_key, const char *blob, struct buf *out)
{
	return blob_present(blob_read(app->data, data_key, blob, out));
}

enum err reply_blob(struct app *app, const uint8_t *data_key, const char *blob,
    const char *content_type, struct http_reply *reply)
{
	struct blob *b = NULL;
	ENSURE(blob != NULL, ERR_NOT_FOUND);
	TRY(blob_present(blob_open(app->data, data_key, blob, &b)));
	reply->content_type = content_type;
	reply->source = (struct http_source){source_read, source_close, b, blob_size(b)};
	return OK;
}

struct file_work {
	struct link link;
	struct arena *arena;
	struct stored_organisation organisation;
	struct envelope_record record;
	struct photo_record *photos;
	size_t photo_count;
};

static enum err file_work(struct db *db, void *ctx)
{
	struct file_work *w = ctx;
	TRY(store_organisation_get(db, w->link.organisation, w->arena, &w->organisation));
	TRY(store_envelope_by_row(
	    db, w->link.organisation, w->link.envelope, w->arena, &w->record));
	return store_photos_load(db, &w->record, w->arena, &w->photos, &w->photo_count);
}

static const char *file_blob(const struct file_work *w)
{
	if (w->link.kind == LINK_PHOTO)
		return w->link.item < w->photo_count ? w->photos[w->link.item].file.blob : NULL;
	if (w->link.item >= w->record.state.document_count)
		return NULL;
	const struct document_record *d = &w->record.documents[w->link.item];
	return w->link.kind == LINK_SECOND ? d->second.blob : d->dossier.blob;
}

static enum err file_answer(
    struct app *app, const struct http_request *req, struct http_reply *reply)
{
	uint8_t key[KEY_SIZE];
	struct file_work w = {.arena = req->arena};
	enum err e = link_open(app, req->params[0], req->now, &w.link);
	if (e == ERR_NOT_FOUND)
		return app_guess(app, req, RATE_LINK, e, reply);
	TRY(e);
	if (w.link.kind >= LINK_UPLOAD_OTHER)
		return upload_answer(app, req, &w.link, reply);
	TRY(store_read(app->store, file_work, &w));
	TRY(app_data_key(app, &w.organisation, w.link.envelope, w.record.wrapped_key, key));
	http_reply_header(reply, "Cache-Control", "private, max-age=3600");
	e = reply_blob(app, key, file_blob(&w),
	    w.link.kind == LINK_PHOTO ? "image/jpeg" : "application/pdf", reply);
	secret_wipe(key, sizeof key);
	return e;
}

void api_file(void *app, const struct http_request *req, struct http_reply *reply)
{
	enum err e = file_answer(app, req, reply);
	if (e != OK)
		reply_error(app, req, reply, e, NULL);
}
