/*
 * A connection: TLS, then requests one after the other. It is a table of states; each step
 * says to go on, to wait for the socket, or that the connection is dead. Reading stops while
 * a worker has the request, so a client cannot pile up more than one head behind it.
 */
#include "http/internal.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum step step_tls(struct conn *c)
{
	ERR_clear_error();
	int result = SSL_accept(c->ssl);
	if (result != 1)
		return conn_tls_step(c, result);
	c->state = CONN_HEAD;
	c->head_begun = true; /* the deadline from accept covers the first head too */
	return STEP_AGAIN;
}

static int64_t body_ms(const struct conn *c, uint64_t bytes)
{
	const struct http_config *config = &c->server->config;

	return config->body_ms + (int64_t)(bytes * 1000 / config->body_rate);
}

/* Hand the exchange to a worker, or answer at once when none can take it. */
static enum step conn_dispatch(struct conn *c)
{
	struct exchange *x = c->exchange;

	c->deadline = 0;
	c->state = CONN_WORK;
	x->req.body = buf_span(&x->body);
	x->req.now = clock_now();
	x->is_slow = x->fault == OK && x->req.route->body_limit > LIMIT_MB;
	if (x->is_slow && c->server->config.share != NULL)
		x->share = c->server->config.share(c->server->config.app, &x->req);
	if (pool_submit(c->server->pool, x))
		return STEP_WAIT;
	x->fault = ERR_BUSY;
	exchange_refuse_busy(x);
	c->deadline = clock_monotonic() + body_ms(c, x->sending);
	c->state = CONN_WRITE;
	return STEP_AGAIN;
}

/* Answer e and end the connection: what the client still sends is not read as HTTP. */
static enum step conn_refuse(struct conn *c, enum err e, const char *detail)
{
	struct exchange *x = c->exchange;

	x->fault = e;
	x->req.detail = detail;
	x->close = true;
	c->unread = true;
	c->server->buffered -= x->body_counted;
	x->body_counted = 0;
	buf_free(&x->body);
	buf_init(&x->body, 0);
	return conn_dispatch(c);
}

static enum step conn_refuse_unparsed(struct conn *c, enum err e, const char *detail)
{
	c->exchange = exchange_new(c->server, c);
	if (c->exchange == NULL)
		return STEP_DEAD;
	address_text(&c->peer, c->exchange->req.client);
	return conn_refuse(c, e, detail);
}

static enum err conn_parse(struct conn *c, size_t size)
{
	struct exchange *x = c->exchange;
	struct http_head *h = &x->head;
	const char *bytes = arena_string(x->req.arena, (const char *)c->in.data + c->in_at, size);

	h->headers = arena_alloc(x->req.arena, sizeof(h->headers[0]) * LIMIT_HEADER_LINES);
	conn_consume(c, size);
	ENSURE(bytes != NULL && h->headers != NULL, ERR_MEMORY);
	enum err e = http_head_parse(span_of(bytes, size), h);
	x->req.method = h->method;
	x->req.target = h->target;
	x->req.path = h->path;
	x->req.query = h->query;
	x->req.headers = h->headers;
	x->req.header_count = h->header_count;
	x->close = h->close;
	x->req.may_upgrade = !h->is_http10;
	request_client(&x->req, c->server->proxies, &c->peer);
	return e;
}

static enum step conn_body_begin(struct conn *c)
{
	struct exchange *x = c->exchange;
	bool waits = x->head.expects_continue && c->in.size == c->in_at;

	c->body_began = clock_monotonic();
	c->deadline = c->body_began + body_ms(c, x->head.length);
	c->state = waits && !x->head.is_http10 ? CONN_CONTINUE : CONN_BODY;
	if (c->state == CONN_CONTINUE)
		buf_put_str(&x->out, "HTTP/1.1 100 Continue\r\n\r\n");
	return STEP_AGAIN;
}

/* Memory for a large body only for those who may send one: the app is asked first. */
static enum step conn_body(struct conn *c, size_t limit)
{
	struct exchange *x = c->exchange;
	bool is_large = x->head.chunked || x->head.length > LIMIT_BODY_DEFAULT;

