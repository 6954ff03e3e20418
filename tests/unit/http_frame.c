/*
 * Are frames read as RFC 6455 says, however they are cut, and is everything else refused with the
 * right code before it is kept?
 */
#include "http/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LIMIT 1000

/* A masked frame of a client. */
static void put(struct buf *b, unsigned first, size_t length, const char *text)
{
	static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};

	buf_put_byte(b, (uint8_t)first);
	if (length < 126) {
		buf_put_byte(b, (uint8_t)(0x80 | length));
	} else {
		buf_put_byte(b, 0x80 | 126);
		buf_put_byte(b, (uint8_t)(length >> 8));
		buf_put_byte(b, (uint8_t)length);
	}
	buf_put(b, mask, sizeof(mask));
	for (size_t i = 0; i < length; i++)
		buf_put_byte(b, (uint8_t)(text[i] ^ mask[i % 4]));
}

struct seen {
	char log[4096];
	unsigned code;
};

static void note(struct seen *s, const char *what, const void *data, size_t size)
{
	size_t n = strlen(s->log);

	snprintf(s->log + n, sizeof(s->log) - n, "%s(%.*s)", what, (int)size, (const char *)data);
}

static void feed(struct span in, size_t step, struct seen *seen)
{
	struct frame_reader r;
	size_t at = 0, used;

	memset(seen, 0, sizeof(*seen));
	frame_reader_init(&r, LIMIT);
	while (at < in.size && seen->code == 0) {
		size_t n = in.size - at < step ? in.size - at : step;
		switch (frame_feed(&r, span_of(in.data + at, n), &used)) {
		case FRAME_MORE: assert_int_equal(used, n); break;
		case FRAME_TEXT: note(seen, "text", r.message.data, r.message.size); break;
		case FRAME_PING: note(seen, "ping", r.control, r.control_size); break;
		case FRAME_PONG: note(seen, "pong", r.control, r.control_size); break;
		case FRAME_CLOSE:
			note(seen, "close", "", 0);
			seen->code = r.code;
			break;
		case FRAME_FAIL:
			note(seen, "fail", "", 0);
			seen->code = r.code;
			break;
		}
		at += used;
	}
	frame_reader_free(&r);
}

/* Whole and byte by byte. */
static void expect(struct buf *b, const char *log, unsigned code)
{
	struct seen seen;

	for (size_t step = 1; step <= b->size; step = step == b->size ? step + 1 : b->size) {
		feed(buf_span(b), step, &seen);
		assert_string_equal(seen.log, log);
		assert_int_equal(seen.code, code);
	}
	buf_free(b);
	buf_init(b, 1 << 20);
}

static void test_messages(void **state)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	put(&b, 0x81, 5, "Hello"); /* RFC 6455 §5.7 */
	expect(&b, "text(Hello)", 0);
	put(&b, 0x81, 0, "");
	put(&b, 0x81, 3, "two");
	expect(&b, "text()text(two)", 0);
	/* §5.4: control frames may stand between the parts */
	put(&b, 0x01, 3, "Hel");
	put(&b, 0x89, 4, "ping");
	put(&b, 0x00, 0, "");
	put(&b, 0x8a, 0, "");
	put(&b, 0x80, 2, "lo");
	put(&b, 0x88, 2, "\x03\xe8");
	expect(&b, "ping(ping)pong()text(Hello)close()", 1000);
	/* a character cut in two is one character */
	put(&b, 0x01, 1, "\xc3");
	put(&b, 0x80, 1, "\xa7");
	expect(&b, "text(\xc3\xa7)", 0);
	put(&b, 0x88, 0, "");
	expect(&b, "close()", FRAME_CODE_NONE);
}

static void test_lengths(void **state)
{
	static char text[LIMIT + 1];
	struct buf b;

	memset(text, 'x', sizeof(text));
	buf_init(&b, 1 << 20);
	put(&b, 0x82 - 1, 126, text);
	put(&b, 0x01, LIMIT, text);
	put(&b, 0x80, 1, text); /* one byte too many, in two frames */
	struct seen seen;
	feed(buf_span(&b), b.size, &seen);
	assert_int_equal(seen.code, FRAME_CODE_TOO_LARGE);
	buf_reset(&b);
	put(&b, 0x81, LIMIT, text);
	feed(buf_span(&b), 7, &seen);
	assert_int_equal(strlen(seen.log), LIMIT + strlen("text()"));
	buf_reset(&b);
	put(&b, 0x81, LIMIT + 1, text);
	expect(&b, "fail()", FRAME_CODE_TOO_LARGE);
}

