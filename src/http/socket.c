/*
 * A connection after its upgrade. The loop reads frames and writes them; what they mean is the
 * app's, in turns on a worker, one at a time. Nothing is read while a turn runs or while what it
 * put is not written, so a peer can pile up neither messages nor answers: a socket holds at most
 * one record, one message, the texts of one turn and its output. A peer that does not take its
 * output, or is silent though it was pinged, is cut.
 */
#include "http/internal.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <string.h>
#include <unistd.h>

struct http_socket {
	struct frame_reader reader;
	struct http_turn turn; /* the worker's while one runs */
	struct buf texts;      /* what turn.texts will point into */
	size_t text_ends[HTTP_TURN_TEXTS], text_count;
	size_t out_at;    /* of turn.out */
	bool is_due;      /* a turn is wanted */
	bool is_pong_due; /* for the last ping: RFC 6455 §5.5.3 */
	bool is_ping_due;
	bool is_closing; /* our close frame is put */
	bool is_over;    /* nothing more is read */
	uint8_t pong[FRAME_CONTROL_MAX];
	size_t pong_size;
	int64_t ping_at, turn_at, silent_at;
	int64_t until; /* output and the peer's close must be done by then; 0: nothing waits */
};

static const struct http_upgrade *upgrade_of(const struct conn *c)
{
	return &c->exchange->reply.upgrade;
}

static int64_t ping_ms(const struct conn *c)
{
	int64_t ms = upgrade_of(c)->ping_ms;

	return ms != 0 ? ms : LIMIT_SOCKET_PING_MS;
}

/* A peer that answers pings is never silent for as long. */
static void socket_heard(struct conn *c)
{
	c->socket->silent_at = clock_monotonic() + 2 * ping_ms(c) + c->server->config.socket_ms;
}

static void socket_wait_for_peer(struct conn *c)
{
	if (c->socket->until == 0)
		c->socket->until = clock_monotonic() + c->server->config.socket_ms;
}

static void socket_say_close(struct conn *c, unsigned code)
{
	struct http_socket *k = c->socket;

	if (k->is_closing)
		return;
	frame_put_close(&k->turn.out, code);
	k->is_closing = true;
	socket_wait_for_peer(c);
}

/* ---- what comes ---- */

static void text_keep(struct conn *c)
{
	struct http_socket *k = c->socket;

	if (k->is_closing)
		return;
	buf_put_span(&k->texts, buf_span(&k->reader.message));
	k->text_ends[k->text_count++] = k->texts.size;
	if (buf_done(&k->texts) != OK)
		socket_say_close(c, FRAME_CODE_INTERNAL);
}

static void pong_keep(struct http_socket *k)
{
	memcpy(k->pong, k->reader.control, k->reader.control_size);
	k->pong_size = k->reader.control_size;
	k->is_pong_due = true;
}

static void socket_take(struct conn *c, enum frame_event event)
{
	struct http_socket *k = c->socket;

	switch (event) {
	case FRAME_MORE:
	case FRAME_PONG: break;
	case FRAME_TEXT: text_keep(c); break;
	case FRAME_PING: pong_keep(k); break;
	case FRAME_FAIL:
	case FRAME_CLOSE: k->is_over = true; break;
	}
}

static bool has_room(const struct http_socket *k)
{
	return k->text_count < HTTP_TURN_TEXTS &&
	       k->texts.limit - k->texts.size >= k->reader.message.limit;
}

static enum step socket_read(struct conn *c)
{
	struct span in = conn_pending(c);
	size_t used;

	if (in.size == 0)
		return conn_fill(c);
	enum frame_event event = frame_feed(&c->socket->reader, in, &used);
	conn_consume(c, used);
	socket_heard(c);
	socket_take(c, event);
	return STEP_AGAIN;
}

/* ---- turns ---- */

static void texts_point(struct http_socket *k)
{
	size_t from = 0;

	for (size_t i = 0; i < k->text_count; i++) {
		k->turn.texts[i] = span_of(k->texts.data + from, k->text_ends[i] - from);
		from = k->text_ends[i];
	}
	k->turn.text_count = k->text_count;
}

