/*
 * What does the reader of heads and chunks make of bytes that arrive in any pieces? The table
 * of refusals is in tests/http/guard.test.mjs; here is what a socket cannot show.
 */
#include "http/head.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct http_header lines[LIMIT_HEADER_LINES];

static enum err parse(const char *text, struct http_head *h)
{
	*h = (struct http_head){.headers = lines};
	return http_head_parse(span_str(text), h);
}

static void test_spans(void **state)
{
	struct http_head h;

	assert_int_equal(
	    parse("GET /a%20b?c=d&e HTTP/1.1\r\nHost: x:1\r\nA: \t b c \t\r\n\r\n", &h), OK);
	assert_int_equal(h.method, HTTP_GET);
	assert_true(span_equal_str(h.target, "/a%20b?c=d&e"));
	assert_true(span_equal_str(h.path, "/a%20b"));
	assert_true(span_equal_str(h.query, "c=d&e"));
	assert_true(span_equal_str(h.host, "x:1"));
	assert_int_equal(h.header_count, 2);
	assert_true(span_equal_str(lines[1].value, "b c"));
	assert_false(h.close || h.chunked || h.has_length || h.expects_continue);
}

static void test_framing(void **state)
{
	struct http_head h;

	assert_int_equal(
	    parse("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 007\r\n\r\n", &h), OK);
	assert_true(h.has_length);
	assert_int_equal(h.length, 7);
	assert_int_equal(
	    parse("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999999999\r\n\r\n", &h),
	    OK);
	assert_true(h.length == UINT64_C(999999999999999999));
	assert_int_equal(
	    parse("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000000000\r\n\r\n", &h),
	    ERR_BAD_REQUEST);
	assert_int_equal(
	    parse("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n", &h), OK);
	assert_true(h.chunked);
	assert_int_equal(
	    parse("GET / HTTP/1.1\r\nHost: x\r\nConnection: a, CLOSE ,b\r\n\r\n", &h), OK);
	assert_true(h.close);
	assert_int_equal(parse("GET / HTTP/1.1\r\nHost: x\r\nConnection: closed\r\n\r\n", &h), OK);
	assert_false(h.close);
}

static void test_refusal_keeps_what_was_read(void **state)
{
	struct http_head h;

	assert_int_equal(parse("GET /p HTTP/1.1\r\nHost: x\r\nX-Sign: 1\r\nx-sign: 2\r\n\r\n", &h),
	    ERR_AUTH_DOUBLE);
	assert_true(span_equal_str(h.path, "/p"));
	assert_int_equal(h.header_count, 3);
	assert_non_null(h.detail);
}

/* The end is found at the same place however the bytes are cut. */
static void test_end_in_pieces(void **state)
{
	static const char *const texts[] = {
	    "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET",
	    "GET / HTTP/1.1\nHost: x\n\nGET",
	    "GET / HTTP/1.1\nHost: x\n\r\nGET",
	    "\r\n\r\nGET",
	    "GET / HTTP/1.1\r\nHost: x\r\n \r\n\r\n",
	};

	for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
		size_t whole = 0, piece = 0, n = 0, size = strlen(texts[t]);
		size_t end = http_head_end(span_of(texts[t], size), &whole);
		assert_true(end > 0);
		for (n = 1; n <= size; n++) {
			size_t found = http_head_end(span_of(texts[t], n), &piece);
			if (found == 0)
				continue;
			assert_int_equal(found, end);
			break;
		}
		assert_int_equal(n, end);
	}
}

static enum err feed(const char *text, size_t step, struct buf *body, size_t *used, bool *done)
{
	struct http_chunk c = {0};
	size_t size = strlen(text), n;

	*used = 0;
	*done = false;
	while (*used < size && !*done) {
		size_t left = size - *used;
		TRY(http_chunk_feed(
		    &c, span_of(text + *used, left < step ? left : step), &n, body, done));
		*used += n;
	}
	return OK;
}

static void test_chunks_in_pieces(void **state)
{
	static const char text[] = "5\r\nhello\r\n00006;x=\"y\"\r\n world\r\n0\r\nA: b\r\n\r\nNEXT";
	struct buf body;
	size_t used;
	bool done;

	for (size_t step = 1; step < sizeof(text); step++) {
		buf_init(&body, 64);
		assert_int_equal(feed(text, step, &body, &used, &done), OK);
		assert_true(done);
		assert_string_equal(buf_str(&body), "hello world");
		assert_string_equal(text + used, "NEXT");
		buf_free(&body);
	}
}

static void test_chunk_limits(void **state)
{
	struct buf body;
	size_t used;
	bool done;

	buf_init(&body, 4);
	assert_int_equal(feed("4\r\nabcd\r\n0\r\n\r\n", 3, &body, &used, &done), OK);
	buf_reset(&body);
	assert_int_equal(feed("5\r\n", 3, &body, &used, &done), ERR_LIMIT);
	buf_reset(&body);
	assert_int_equal(feed("3\r\nabc\r\n2\r\n", 3, &body, &used, &done), ERR_LIMIT);
	buf_reset(&body);
	assert_int_equal(feed("000000001\r\na", 3, &body, &used, &done), ERR_BAD_REQUEST);
	buf_free(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spans),
	    cmocka_unit_test(test_framing),
	    cmocka_unit_test(test_refusal_keeps_what_was_read),
	    cmocka_unit_test(test_end_in_pieces),
	    cmocka_unit_test(test_chunks_in_pieces),
	    cmocka_unit_test(test_chunk_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
