/*
 * GET …/proof: the archive of one envelope as the bundle of docs/proof.md, which is read and judged
 * without us.
 */
#include "api/archive.h"

#include "store/vault.h"

struct list_work {
	struct call *call;
	const struct loaded *envelope;
	struct stored_exchange *rows;
	size_t count;
};

static enum err list_work(struct db *db, void *ctx)
{
	struct list_work *w = ctx;
	const struct envelope *e = &w->envelope->record.state;

	return store_exchange_list(db, e->organisation, e->row, LIMIT_PROOF_EXCHANGES + 1,
	    w->call->arena, &w->rows, &w->count);
}

static enum err request_put(
    struct json_writer *w, const uint8_t key[KEY_SIZE], const struct stored_exchange *x)
{
	struct buf plain CLEANUP(buf_free);

	buf_init(&plain, LIMIT_MB);
	TRY(vault_open(key, exchange_request_place(x->id), x->request, &plain));
	struct span rest = buf_span(&plain);
	jw_span(w, "method", span_cut(&rest, '\n'));
	jw_span(w, "url", span_cut(&rest, '\n'));
	jw_span(w, "scheme", span_cut(&rest, '\n'));
	jw_raw(w, "request", rest);
	return OK;
}

static enum err answer_put(
    struct json_writer *w, const uint8_t key[KEY_SIZE], const struct stored_exchange *x)
{
	struct buf plain CLEANUP(buf_free);

	buf_init(&plain, LIMIT_MB);
	if (x->answer.size == 0) {
		jw_null(w, "response");
		return OK;
	}
	TRY(vault_open(key, exchange_answer_place(x->id), x->answer, &plain));
	jw_raw(w, "response", buf_span(&plain));
	return OK;
}

static enum err exchange_put(
    struct json_writer *w, const uint8_t key[KEY_SIZE], const struct stored_exchange *x)
{
	jw_object(w, NULL);
	jw_string(w, "id", x->id);
	jw_time(w, "at", x->at);
	TRY(request_put(w, key, x));
	TRY(answer_put(w, key, x));
	jw_end_object(w);
	return OK;
}

static enum err bundle_put(struct call *call, const struct loaded *l)
{
	struct list_work list = {.call = call, .envelope = l};
	struct json_writer w;

	TRY(store_read(call->app->store, list_work, &list));
	bool is_complete = list.count <= LIMIT_PROOF_EXCHANGES;
	reply_json(call->reply, 200, &w);
	jw_string(&w, "envelope_id", l->record.state.id);
	jw_bool(&w, "complete", is_complete);
	jw_array(&w, "exchanges");
	for (size_t i = 0; i < list.count && i < LIMIT_PROOF_EXCHANGES; i++)
		TRY(exchange_put(&w, l->key, &list.rows[i]));
	jw_end_array(&w);
	jw_end_object(&w);
	return OK;
}

static enum err body(struct call *call)
{
	struct loaded l;

	TRY(call_load(call, &l));
	enum err e = bundle_put(call, &l);
	loaded_free(&l);
	return e;
}

void api_proof(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, body);
}