static enum step socket_turn(struct conn *c)
{
	struct http_socket *k = c->socket;
	struct exchange *x = c->exchange;

	texts_point(k);
	k->turn.is_more = false;
	k->turn.close = 0;
	k->is_due = false;
	x->job = JOB_TURN;
	c->state = CONN_WORK;
	if (pool_submit(c->server->pool, x))
		return STEP_WAIT;
	c->state = CONN_SOCKET;
	socket_say_close(c, FRAME_CODE_LATER);
	return STEP_AGAIN;
}

void socket_run(struct exchange *x)
{
	x->reply.upgrade.turn(x->reply.upgrade.ctx, &x->conn->socket->turn);
}

static void turn_take(struct conn *c)
{
	struct http_socket *k = c->socket;

	k->text_count = 0;
	buf_reset(&k->texts);
	k->is_due = k->is_due || k->turn.is_more;
	k->turn_at = clock_monotonic() + upgrade_of(c)->turn_ms;
	if (buf_done(&k->turn.out) != OK) {
		buf_reset(&k->turn.out);
		k->turn.close = FRAME_CODE_INTERNAL;
	}
	if (k->turn.close != 0)
		socket_say_close(c, k->turn.close);
	else if (atomic_load(&c->server->draining))
		socket_say_close(c, FRAME_CODE_AWAY);
}

void socket_resume(struct conn *c)
{
	c->state = CONN_SOCKET;
	turn_take(c);
	conn_advance(c);
}

/* ---- the step ---- */

static enum step socket_flush(struct conn *c)
{
	struct http_socket *k = c->socket;

	if (k->turn.out.size == 0)
		return STEP_AGAIN;
	socket_wait_for_peer(c);
	enum step s = conn_write(c, buf_span(&k->turn.out), &k->out_at);
	if (s != STEP_AGAIN)
		return s;
	buf_reset(&k->turn.out);
	k->out_at = 0;
	if (!k->is_closing)
		k->until = 0;
	return STEP_AGAIN;
}

/* True: a frame of ours is to be written first. */
static bool socket_owes(struct conn *c)
{
	struct http_socket *k = c->socket;

	if (k->is_closing || (!k->is_pong_due && !k->is_ping_due))
		return false;
	if (k->is_pong_due)
		frame_put(&k->turn.out, FRAME_OP_PONG, span_of(k->pong, k->pong_size));
	if (k->is_ping_due)
		frame_put(&k->turn.out, FRAME_OP_PING, SPAN_EMPTY);
	k->is_pong_due = k->is_ping_due = false;
	return true;
}

/* Nothing more is read: what came before the end is told first. RFC 6455 §5.5.1: the peer gets its
 * own code back. */
static enum step socket_last(struct conn *c)
{
	struct http_socket *k = c->socket;

	if (k->is_closing) {
		c->unread = true;
		return conn_say_goodbye(c);
	}
	if (k->text_count > 0)
		return socket_turn(c);
	socket_say_close(c, k->reader.code);
	return STEP_AGAIN;
}

static enum step socket_go(struct conn *c)
{
	struct http_socket *k = c->socket;

	enum step s = socket_flush(c);
	if (s != STEP_AGAIN)
		return s;
	if (k->is_over)
		return socket_last(c);
	if (socket_owes(c))
		return STEP_AGAIN;
	if (!k->is_closing && (k->is_due || !has_room(k)))
		return socket_turn(c);
	/* What came in one piece is told in one turn. */
	if (!k->is_closing && k->text_count > 0 && conn_pending(c).size == 0)
		return socket_turn(c);
	return socket_read(c);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return b != 0 && b < a ? b : a;
}

enum step socket_step(struct conn *c)
{
	struct http_socket *k = c->socket;

	enum step s = socket_go(c);
	if (c->state == CONN_WORK)
		c->deadline = 0;
	else if (c->state == CONN_SOCKET)
		c->deadline =
		    earlier(earlier(k->silent_at, k->until), earlier(k->ping_at, k->turn_at));
	return s;
}

