/*
 * The routes a partner tries its signature on: the answer proves both directions.
 */
#include "api/handshake.h"

#include "api/call.h"
#include "api/fields.h"

#include <string.h>
#include <strings.h>

#define SUCCESS "Congrats!"

/* Another partner's key is not ours to greet. */
static enum err key_check(const struct call *call)
{
	const char *own = session_of(call->req)->auth.key->client_key;
	struct span asked = call->req->params[0];

	if (asked.size == 0 || own == NULL)
		return OK;
	ENSURE(asked.size == strlen(own) &&
		   strncasecmp((const char *)asked.data, own, asked.size) == 0,
	    ERR_NOT_FOUND);
	return OK;
}

static enum err get_body(struct call *call)
{
	struct json_writer w;

	TRY(key_check(call));
	reply_json(call->reply, 200, &w);
	jw_string(&w, "success", SUCCESS);
	jw_end_object(&w);
	return OK;
}

static enum err echo(struct call *call, json_t *object)
{
	char *text;

	ENSURE(json_object_set_new(object, "success", json_string(SUCCESS)) == 0, ERR_MEMORY);
	text = json_dumps(object, JSON_COMPACT);
	ENSURE(text != NULL, ERR_MEMORY);
	call->reply->status = 201;
	call->reply->content_type = "application/json";
	buf_put_str(&call->reply->body, text);
	mem_foreign_free(text);
	return OK;
}

static enum err keep_work(struct db *db, void *ctx)
{
	return call_keep_answer(ctx, db);
}

static enum err post_body(struct call *call)
{
	json_t *owner CLEANUP(json_freep) = NULL;
	struct fields f;

	TRY(key_check(call));
	if (call->body.size == 0)
		owner = json_object();
	else
		TRY(fields_read(call->body, call->arena, &call->fault, &owner, &f));
	ENSURE(owner != NULL, ERR_MEMORY);
	TRY(echo(call, owner));
	return call->is_idempotent ? call_write(call, keep_work, call) : OK;
}

void api_test_get(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, get_body);
}

void api_test_post(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, post_body);
}
