/*
 * WebSocket frames (RFC 6455 §5) as a server reads and writes them, byte by byte and bounded:
 * a message is text, at most as long as the reader was told, and what a peer may not send ends in
 * the code to close with. No extension is ever agreed.
 */
#ifndef CHIROGRAPH_HTTP_FRAME_H
#define CHIROGRAPH_HTTP_FRAME_H

#include "base/bytes.h"

#define FRAME_CONTROL_MAX 125 /* RFC 6455 §5.5 */
#define FRAME_HEAD_MAX 14

enum frame_opcode {
	FRAME_OP_CONTINUE = 0,
	FRAME_OP_TEXT = 1,
	FRAME_OP_BINARY = 2,
	FRAME_OP_CLOSE = 8,
	FRAME_OP_PING = 9,
	FRAME_OP_PONG = 10,
};

/* RFC 6455 §7.4.1, and the registry of RFC 6455 §11.7 */
enum frame_code {
	FRAME_CODE_NORMAL = 1000,
	FRAME_CODE_AWAY = 1001,
	FRAME_CODE_PROTOCOL = 1002,
	FRAME_CODE_TYPE = 1003,
	FRAME_CODE_NONE = 1005, /* never on the wire */
	FRAME_CODE_TEXT = 1007,
	FRAME_CODE_POLICY = 1008,
	FRAME_CODE_TOO_LARGE = 1009,
	FRAME_CODE_INTERNAL = 1011,
	FRAME_CODE_LATER = 1013,
};

enum frame_event {
	FRAME_MORE,  /* all of it was read, and nothing is whole */
	FRAME_TEXT,  /* message: until the next call */
	FRAME_PING,  /* control: likewise */
	FRAME_PONG,  /* likewise */
	FRAME_CLOSE, /* code says what the peer said; the reader is done */
	FRAME_FAIL,  /* code says what to close with; the reader is done */
};

struct frame_reader {
	struct buf message;
	uint8_t head[FRAME_HEAD_MAX];
	uint8_t control[FRAME_CONTROL_MAX];
	size_t head_size, control_size;
	uint64_t left, at; /* of the payload: to come, and read */
	bool in_payload, in_message, was_told;
	unsigned code;
};

void frame_reader_init(struct frame_reader *r, size_t limit);
void frame_reader_free(struct frame_reader *r);
/* Reads up to the next event; *used says how far. */
enum frame_event frame_feed(struct frame_reader *r, struct span in, size_t *used);

/* A whole message in one frame, not masked (RFC 6455 §5.1). */
void frame_put(struct buf *out, enum frame_opcode op, struct span payload);
void frame_put_close(struct buf *out, unsigned code); /* FRAME_CODE_NONE: without a code */

#endif