void socket_expire(struct conn *c)
{
	struct http_socket *k = c->socket;
	int64_t now = clock_monotonic();

	if ((k->until != 0 && now >= k->until) || now >= k->silent_at) {
		log_info("a socket's peer was cut", "peer=%s why=%s", c->exchange->req.client,
		    now >= k->silent_at ? "silent"
		    : k->is_closing     ? "no-close"
					: "slow");
		conn_free(c);
		return;
	}
	if (now >= k->ping_at) {
		k->is_ping_due = true;
		k->ping_at = now + ping_ms(c);
	}
	if (now >= k->turn_at) {
		k->is_due = true;
		k->turn_at = now + upgrade_of(c)->turn_ms;
	}
	conn_advance(c);
}

/* ---- birth and end ---- */

static void request_forget(struct exchange *x)
{
	x->server->buffered -= x->body_counted;
	x->body_counted = 0;
	buf_free(&x->body);
	buf_init(&x->body, 0);
	buf_free(&x->out);
	buf_init(&x->out, 0);
	x->req.body = SPAN_EMPTY;
	x->is_slow = false;
}

enum step socket_begin(struct conn *c)
{
	struct http_socket *k = mem_alloc(sizeof(*k));

	if (k == NULL)
		return STEP_DEAD;
	frame_reader_init(&k->reader, LIMIT_SOCKET_MESSAGE);
	buf_init(&k->texts, 2 * LIMIT_SOCKET_MESSAGE);
	buf_init(&k->turn.out, LIMIT_SOCKET_OUT);
	c->socket = k;
	TAILQ_INSERT_TAIL(&c->server->sockets, c, socket_link);
	request_forget(c->exchange);
	conn_compact(c);
	k->is_due = true;
	k->ping_at = clock_monotonic() + ping_ms(c);
	k->turn_at = clock_monotonic() + upgrade_of(c)->turn_ms;
	socket_heard(c);
	c->state = CONN_SOCKET;
	if (atomic_load(&c->server->draining))
		socket_say_close(c, FRAME_CODE_AWAY);
	return STEP_AGAIN;
}

void socket_end(struct conn *c)
{
	struct http_socket *k = c->socket;

	if (k == NULL)
		return;
	TAILQ_REMOVE(&c->server->sockets, c, socket_link);
	frame_reader_free(&k->reader);
	buf_free(&k->texts);
	buf_free(&k->turn.out);
	mem_free(k, sizeof(*k));
	c->socket = NULL;
}

/* ---- all of them ---- */

static bool is_poked(const struct conn *c, const struct pokes *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->tags[i] == upgrade_of(c)->tag)
			return true;
	return p->is_all;
}

void sockets_poke(struct http_server *s)
{
	struct pokes pokes;
	struct conn *c, *next;

	pthread_mutex_lock(&s->lock);
	pokes = s->pokes;
	s->pokes.count = 0;
	s->pokes.is_all = false;
	pthread_mutex_unlock(&s->lock);
	for (c = TAILQ_FIRST(&s->sockets); c != NULL; c = next) {
		next = TAILQ_NEXT(c, socket_link);
		if (!is_poked(c, &pokes))
			continue;
		c->socket->is_due = true;
		if (c->state == CONN_SOCKET)
			conn_advance(c);
	}
}

void sockets_drain(struct http_server *s)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&s->sockets); c != NULL; c = next) {
		next = TAILQ_NEXT(c, socket_link);
		if (c->state != CONN_SOCKET)
			continue; /* when its turn is over, or its way to the end is */
		socket_say_close(c, FRAME_CODE_AWAY);
		conn_advance(c);
	}
}

void http_server_poke(struct http_server *s, uint64_t tag)
{
	struct pokes *p = &s->pokes;
	bool is_known = false;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < p->count; i++)
		is_known = is_known || p->tags[i] == tag;
	if (tag == 0 || (!is_known && p->count == HTTP_POKES))
		p->is_all = true;
	else if (!is_known)
		p->tags[p->count++] = tag;
	pthread_mutex_unlock(&s->lock);
	ssize_t n = write(s->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
	(void)n; /* a full counter is already a wake-up */
}
