/*
 * See the header. What always holds: a frame is judged by its first two bytes before its length is
 * read, and by its length before its payload is kept; so nothing is kept for a peer that breaks the
 * rules.
 */
#include "http/frame.h"

#include "base/text.h"

#include <string.h>

#define BIT_FINAL 0x80
#define BITS_RESERVED 0x70
#define BIT_MASKED 0x80
#define SIZE_IN_TWO 126
#define SIZE_IN_EIGHT 127
#define MASK_BYTES 4

void frame_reader_init(struct frame_reader *r, size_t limit)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->message, limit);
}

void frame_reader_free(struct frame_reader *r)
{
	buf_free(&r->message);
}

static unsigned frame_op(const struct frame_reader *r)
{
	return r->head[0] & 0x0f;
}

static bool is_control(const struct frame_reader *r)
{
	return (frame_op(r) & 8) != 0;
}

static bool is_final(const struct frame_reader *r)
{
	return (r->head[0] & BIT_FINAL) != 0;
}

static size_t length_bytes(const struct frame_reader *r)
{
	unsigned size = r->head[1] & 0x7f;

	return size == SIZE_IN_TWO ? 2 : size == SIZE_IN_EIGHT ? 8 : 0;
}

static size_t head_wanted(const struct frame_reader *r)
{
	return r->head_size < 2 ? 2 : 2 + length_bytes(r) + MASK_BYTES;
}

/* 0: the first two bytes are good. RFC 6455 §5.2, §5.4, §5.5. */
static unsigned head_judge(const struct frame_reader *r)
{
	unsigned op = frame_op(r);

	if ((r->head[0] & BITS_RESERVED) != 0 || (r->head[1] & BIT_MASKED) == 0)
		return FRAME_CODE_PROTOCOL;
	if (is_control(r)) {
		bool is_known = op == FRAME_OP_CLOSE || op == FRAME_OP_PING || op == FRAME_OP_PONG;
		bool is_small = (r->head[1] & 0x7f) <= FRAME_CONTROL_MAX;
		return is_known && is_small && is_final(r) ? 0 : FRAME_CODE_PROTOCOL;
	}
	if (op > FRAME_OP_BINARY || (op == FRAME_OP_CONTINUE) != r->in_message)
		return FRAME_CODE_PROTOCOL;
	return op == FRAME_OP_BINARY ? FRAME_CODE_TYPE : 0;
}

/* 0: the length is good. It has the fewest bytes that hold it (RFC 6455 §5.2). */
static unsigned head_length(struct frame_reader *r)
{
	size_t bytes = length_bytes(r);
	uint64_t size = bytes == 0 ? r->head[1] & 0x7f : 0;

	for (size_t i = 0; i < bytes; i++)
		size = size << 8 | r->head[2 + i];
	if ((bytes == 2 && size < SIZE_IN_TWO) || (bytes == 8 && size <= UINT16_MAX) ||
	    size > INT64_MAX)
		return FRAME_CODE_PROTOCOL;
	if (!is_control(r) && size > r->message.limit - r->message.size)
		return FRAME_CODE_TOO_LARGE;
	r->left = size;
	r->at = 0;
	r->in_payload = true;
	if (is_control(r))
		r->control_size = 0;
	else
		r->in_message = true;
	return 0;
}

/* One byte of the head; 0: so far, so good. */
static unsigned head_take(struct frame_reader *r, uint8_t c)
{
	r->head[r->head_size++] = c;
	if (r->head_size == 2)
		return head_judge(r);
	return r->head_size == head_wanted(r) ? head_length(r) : 0;
}

static void unmask(struct frame_reader *r, uint8_t *to, struct span in)
{
	const uint8_t *mask = r->head + r->head_size - MASK_BYTES;

	for (size_t i = 0; i < in.size; i++)
		to[i] = in.data[i] ^ mask[(r->at + i) % MASK_BYTES];
	r->at += in.size;
	r->left -= in.size;
}

