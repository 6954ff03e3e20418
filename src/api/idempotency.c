/*
 * Stored answers are sealed: they may hold personal data. The route is part of what must
 * match, so one key cannot fetch another endpoint's answer.
 */
#include "api/idempotency.h"

#include "base/clock.h"

#include <string.h>

static enum err check_header(struct span key)
{
	ENSURE(key.size >= 1 && key.size <= LIMIT_IDEMPOTENCY_KEY_CHARS, ERR_IDEMPOTENCY_KEY);
	for (size_t i = 0; i < key.size; i++)
		ENSURE(key.data[i] > 0x20 && key.data[i] < 0x7f, ERR_IDEMPOTENCY_KEY);
	return OK;
}

static const char *route_text(const struct call *call)
{
	struct span path = call->req->path;
	return arena_format(call->arena, "%s %.*s", http_method_name(call->req->method),
	    (int)path.size, (const char *)path.data);
}

struct find_work {
	struct call *call;
	struct idempotency_record record;
};

static enum err find_work(struct db *db, void *ctx)
{
	struct find_work *w = ctx;
	return store_idempotency_find(db, &w->call->idempotency, w->call->arena, &w->record);
}

static struct vault_place place(const struct call *call)
{
	char *row = arena_alloc(call->arena, 2 * SHA256_SIZE + 1);
	for (size_t i = 0; row != NULL && i < SHA256_SIZE; i++) {
		row[2 * i] = (char)('a' + (call->idempotency.key_hash[i] >> 4));
		row[2 * i + 1] = (char)('a' + (call->idempotency.key_hash[i] & 15));
	}
	return (struct vault_place){"idempotency", "response", row ? row : ""};
}

/* What is kept of an answer: its headers as lines, an empty line, its body. */
static void answer_pack(const struct http_reply *reply, struct buf *out)
{
	for (size_t i = 0; i < reply->header_count; i++)
		buf_format(out, "%s:%s\n", reply->headers[i].name, reply->headers[i].value);
	buf_put_byte(out, '\n');
	buf_put_span(out, buf_span(&reply->body));
}

/* An answer kept before headers were kept is its body alone. */
static enum err answer_unpack(struct call *call, struct span kept)
{
	while (kept.size > 0 && kept.data[0] != '{') {
		struct span value = span_cut(&kept, '\n');
		if (value.size == 0)
			break;
		const char *name = span_dup(call->arena, span_cut(&value, ':'));
		http_reply_header(call->reply, name, span_dup(call->arena, value));
	}
	buf_put_span(&call->reply->body, kept);
	return buf_done(&call->reply->body);
}

static enum err answer_again(struct call *call, const struct idempotency_record *record)
{
	const char *route = route_text(call);
	ENSURE(route != NULL, ERR_MEMORY);
	ENSURE(ct_equal(record->body_hash, call->body_hash, SHA256_SIZE) &&
		   strcmp(record->route, route) == 0,
	    ERR_IDEMPOTENCY_BODY);
	ENSURE(record->status != 0, ERR_IDEMPOTENCY_RUNNING);
	call->reply->status = (unsigned)record->status;
	call->reply->content_type = "application/json";
	http_reply_header(call->reply, "Idempotent-Replayed", "true");
	struct buf kept;
	buf_init(&kept, LIMIT_BODY_CREATE);
	enum err e = vault_open(call->app->idempotency_key, place(call), record->response, &kept);
	if (e == OK)
		e = answer_unpack(call, buf_span(&kept));
	buf_free(&kept);
	return e;
}

/* What must be the same: the body, and the query, where a raw upload has its fields. */
static enum err request_hash(struct call *call)
{
	uint8_t both[2 * SHA256_SIZE];

	TRY(sha256(call->req->query, both));
	TRY(sha256(call->body, both + SHA256_SIZE));
	return sha256(span_of(both, sizeof(both)), call->body_hash);
}

enum err idempotency_enter(struct call *call, bool *is_answered)
{
	size_t lines = 0;
	struct span key = http_header(call->req, "Idempotency-Key", &lines);
	if (lines == 0 || call->req->method == HTTP_GET || call->req->method == HTTP_HEAD)
		return OK;
	ENSURE(lines == 1, ERR_IDEMPOTENCY_DOUBLE);
	TRY(check_header(key));
	call->is_idempotent = true;
	call->idempotency.organisation = call->principal.organisation;
	call->idempotency.api_key = call->principal.key;
	TRY(sha256(key, call->idempotency.key_hash));
	TRY(request_hash(call));
	struct find_work w = {.call = call};
	enum err e = store_read(call->app->store, find_work, &w);
	if (e == ERR_NOT_FOUND)
		return OK;
	TRY(e);
	if (w.record.created_at < call->req->now - LIMIT_IDEMPOTENCY_MS)
		return OK;
	*is_answered = true;
	return answer_again(call, &w.record);
}

enum err call_keep_answer(struct call *call, struct db *db)
{
	struct buf plain, sealed;
	if (!call->is_idempotent)
		return buf_done(&call->reply->body);
	const char *route = route_text(call);
	ENSURE(route != NULL, ERR_MEMORY);
	buf_init(&plain, LIMIT_BODY_CREATE);
	buf_init(&sealed, LIMIT_BODY_CREATE);
	answer_pack(call->reply, &plain);
	enum err e = buf_done(&plain);
	if (e == OK)
		e = vault_seal(call->app->idempotency_key, place(call), buf_span(&plain), &sealed);
	struct idempotency_record record = {.route = route,
	    .status = (int)call->reply->status,
	    .response = buf_span(&sealed),
	    .created_at = call->req->now};
	memcpy(record.body_hash, call->body_hash, SHA256_SIZE);
	if (e == OK)
		e = store_idempotency_add(db, &call->idempotency, &record);
	buf_free(&plain);
	buf_free(&sealed);
	return e == ERR_CONFLICT ? ERR_IDEMPOTENCY_RUNNING : e;
}
