/*
 * One request on its way to a reply. All of it runs on a worker, handler, fault, range and
 * serialisation alike; only a refusal for want of workers is written on the loop.
 */
#include "http/internal.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <string.h>
#include <time.h>

int64_t monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void reply_start(struct http_reply *r)
{
	memset(r, 0, sizeof(*r));
	r->status = 200;
	buf_init(&r->body, LIMIT_BODY_CREATE);
}

static void reply_drop_body(struct http_reply *r)
{
	if (r->source.close != NULL)
		r->source.close(r->source.ctx);
	memset(&r->source, 0, sizeof(r->source));
	buf_free(&r->body);
	buf_init(&r->body, LIMIT_BODY_CREATE);
}

static void reply_end(struct http_reply *r)
{
	if (r->upgrade.end != NULL)
		r->upgrade.end(r->upgrade.ctx);
	reply_drop_body(r);
	memset(r, 0, sizeof(*r));
}

struct exchange *exchange_new(struct http_server *s, struct conn *c)
{
	struct exchange *x = mem_alloc(sizeof(*x));

	if (x == NULL)
		return NULL;
	x->req.arena = arena_new(LIMIT_ARENA_REQUEST);
	x->server = s;
	x->conn = c;
	x->job = JOB_HANDLE;
	x->began_us = monotonic_us();
	x->req.now = clock_now();
	reply_start(&x->reply);
	buf_init(&x->body, 0);
	buf_init(&x->out, 4 * HTTP_RECORD_BYTES);
	buf_init(&x->piece, HTTP_PIECE_BYTES);
	if (x->req.arena == NULL) {
		exchange_free(x);
		return NULL;
	}
	return x;
}

void exchange_free(struct exchange *x)
{
	if (x == NULL)
		return;
	x->server->buffered -= x->body_counted;
	if (x->req.context != NULL && x->server->config.release != NULL)
		x->server->config.release(x->server->config.app, &x->req);
	reply_end(&x->reply);
	buf_free(&x->body);
	buf_free(&x->out);
	buf_free(&x->piece);
	arena_free(x->req.arena);
	mem_free(x, sizeof(*x));
}

static void exchange_allow(struct exchange *x)
{
	struct buf text;

	buf_init(&text, 256);
	route_allow(x->allow, &text);
	const char *copy = span_dup(x->req.arena, buf_span(&text));
	if (copy != NULL)
		http_reply_header(&x->reply, "Allow", copy);
	buf_free(&text);
}

static void exchange_fault(struct exchange *x, enum err e)
{
	const struct http_config *config = &x->server->config;

	reply_end(&x->reply);
	reply_start(&x->reply);
	x->reply.status = err_row(e)->status;
	config->fault(config->app, &x->req, e, &x->reply);
	if (buf_done(&x->reply.body) != OK) {
		reply_drop_body(&x->reply);
		x->reply.content_type = NULL;
	}
	if (e == ERR_METHOD)
		exchange_allow(x);
	if (x->reply.status == 503 && reply_find(&x->reply, "Retry-After").size == 0)
		http_reply_header(&x->reply, "Retry-After", "1");
}

static void exchange_handle(struct exchange *x)
{
	const struct http_config *config = &x->server->config;

	if (x->fault == OK && clock_monotonic() - x->queued_ms > config->queue_ms)
		x->fault = ERR_BUSY;
	if (x->fault != OK) {
		exchange_fault(x, x->fault);
		return;
	}
	enum err refused = config->admit != NULL ? config->admit(config->app, &x->req) : OK;
	if (refused != OK) {
		exchange_fault(x, refused);
		return;
	}
	x->req.route->handle(config->app, &x->req, &x->reply);
	enum err e = buf_done(&x->reply.body);
	if (e != OK) {
		log_error("a reply could not be built", "route=%s err=%s", x->req.route->name,
		    err_symbol(e));
		exchange_fault(x, e);
	}
}