static bool payload_take(struct frame_reader *r, struct span in)
{
	uint8_t *to;

	if (in.size == 0)
		return true;
	if (is_control(r)) {
		to = r->control + r->control_size;
		r->control_size += in.size;
	} else {
		to = buf_extend(&r->message, in.size);
	}
	if (to == NULL)
		return false;
	unmask(r, to, in);
	return true;
}

/* RFC 6455 §7.4: codes that may stand in a frame. */
static bool is_code(unsigned code)
{
	if (code >= 3000)
		return code < 5000;
	return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

static enum frame_event frame_fail(struct frame_reader *r, unsigned code)
{
	r->code = code;
	return FRAME_FAIL;
}

/* RFC 6455 §5.5.1 */
static enum frame_event close_read(struct frame_reader *r)
{
	struct span reason;

	r->code = FRAME_CODE_NONE;
	if (r->control_size == 0)
		return FRAME_CLOSE;
	if (r->control_size == 1)
		return frame_fail(r, FRAME_CODE_PROTOCOL);
	r->code = (unsigned)(r->control[0] << 8 | r->control[1]);
	if (!is_code(r->code))
		return frame_fail(r, FRAME_CODE_PROTOCOL);
	reason = span_of(r->control + 2, r->control_size - 2);
	return text_is_utf8(reason) ? FRAME_CLOSE : frame_fail(r, FRAME_CODE_TEXT);
}

static enum frame_event frame_end(struct frame_reader *r)
{
	r->in_payload = false;
	r->head_size = 0;
	switch (frame_op(r)) {
	case FRAME_OP_CLOSE: return close_read(r);
	case FRAME_OP_PING: return FRAME_PING;
	case FRAME_OP_PONG: return FRAME_PONG;
	default: break;
	}
	if (!is_final(r))
		return FRAME_MORE;
	r->in_message = false;
	r->was_told = true;
	return text_is_utf8(buf_span(&r->message)) ? FRAME_TEXT : frame_fail(r, FRAME_CODE_TEXT);
}

enum frame_event frame_feed(struct frame_reader *r, struct span in, size_t *used)
{
	enum frame_event event = FRAME_MORE;
	unsigned wrong = 0;

	*used = 0;
	if (r->was_told)
		buf_reset(&r->message);
	r->was_told = false;
	while (event == FRAME_MORE && wrong == 0 && *used < in.size) {
		if (!r->in_payload) {
			wrong = head_take(r, in.data[(*used)++]);
		} else {
			size_t n = in.size - *used;
			n = r->left < n ? (size_t)r->left : n;
			if (!payload_take(r, span_of(in.data + *used, n)))
				wrong = FRAME_CODE_INTERNAL;
			*used += n;
		}
		if (wrong == 0 && r->in_payload && r->left == 0)
			event = frame_end(r);
	}
	return wrong != 0 ? frame_fail(r, wrong) : event;
}

void frame_put(struct buf *out, enum frame_opcode op, struct span payload)
{
	buf_put_byte(out, (uint8_t)(BIT_FINAL | op));
	if (payload.size < SIZE_IN_TWO) {
		buf_put_byte(out, (uint8_t)payload.size);
	} else if (payload.size <= UINT16_MAX) {
		buf_put_byte(out, SIZE_IN_TWO);
		buf_put_byte(out, (uint8_t)(payload.size >> 8));
		buf_put_byte(out, (uint8_t)payload.size);
	} else {
		buf_put_byte(out, SIZE_IN_EIGHT);
		for (unsigned shift = 64; shift > 0; shift -= 8)
			buf_put_byte(out, (uint8_t)((uint64_t)payload.size >> (shift - 8)));
	}
	buf_put_span(out, payload);
}

void frame_put_close(struct buf *out, unsigned code)
{
	const uint8_t bytes[2] = {(uint8_t)(code >> 8), (uint8_t)code};

	frame_put(out, FRAME_OP_CLOSE, span_of(bytes, code == FRAME_CODE_NONE ? 0 : sizeof(bytes)));
}
