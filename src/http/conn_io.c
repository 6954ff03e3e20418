/*
 * A connection's bytes: waiting for the socket, reading and writing TLS records, and the buffer of
 * what was received and not yet understood. Nothing here knows what the bytes mean.
 */
#include "http/internal.h"

#include "base/limits.h"

#include <openssl/err.h>
#include <string.h>

static void on_io(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	if (c->state != CONN_WORK) {
		conn_advance(c);
		return;
	}
	event_del(&c->io);
	c->armed = 0;
}

enum step conn_wait(struct conn *c, short what)
{
	if (c->armed == what)
		return STEP_WAIT;
	if (c->armed != 0)
		event_del(&c->io);
	c->armed = what;
	if (event_assign(&c->io, c->server->base, c->fd, (short)(what | EV_PERSIST), on_io, c) !=
		0 ||
	    event_add(&c->io, NULL) != 0) {
		c->armed = 0;
		return STEP_DEAD;
	}
	return STEP_WAIT;
}

/* What a TLS call that did not succeed means. */
enum step conn_tls_step(struct conn *c, int result)
{
	switch (SSL_get_error(c->ssl, result)) {
	case SSL_ERROR_WANT_READ: return conn_wait(c, EV_READ);
	case SSL_ERROR_WANT_WRITE: return conn_wait(c, EV_WRITE);
	default: return STEP_DEAD;
	}
}

enum step conn_read(struct conn *c, uint8_t *data, size_t room, size_t *got)
{
	*got = 0;
	if (c->reads_left == 0) {
		enum step s = conn_wait(c, EV_READ);
		if (s == STEP_WAIT)
			event_active(&c->io, EV_READ, 0);
		return s;
	}
	c->reads_left--;
	ERR_clear_error();
	int result = SSL_read_ex(c->ssl, data, room, got);
	return result == 1 ? STEP_AGAIN : conn_tls_step(c, result);
}

enum step conn_write(struct conn *c, struct span data, size_t *at)
{
	while (*at < data.size) {
		size_t sent = 0;
		ERR_clear_error();
		int result = SSL_write_ex(c->ssl, data.data + *at, data.size - *at, &sent);
		if (result != 1)
			return conn_tls_step(c, result);
		*at += sent;
	}
	return STEP_AGAIN;
}

/* Read more into c->in. */
enum step conn_fill(struct conn *c)
{
	uint8_t *scratch = c->server->scratch;
	size_t got;

	enum step s = conn_read(c, scratch, HTTP_RECORD_BYTES, &got);
	buf_put(&c->in, scratch, got);
	return buf_done(&c->in) == OK ? s : STEP_DEAD;
}

struct span conn_pending(const struct conn *c)
{
	return span_of(c->in.data + c->in_at, c->in.size - c->in_at);
}

void conn_consume(struct conn *c, size_t n)
{
	c->in_at += n;
	if (c->in_at < c->in.size)
		return;
	buf_reset(&c->in);
	c->in_at = 0;
}

/* Between requests: what is buffered moves to the front, and an empty buffer is given back. */
void conn_compact(struct conn *c)
{
	size_t n = c->in.size - c->in_at;

	if (n == 0) {
		buf_free(&c->in);
		buf_init(&c->in, LIMIT_HEAD_BYTES + HTTP_RECORD_BYTES);
	} else if (c->in_at > 0) {
		memmove(c->in.data, c->in.data + c->in_at, n);
		c->in.size = n;
	}
	c->in_at = 0;
}