	buf_init(&x->body, limit);
	if (x->fault != OK || limit <= LIMIT_BODY_DEFAULT || !is_large ||
	    c->server->config.screen == NULL)
		return conn_body_begin(c);
	x->job = JOB_SCREEN;
	c->deadline = 0;
	c->state = CONN_WORK;
	if (pool_submit(c->server->pool, x))
		return STEP_WAIT;
	x->job = JOB_HANDLE;
	return conn_refuse(c, ERR_BUSY, NULL);
}

/* What the route and the head say about the body, before a byte of it is read. */
static enum step conn_route(struct conn *c)
{
	struct exchange *x = c->exchange;
	size_t limit = LIMIT_BODY_DEFAULT;

	x->req.route = route_find(&c->server->config, &x->req, &x->allow);
	if (x->req.route != NULL)
		limit = x->req.route->body_limit;
	else
		x->fault = x->allow != 0 ? ERR_METHOD : ERR_NOT_FOUND;
	bool waits = x->head.expects_continue && c->in.size == c->in_at;
	if (x->fault != OK && (waits || x->head.length > limit))
		return conn_refuse(c, x->fault, NULL);
	if (x->head.length > limit)
		return conn_refuse(
		    c, ERR_TOO_LARGE, limit == 0 ? "This address takes no body." : NULL);
	if (x->head.length == 0 && !x->head.chunked)
		return conn_dispatch(c);
	return conn_body(c, limit);
}

static enum step conn_request(struct conn *c, size_t size)
{
	c->scanned = 0;
	c->first_line_seen = false;
	if (size > LIMIT_HEAD_BYTES)
		return conn_refuse_unparsed(c, ERR_HEAD_TOO_LARGE, NULL);
	c->exchange = exchange_new(c->server, c);
	if (c->exchange == NULL)
		return STEP_DEAD;
	enum err e = conn_parse(c, size);
	if (e != OK)
		return conn_refuse(c, e, c->exchange->head.detail);
	return conn_route(c);
}

/* RFC 9112 §2.2: one empty line before a request is forgiven. */
static void conn_skip_empty_line(struct conn *c)
{
	struct span in = conn_pending(c);

	if (c->scanned == 0 && in.size >= 2 && in.data[0] == '\r' && in.data[1] == '\n' &&
	    !c->empty_line_skipped) {
		conn_consume(c, 2);
		c->empty_line_skipped = true;
	}
}

static void conn_head_begins(struct conn *c)
{
	if (c->head_begun || c->in.size == c->in_at)
		return;
	c->head_begun = true;
	c->deadline = clock_monotonic() + c->server->config.head_ms;
}

static enum step step_head(struct conn *c)
{
	conn_head_begins(c);
	conn_skip_empty_line(c);
	struct span in = conn_pending(c);
	if (in.size == 0 || (in.size == 1 && in.data[0] == '\r'))
		return conn_fill(c);
	if (!http_head_plausible(in))
		return conn_refuse_unparsed(c, ERR_BAD_REQUEST, "This is not an HTTP/1.1 request.");
	size_t size = http_head_end(in, &c->scanned);
	if (size > 0)
		return conn_request(c, size);
	if (in.size > LIMIT_HEAD_BYTES)
		return conn_refuse_unparsed(c, ERR_HEAD_TOO_LARGE, NULL);
	return conn_fill(c);
}

static enum step step_continue(struct conn *c)
{
	struct exchange *x = c->exchange;

	enum step s = conn_write(c, buf_span(&x->out), &x->out_at);
	if (s != STEP_AGAIN)
		return s;
	buf_reset(&x->out);
	x->out_at = 0;
	c->state = CONN_BODY;
	return STEP_AGAIN;
}

/* Bodies of all connections together stay under one cap. */
static bool conn_account(struct conn *c)
{
	struct exchange *x = c->exchange;
	struct http_server *s = c->server;

	s->buffered = s->buffered - x->body_counted + x->body.room;
	x->body_counted = x->body.room;
	return s->buffered <= s->config.buffered_bytes;
}

/* Straight from the TLS record into the body. */
static enum step body_read(struct conn *c, uint64_t left)
{
	struct buf *body = &c->exchange->body;
	size_t room = left < HTTP_RECORD_BYTES ? (size_t)left : HTTP_RECORD_BYTES, got;

