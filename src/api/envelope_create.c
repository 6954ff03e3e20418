/*
 * POST /sign/envelope: alone, or with documents and "status":"submitted" in one call. All
 * documents are judged before the first blob is written; blobs of a request that fails later
 * are removed.
 */
#include "api/envelopes.h"

#include "api/answer.h"
#include "api/archive.h"
#include "api/companies.h"
#include "api/decode.h"
#include "api/ready.h"
#include "api/uploads.h"

#include <string.h>

struct creation {
	struct call *call;
	struct envelope_new new;
	json_t *owner;
	json_t *documents;
	size_t count;
	struct taken_document *taken;
	struct buf *bytes, *normalised;
	struct photos_taken photos;
	struct wrapped_key wrapped;
	uint8_t key[KEY_SIZE];
	struct envelope_prepared *prepared;
};

static enum err judge_one(struct creation *c, const struct fields *f, size_t i)
{
	struct fields item;
	TRY(field_item(f, "documents", c->documents, i, &item));
	TRY(uploaded_or_sent(c->call, &item, &c->bytes[i]));
	TRY(document_judge(
	    c->call, &item, false, buf_span(&c->bytes[i]), &c->taken[i], &c->normalised[i]));
	for (size_t n = 0; n < i; n++)
		if (strcmp(c->taken[n].document.id, c->taken[i].document.id) == 0)
			return fields_fault(&item, ERR_DUPLICATE_IN_BODY, "id", NULL);
	return OK;
}

static enum err judge_documents(struct creation *c, const struct fields *f)
{
	size_t count = json_array_size(c->documents), room = count ? count : 1;
	c->taken = arena_alloc(c->call->arena, room * sizeof *c->taken);
	c->bytes = arena_alloc(c->call->arena, room * sizeof *c->bytes);
	c->normalised = arena_alloc(c->call->arena, room * sizeof *c->normalised);
	ENSURE(c->taken != NULL && c->bytes != NULL && c->normalised != NULL, ERR_MEMORY);
	for (size_t i = 0; i < count; i++) {
		buf_init(&c->bytes[i], LIMIT_DOCUMENT_BYTES);
		buf_init(&c->normalised[i], LIMIT_BLOB_BYTES);
	}
	c->count = count; /* from here there is something to free */
	for (size_t i = 0; i < c->count; i++)
		TRY(judge_one(c, f, i));
	return OK;
}

static enum err keep_documents(struct creation *c)
{
	struct document_new *documents =
	    arena_alloc(c->call->arena, (c->count ? c->count : 1) * sizeof *documents);
	ENSURE(documents != NULL, ERR_MEMORY);
	for (size_t i = 0; i < c->count; i++) {
		TRY(document_keep(
		    c->call, buf_span(&c->bytes[i]), &c->normalised[i], c->key, &c->taken[i]));
		documents[i] = c->taken[i].document;
	}
	c->new.documents = documents;
	c->new.document_count = c->count;
	return OK;
}

static enum err make_key(struct creation *c)
{
	const struct stored_organisation *o = &c->call->organisation;
	struct wrapped_key wrapping = {.size = o->wrapped_key.size};
	ENSURE(wrapping.size <= sizeof wrapping.data, ERR_INTERNAL);
	memcpy(wrapping.data, o->wrapped_key.data, wrapping.size);
	TRY(keyd_data_key_new(c->call->app->keyd, &wrapping, &c->wrapped, c->key));
	c->new.data_key = c->key;
	c->new.wrapped_key = span_of(c->wrapped.data, c->wrapped.size);
	return OK;
}

static enum err encode(struct creation *c)
{
	struct json_writer w;
	const struct envelope *e = store_envelope_prepared_state(c->prepared);
	buf_reset(&c->call->reply->body);
	reply_json(c->call->reply, 201, &w);
	jw_string(&w, "id", c->new.id);
	jw_string(&w, "status", envelope_state_name(e->state));
	jw_end_object(&w);
	http_reply_header(c->call->reply, "Location",
	    arena_format(c->call->arena, "%s/sign/envelope/%s", c->call->app->base_url, c->new.id));
	return OK;
}

static enum err create_work(struct db *db, void *ctx)
{
	struct creation *c = ctx;
	TRY(store_envelope_create(db, c->prepared, &c->call->fault));
	TRY(archive_keep(c->call, db, store_envelope_prepared_state(c->prepared)->row));
	return call_keep_answer(c->call, db);
}

static enum err decode_company(struct call *call, const struct fields *f, int64_t *row)
{
	struct stored_company company;
	const char *id;
	TRY(field_text(f, "company_id", (struct text_rule){1, LIMIT_ID_CHARS, false}, &id));
	if (id == NULL)
		return OK;
	TRY(company_decides_for(call, id));
	enum err e = company_find(call, span_str(id), &company);
	if (e == ERR_NOT_FOUND)
		return fields_fault(
		    f, ERR_FIELD_VALUE, "company_id", "There is no such company for this key.");
	TRY(e);
	*row = company.row;
	return OK;
}

static enum err create(struct creation *c)
{
	struct call *call = c->call;
	struct fields f;
	TRY(fields_read(call->body, call->arena, &call->fault, &c->owner, &f));
	TRY(decode_company(call, &f, &c->new.company));
	TRY(decode_envelope(call, &f, &c->new, &c->documents));
	if (c->new.submit)
		TRY(ready_for_signers(call, &c->new));
	TRY(judge_documents(c, &f));
	TRY(photos_take(call, &f, &c->photos));
	TRY(make_key(c));
	c->new.actor = (struct actor){.address = span_str(call->req->client)};
	TRY(keep_documents(c));
	TRY(photos_keep(call, c->key, &c->photos, &c->new.photos));
	c->new.photo_count = c->photos.count;
	TRY(store_envelope_prepare(
	    &c->new, call->req->now, call->arena, &c->prepared, &call->fault));
	TRY(encode(c));
	TRY(answer_prepare(call->app, call->req, call->reply));
	TRY(archive_prepare(call, c->key));
	TRY(call_write(call, create_work, c));
	if (c->new.submit)
		call->app->wake_jobs(call->app->wake_ctx);
	return OK;
}

static void creation_free(struct creation *c, bool is_kept)
{
	for (size_t i = 0; i < c->count; i++) {
		if (!is_kept)
			document_drop(c->call, &c->taken[i]);
		buf_free(&c->bytes[i]);
		buf_free(&c->normalised[i]);
	}
	photos_free(c->call, &c->photos, is_kept);
	json_decref(c->owner);
	secret_wipe(c->key, sizeof c->key);
}

static enum err body(struct call *call)
{
	struct creation c = {.call = call};
	enum err e = create(&c);
	creation_free(&c, e == OK);
	return e;
}

void api_envelope_create(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, body);
}
