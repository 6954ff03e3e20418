/*
 * The guard: one strict reading of a request head (RFC 9112), used by the server and by
 * nothing else. It refuses what two parsers could read differently: there is no lenient mode.
 */
#ifndef CHIROGRAPH_HTTP_HEAD_H
#define CHIROGRAPH_HTTP_HEAD_H

#include "http/http.h"

struct http_head {
	enum http_method method;
	struct span target, path, query, host;
	struct http_header *headers; /* LIMIT_HEADER_LINES of room, the caller's */
	size_t header_count;
	uint64_t length; /* of the body, when not chunked; 0: none */
	bool has_length;
	bool chunked;
	bool is_http10;
	bool expects_continue;
	bool close;         /* the client will not send another request */
	unsigned seen;      /* bits of the headers that may appear once */
	const char *detail; /* what was wrong; a fixed text */
};

/* Bytes of the head, its empty line included; 0 when it is not complete. *scanned is the
 * caller's memory between calls, 0 at first. */
size_t http_head_end(struct span in, size_t *scanned);

/* False when the first line is complete and is no HTTP/1.x request line: do not wait for more. */
bool http_head_plausible(struct span in);

/* Parse a complete head. The spans point into bytes. ERR_BAD_REQUEST, ERR_AUTH_DOUBLE,
 * ERR_HEAD_TOO_LARGE, ERR_NOT_IMPLEMENTED, ERR_EXPECTATION; what was understood stays in head. */
enum err CHECKED http_head_parse(struct span bytes, struct http_head *head);

/* The chunked coding (RFC 9112 §7.1), byte by byte, as strict as the head. */
struct http_chunk {
	int state;
	uint64_t left; /* bytes of the current chunk still to come */
	unsigned digits;
	size_t overhead; /* bytes of extension or trailer lines read so far */
};

/* Decode from in into body; *used says how far. *done when the last chunk and trailers are in.
 * ERR_BAD_REQUEST, or the body's own limit. */
enum err CHECKED http_chunk_feed(
    struct http_chunk *c, struct span in, size_t *used, struct buf *body, bool *done);

#endif