static void test_refused_by_the_head(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		unsigned code;
	} all[] = {
	    {"\x81\x05", 2, FRAME_CODE_PROTOCOL}, /* §5.1: not masked */
	    {"\xc1\x85", 2, FRAME_CODE_PROTOCOL}, /* an extension's bit */
	    {"\xa1\x85", 2, FRAME_CODE_PROTOCOL},
	    {"\x91\x85", 2, FRAME_CODE_PROTOCOL},
	    {"\x83\x80", 2, FRAME_CODE_PROTOCOL}, /* reserved opcodes */
	    {"\x87\x80", 2, FRAME_CODE_PROTOCOL},
	    {"\x8b\x80", 2, FRAME_CODE_PROTOCOL},
	    {"\x8f\x80", 2, FRAME_CODE_PROTOCOL},
	    {"\x82\x80", 2, FRAME_CODE_TYPE},     /* binary */
	    {"\x80\x80", 2, FRAME_CODE_PROTOCOL}, /* goes on with nothing */
	    {"\x09\x80", 2, FRAME_CODE_PROTOCOL}, /* a control frame in parts */
	    {"\x89\xfe", 2, FRAME_CODE_PROTOCOL}, /* a large one */
	    {"\x88\xff", 2, FRAME_CODE_PROTOCOL},
	    {"\x81\xfe\x00\x7d....", 8, FRAME_CODE_PROTOCOL}, /* length in too many bytes */
	    {"\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff....", 14, FRAME_CODE_PROTOCOL},
	    {"\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00....", 14, FRAME_CODE_PROTOCOL},
	    {"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff....", 14, FRAME_CODE_TOO_LARGE},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct buf b;

		buf_init(&b, 1 << 20);
		buf_put(&b, all[i].bytes, all[i].size);
		expect(&b, "fail()", all[i].code);
	}
}

static void test_refused_by_what_was_before(void **state)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	put(&b, 0x01, 1, "a");
	put(&b, 0x81, 1, "b");
	expect(&b, "fail()", FRAME_CODE_PROTOCOL);
	put(&b, 0x81, 1, "a");
	put(&b, 0x80, 1, "b");
	expect(&b, "text(a)fail()", FRAME_CODE_PROTOCOL);
	put(&b, 0x81, 2, "\xc3(");
	expect(&b, "fail()", FRAME_CODE_TEXT);
	put(&b, 0x01, 1, "\xed");
	put(&b, 0x80, 2, "\xa0\x80"); /* a surrogate */
	expect(&b, "fail()", FRAME_CODE_TEXT);
}

static void test_closes(void **state)
{
	static const unsigned good[] = {1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999},
			      bad[] = {0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535};
	struct buf b;
	char text[2];

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		text[0] = (char)(good[i] >> 8);
		text[1] = (char)good[i];
		put(&b, 0x88, 2, text);
		expect(&b, "close()", good[i]);
		text[0] = (char)(bad[i] >> 8);
		text[1] = (char)bad[i];
		put(&b, 0x88, 2, text);
		expect(&b, "fail()", FRAME_CODE_PROTOCOL);
	}
	put(&b, 0x88, 1, "\x03");
	expect(&b, "fail()", FRAME_CODE_PROTOCOL);
	put(&b, 0x88, 3, "\x03\xe8\xff");
	expect(&b, "fail()", FRAME_CODE_TEXT);
}

/* What we write, with the mask put on, reads as it was. */
static void test_writing(void **state)
{
	static const size_t sizes[] = {0, 1, 125, 126, 65535, 65536};
	static char text[70000];
	struct buf b;

	memset(text, 'y', sizeof(text));
	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		static const uint8_t no_mask[4];
		struct frame_reader r;
		struct buf masked;
		size_t used, head;

		frame_put(&b, FRAME_OP_TEXT, span_of(text, sizes[i]));
		head = b.size - sizes[i];
		buf_init(&masked, 1 << 20);
		buf_put(&masked, b.data, head);
		masked.data[1] |= 0x80;
		buf_put(&masked, no_mask, 4);
		buf_put(&masked, b.data + head, sizes[i]);
		frame_reader_init(&r, sizeof(text));
		assert_int_equal(frame_feed(&r, buf_span(&masked), &used), FRAME_TEXT);
		assert_int_equal(used, masked.size);
		assert_int_equal(r.message.size, sizes[i]);
		frame_reader_free(&r);
		buf_free(&masked);
		buf_reset(&b);
	}
	frame_put_close(&b, 1001);
	assert_memory_equal(b.data, "\x88\x02\x03\xe9", 4);
	buf_reset(&b);
	frame_put_close(&b, FRAME_CODE_NONE);
	assert_memory_equal(b.data, "\x88\x00", 2);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_messages),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_refused_by_the_head),
	    cmocka_unit_test(test_refused_by_what_was_before),
	    cmocka_unit_test(test_closes),
	    cmocka_unit_test(test_writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
