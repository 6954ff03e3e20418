/*
 * The chunked coding. A state per byte, so that pieces may arrive cut anywhere; data runs
 * are copied whole. Extensions and trailers are read strictly and thrown away.
 */
#include "http/head.h"

#include "base/codec.h"

#define CHUNK_OVERHEAD_MAX 4096 /* extensions of one chunk, or all trailers */
#define CHUNK_DIGITS_MAX 8

enum chunk_state {
	CHUNK_SIZE,
	CHUNK_EXTENSION,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER_START,
	CHUNK_TRAILER,
	CHUNK_TRAILER_LF,
	CHUNK_LAST_LF,
	CHUNK_END,
};

static enum err chunk_size(struct http_chunk *c, uint8_t b)
{
	int digit = hex_value(b);

	if (digit >= 0) {
		ENSURE(++c->digits <= CHUNK_DIGITS_MAX, ERR_BAD_REQUEST);
		c->left = c->left * 16 + (uint64_t)digit;
		return OK;
	}
	ENSURE(c->digits > 0, ERR_BAD_REQUEST);
	ENSURE(b == ';' || b == '\r', ERR_BAD_REQUEST);
	c->overhead = 0;
	c->state = b == ';' ? CHUNK_EXTENSION : CHUNK_SIZE_LF;
	return OK;
}

/* A byte of a line that is read to be forgotten. */
static enum err chunk_skip(struct http_chunk *c, uint8_t b, int next)
{
	ENSURE(++c->overhead <= CHUNK_OVERHEAD_MAX, ERR_BAD_REQUEST);
	if (b == '\r') {
		c->state = next;
		return OK;
	}
	ENSURE((b >= 0x20 && b != 0x7f) || b == '\t', ERR_BAD_REQUEST);
	return OK;
}

static enum err chunk_expect(struct http_chunk *c, uint8_t b, uint8_t wanted, int next)
{
	ENSURE(b == wanted, ERR_BAD_REQUEST);
	c->state = next;
	return OK;
}

static enum err chunk_trailer_start(struct http_chunk *c, uint8_t b)
{
	if (b == '\r') {
		c->state = CHUNK_LAST_LF;
		return OK;
	}
	ENSURE(b != ' ' && b != '\t', ERR_BAD_REQUEST);
	c->state = CHUNK_TRAILER;
	return chunk_skip(c, b, CHUNK_TRAILER_LF);
}

static enum err chunk_size_end(struct http_chunk *c, uint8_t b)
{
	ENSURE(b == '\n', ERR_BAD_REQUEST);
	c->state = c->left > 0 ? CHUNK_DATA : CHUNK_TRAILER_START;
	c->overhead = 0;
	c->digits = 0;
	return OK;
}

static enum err chunk_byte(struct http_chunk *c, uint8_t b)
{
	switch ((enum chunk_state)c->state) {
	case CHUNK_SIZE: return chunk_size(c, b);
	case CHUNK_EXTENSION: return chunk_skip(c, b, CHUNK_SIZE_LF);
	case CHUNK_SIZE_LF: return chunk_size_end(c, b);
	case CHUNK_DATA_CR: return chunk_expect(c, b, '\r', CHUNK_DATA_LF);
	case CHUNK_DATA_LF: return chunk_expect(c, b, '\n', CHUNK_SIZE);
	case CHUNK_TRAILER_START: return chunk_trailer_start(c, b);
	case CHUNK_TRAILER: return chunk_skip(c, b, CHUNK_TRAILER_LF);
	case CHUNK_TRAILER_LF: return chunk_expect(c, b, '\n', CHUNK_TRAILER_START);
	case CHUNK_LAST_LF: return chunk_expect(c, b, '\n', CHUNK_END);
	case CHUNK_DATA:
	case CHUNK_END: break;
	}
	return ERR_INTERNAL;
}

static size_t chunk_data(struct http_chunk *c, struct span in, struct buf *body)
{
	size_t n = in.size < c->left ? in.size : (size_t)c->left;

	buf_put(body, in.data, n);
	c->left -= n;
	if (c->left == 0)
		c->state = CHUNK_DATA_CR;
	return n;
}

enum err http_chunk_feed(
    struct http_chunk *c, struct span in, size_t *used, struct buf *body, bool *done)
{
	size_t at = 0;

	*used = 0;
	while (at < in.size && c->state != CHUNK_END) {
		if (c->state == CHUNK_DATA) {
			at += chunk_data(c, span_of(in.data + at, in.size - at), body);
			TRY(buf_done(body));
		} else {
			TRY(chunk_byte(c, in.data[at]));
			at++;
		}
		*used = at;
	}
	/* A chunk announced larger than what the route may still take is refused at once. */
	ENSURE(c->left <= body->limit - body->size, ERR_LIMIT);
	*done = c->state == CHUNK_END;
	return OK;
}
