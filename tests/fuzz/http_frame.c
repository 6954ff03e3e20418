/*
 * The reader of WebSocket frames: what it tells must keep the promises of frame.h, and must not
 * depend on how the bytes were cut.
 */
#include "base/text.h"
#include "fuzz.h"
#include "http/frame.h"

#include <string.h>

#define LIMIT 512

static bool may_be_answered(unsigned code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
	       (code >= 3000 && code < 5000);
}

static void check(const struct frame_reader *r, enum frame_event event)
{
	promise(r->message.size <= LIMIT);
	promise(r->control_size <= FRAME_CONTROL_MAX);
	if (event == FRAME_TEXT)
		promise(text_is_utf8(buf_span(&r->message)));
	if (event == FRAME_CLOSE)
		promise(r->code == FRAME_CODE_NONE || may_be_answered(r->code));
	if (event == FRAME_FAIL)
		promise(may_be_answered(r->code) && r->code < 3000);
}

/* Each event with its payload, one after the other. */
static void tell(const struct frame_reader *r, enum frame_event event, struct buf *log)
{
	buf_format(log, "%d %u:", (int)event, event >= FRAME_CLOSE ? r->code : 0);
	if (event == FRAME_TEXT)
		buf_put_span(log, buf_span(&r->message));
	if (event == FRAME_PING || event == FRAME_PONG)
		buf_put(log, r->control, r->control_size);
}

static void run(struct span in, size_t step, struct buf *log)
{
	enum frame_event event = FRAME_MORE;
	struct frame_reader r;
	size_t at = 0, used;

	frame_reader_init(&r, LIMIT);
	while (at < in.size && event < FRAME_CLOSE) {
		size_t n = in.size - at < step ? in.size - at : step;
		event = frame_feed(&r, span_of(in.data + at, n), &used);
		promise(used > 0 && used <= n && (event != FRAME_MORE || used == n));
		check(&r, event);
		if (event != FRAME_MORE)
			tell(&r, event, log);
		at += used;
	}
	frame_reader_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf logs[3];
	const size_t steps[] = {size > 0 ? size : 1, 1, 7};

	for (size_t i = 0; i < 3; i++) {
		buf_init(&logs[i], 1 << 20);
		run(span_of(data, size), steps[i], &logs[i]);
		promise(logs[i].failed != OK || span_equal(buf_span(&logs[i]), buf_span(&logs[0])));
	}
	for (size_t i = 0; i < 3; i++)
		buf_free(&logs[i]);
	return 0;
}