static void exchange_piece(struct exchange *x)
{
	uint64_t left = x->to - x->next;
	size_t n = left < HTTP_PIECE_BYTES ? (size_t)left : HTTP_PIECE_BYTES;

	buf_reset(&x->piece);
	enum err e = x->reply.source.read(x->reply.source.ctx, x->next, n, &x->piece);
	if (e == OK)
		e = buf_done(&x->piece);
	if (e == OK && x->piece.size != n)
		e = ERR_IO;
	if (e != OK) {
		log_error("a reply's source failed", "err=%s", err_symbol(e));
		x->fault = e;
		x->broken = true;
		return;
	}
	x->next += n;
	x->slice = buf_span(&x->piece);
	x->slice_at = 0;
}

static void exchange_whole_body(struct exchange *x)
{
	const struct http_reply *r = &x->reply;

	x->from = x->next = 0;
	x->to = r->source.read != NULL ? r->source.size : r->body.size;
}

/* Which bytes of the reply's body go out: none for HEAD and 304, or the range asked for. */
static void exchange_select(struct exchange *x)
{
	exchange_whole_body(x);
	if (x->reply.status == 200 && reply_not_modified(&x->req, &x->reply)) {
		reply_drop_body(&x->reply);
		x->reply.status = 304;
		x->to = 0;
		return;
	}
	if (reply_range(&x->req, &x->reply, &x->from, &x->to) != OK) {
		const char *size =
		    arena_format(x->req.arena, "bytes */%llu", (unsigned long long)x->to);
		exchange_fault(x, ERR_RANGE);
		if (size != NULL)
			http_reply_header(&x->reply, "Content-Range", size);
		exchange_whole_body(x);
	}
	x->next = x->from;
}

/* The first piece is read before the head is written, so that a failure can still be told. */
static void exchange_first_piece(struct exchange *x)
{
	if (x->reply.source.read == NULL || x->req.method == HTTP_HEAD || x->next == x->to)
		return;
	exchange_piece(x);
	if (!x->broken)
		return;
	x->broken = false;
	x->slice = SPAN_EMPTY;
	exchange_fault(x, x->fault);
	exchange_whole_body(x);
}

static void exchange_cut_body(struct exchange *x)
{
	struct http_reply *r = &x->reply;

	if (r->source.read != NULL || x->to - x->from == r->body.size)
		return;
	size_t n = (size_t)(x->to - x->from);
	memmove(r->body.data, r->body.data + x->from, n);
	r->body.size = n;
	x->from = 0;
	x->to = n;
}

static void exchange_finish(struct exchange *x)
{
	const struct http_config *config = &x->server->config;

	exchange_cut_body(x);
	if (config->finish != NULL)
		config->finish(config->app, &x->req, &x->reply, monotonic_us() - x->began_us);
	if (x->reply.source.read == NULL) {
		x->to = x->reply.body.size;
		x->from = 0;
		x->slice = buf_span(&x->reply.body);
	}
	x->sending = x->to - x->from;
	if (x->req.method == HTTP_HEAD) {
		x->slice = SPAN_EMPTY;
		x->next = x->to;
	}
	x->slice_at = 0;
	x->close = x->close || atomic_load(&x->server->draining);
	reply_head(x);
	/* Half a head must not go out. */
	x->broken = buf_done(&x->out) != OK;
}

static void exchange_answer(struct exchange *x)
{
	exchange_select(x);
	exchange_first_piece(x);
	exchange_finish(x);
}

static void exchange_screen(struct exchange *x)
{
	const struct http_config *config = &x->server->config;

	x->is_refused = !config->screen(config->app, &x->req, &x->reply);
	if (!x->is_refused)
		return;
	x->close = true; /* its body will not be read */
	exchange_answer(x);
}

void exchange_run(struct exchange *x)
{
	switch (x->job) {
	case JOB_SCREEN: exchange_screen(x); break;
	case JOB_PIECE: exchange_piece(x); break;
	case JOB_TURN: socket_run(x); break;
	case JOB_HANDLE:
		exchange_handle(x);
		exchange_answer(x);
		break;
	}
}

void exchange_refuse_busy(struct exchange *x)
{
	exchange_fault(x, ERR_BUSY);
	exchange_whole_body(x);
	exchange_finish(x);
}