	uint8_t *to = buf_extend(body, room);
	if (to == NULL)
		return conn_refuse(c, ERR_MEMORY, NULL);
	enum step s = conn_read(c, to, room, &got);
	body->size -= room - got;
	if (!conn_account(c))
		return conn_refuse(c, ERR_BUSY, NULL);
	return s;
}

static enum step body_counted(struct conn *c)
{
	struct exchange *x = c->exchange;
	struct span in = conn_pending(c);
	uint64_t left = x->head.length - x->body.size;

	if (left == 0)
		return conn_dispatch(c);
	if (in.size == 0)
		return body_read(c, left);
	size_t n = in.size < left ? in.size : (size_t)left;
	buf_put(&x->body, in.data, n);
	conn_consume(c, n);
	if (buf_done(&x->body) != OK)
		return conn_refuse(c, ERR_MEMORY, NULL);
	return conn_account(c) ? STEP_AGAIN : conn_refuse(c, ERR_BUSY, NULL);
}

static enum step body_chunked(struct conn *c)
{
	struct exchange *x = c->exchange;
	struct span in = conn_pending(c);
	size_t used = 0;
	bool done = false;

	if (in.size == 0)
		return conn_fill(c);
	enum err e = http_chunk_feed(&x->chunk, in, &used, &x->body, &done);
	conn_consume(c, used);
	c->deadline = c->body_began + body_ms(c, x->body.size);
	if (e == ERR_LIMIT)
		return conn_refuse(c, x->fault != OK ? x->fault : ERR_TOO_LARGE, NULL);
	if (e != OK)
		return conn_refuse(c, e, "The chunked body is malformed.");
	if (!conn_account(c))
		return conn_refuse(c, ERR_BUSY, NULL);
	return done ? conn_dispatch(c) : STEP_AGAIN;
}

static enum step step_body(struct conn *c)
{
	return c->exchange->head.chunked ? body_chunked(c) : body_counted(c);
}

enum step conn_say_goodbye(struct conn *c)
{
	ERR_clear_error();
	(void)SSL_shutdown(c->ssl);
	if (!c->unread && c->in.size == c->in_at)
		return STEP_DEAD;
	if (shutdown(c->fd, SHUT_WR) != 0)
		return STEP_DEAD;
	c->state = CONN_LINGER;
	c->deadline = clock_monotonic() + LIMIT_LINGER_MS;
	return STEP_AGAIN;
}

static enum step conn_next_request(struct conn *c)
{
	const struct http_server *s = c->server;
	const struct http_reply *reply = &c->exchange->reply;
	bool closing = c->exchange->close;

	if (reply->status == 101 && reply->upgrade.turn != NULL)
		return socket_begin(c);
	exchange_free(c->exchange);
	c->exchange = NULL;
	if (closing)
		return conn_say_goodbye(c);
	conn_compact(c);
	c->state = CONN_HEAD;
	c->head_begun = false;
	c->empty_line_skipped = false;
	c->deadline = clock_monotonic() + (atomic_load(&s->draining) ? s->config.drain_idle_ms
								     : s->config.keepalive_ms);
	return STEP_AGAIN;
}

static enum step step_write(struct conn *c)
{
	struct exchange *x = c->exchange;

	if (x->broken)
		return STEP_DEAD;
	enum step s = conn_write(c, buf_span(&x->out), &x->out_at);
	if (s != STEP_AGAIN)
		return s;
	s = conn_write(c, x->slice, &x->slice_at);
	if (s != STEP_AGAIN)
		return s;
	if (x->reply.source.read == NULL || x->next == x->to)
		return conn_next_request(c);
	x->job = JOB_PIECE;
	x->is_slow = false;
	x->slice = SPAN_EMPTY;
	c->deadline = 0; /* a worker owns the exchange: the connection must outlive its job */
	c->state = CONN_WORK;
	return pool_submit(c->server->pool, x) ? STEP_WAIT : STEP_DEAD;
}

static enum step step_linger(struct conn *c)
{
	for (int i = 0; i < CONN_READS_PER_TURN; i++) {
		ssize_t n = recv(c->fd, c->server->scratch, HTTP_RECORD_BYTES, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return conn_wait(c, EV_READ);
		if (n <= 0)
			return STEP_DEAD;
	}
	return conn_wait(c, EV_READ);
}

static enum step conn_step(struct conn *c)
{
	switch (c->state) {
	case CONN_TLS: return step_tls(c);
	case CONN_HEAD: return step_head(c);
	case CONN_CONTINUE: return step_continue(c);
	case CONN_BODY: return step_body(c);
	case CONN_WORK: return STEP_WAIT;
	case CONN_WRITE: return step_write(c);
	case CONN_SOCKET: return socket_step(c);
	case CONN_LINGER: return step_linger(c);
	}
	return STEP_DEAD;
}

void conn_advance(struct conn *c)
{
	enum step s;

	c->reads_left = CONN_READS_PER_TURN;
	do
		s = conn_step(c);
	while (s == STEP_AGAIN);
	if (s == STEP_DEAD)
		conn_free(c);
}

static bool conn_was_let_in(struct conn *c)
{
	struct exchange *x = c->exchange;

	if (x->job != JOB_SCREEN)
		return false;
	x->job = JOB_HANDLE;
	c->unread = x->is_refused;
	return !x->is_refused;
}

void conn_resume(struct conn *c)
{
	struct exchange *x = c->exchange;

	if (x->job == JOB_TURN) {
		socket_resume(c);
		return;
	}
	if (conn_was_let_in(c)) {
		(void)conn_body_begin(c);
		conn_advance(c);
		return;
	}
	c->state = CONN_WRITE;
	if (x->job == JOB_HANDLE) {
		c->reply_deadline = clock_monotonic() + body_ms(c, x->sending);
		c->server->buffered += x->reply.body.room;
		x->body_counted += x->reply.body.room;
	}
	c->deadline = c->reply_deadline;
	conn_advance(c);
}

void conn_expire(struct conn *c)
{
	bool tell = c->state == CONN_BODY ||
		    (c->state == CONN_HEAD && c->head_begun && c->in.size > c->in_at);

	if (c->state == CONN_SOCKET) {
		socket_expire(c);
		return;
	}
	if (!tell) {
		conn_free(c);
		return;
	}
	enum step s = c->state == CONN_BODY ? conn_refuse(c, ERR_SLOW, NULL)
					    : conn_refuse_unparsed(c, ERR_SLOW, NULL);
	if (s == STEP_DEAD)
		conn_free(c);
	else
		conn_advance(c);
}

bool conn_is_idle(const struct conn *c)
{
	return c->state == CONN_HEAD && !c->head_begun;
}

static SSL *conn_tls(struct http_server *s, int fd)
{
	pthread_mutex_lock(&s->lock);
	SSL *ssl = SSL_new(s->tls);
	pthread_mutex_unlock(&s->lock);
	if (ssl == NULL)
		return NULL;
	SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
			      SSL_MODE_RELEASE_BUFFERS);
	SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
	SSL_set_read_ahead(ssl, 1); /* a record's head and body in one read(2) */
	SSL_set_accept_state(ssl);
	if (SSL_set_fd(ssl, fd) == 1)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

enum err conn_new(struct http_server *s, int fd, struct address peer)
{
	struct conn *c = mem_alloc(sizeof(*c));

	ENSURE(c != NULL, ERR_MEMORY);
	c->ssl = conn_tls(s, fd);
	if (c->ssl == NULL) {
		mem_free(c, sizeof(*c));
		return ERR_MEMORY;
	}
	c->server = s;
	c->fd = fd;
	c->peer = peer;
	c->state = CONN_TLS;
	c->deadline = clock_monotonic() + s->config.head_ms;
	buf_init(&c->in, LIMIT_HEAD_BYTES + HTTP_RECORD_BYTES);
	TAILQ_INSERT_TAIL(&s->conns, c, link);
	s->conn_count++;
	conn_advance(c);
	return OK;
}

void conn_free(struct conn *c)
{
	struct http_server *s = c->server;

	if (c->armed != 0)
		event_del(&c->io);
	SSL_free(c->ssl);
	close(c->fd);
	socket_end(c);
	exchange_free(c->exchange);
	buf_free(&c->in);
	TAILQ_REMOVE(&s->conns, c, link);
	s->conn_count--;
	mem_free(c, sizeof(*c));
	server_conn_gone(s);
}
