/*
 * The reader of heads and chunks: what it accepts must keep the promises of head.h, and the
 * result must not depend on how the bytes were cut.
 */
#include "base/limits.h"
#include "http/head.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static size_t end_in_pieces(struct span in)
{
	size_t scanned = 0;

	for (size_t n = 1; n <= in.size; n++) {
		size_t end = http_head_end(span_of(in.data, n), &scanned);
		if (end > 0)
			return end;
	}
	return 0;
}

static void check_head(const struct http_head *h)
{
	size_t hosts = 0, lengths = 0;

	promise(h->path.size > 0 && h->path.data[0] == '/');
	promise(memchr(h->target.data, 0, h->target.size) == NULL);
	promise(memmem(h->target.data, h->target.size, "%00", 3) == NULL);
	promise(!(h->chunked && h->has_length));
	promise(h->method != 0);
	for (size_t i = 0; i < h->header_count; i++) {
		struct span v = h->headers[i].value;
		hosts += span_equal_nocase(h->headers[i].name, "host");
		lengths += span_equal_nocase(h->headers[i].name, "content-length");
		promise(h->headers[i].name.size > 0);
		for (size_t k = 0; k < v.size; k++)
			promise(v.data[k] >= 0x20 || v.data[k] == '\t');
	}
	promise(hosts == 1 && lengths <= 1);
}

static enum err feed(struct span in, size_t step, struct buf *body, size_t *used, bool *done)
{
	struct http_chunk c = {0};
	size_t n;

	*used = 0;
	*done = false;
	while (*used < in.size && !*done) {
		size_t left = in.size - *used;
		TRY(http_chunk_feed(
		    &c, span_of(in.data + *used, left < step ? left : step), &n, body, done));
		*used += n;
	}
	return OK;
}

static void check_chunks(struct span in)
{
	struct buf a, b;
	size_t used_a, used_b;
	bool done_a, done_b;

	buf_init(&a, 4096);
	buf_init(&b, 4096);
	enum err one = feed(in, in.size, &a, &used_a, &done_a);
	enum err two = feed(in, 1, &b, &used_b, &done_b);
	promise((one == OK) == (two == OK));
	if (one == OK)
		promise(
		    used_a == used_b && done_a == done_b && span_equal(buf_span(&a), buf_span(&b)));
	buf_free(&a);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_header lines[LIMIT_HEADER_LINES];
	struct http_head h = {.headers = lines};
	struct span in = span_of(data, size);
	size_t scanned = 0;

	(void)http_head_plausible(in);
	size_t end = http_head_end(in, &scanned);
	promise(end == end_in_pieces(in));
	if (end == 0) {
		check_chunks(in);
		return 0;
	}
	if (http_head_parse(span_of(data, end), &h) == OK) {
		check_head(&h);
		if (h.chunked)
			check_chunks(span_of(data + end, size - end));
	}
	return 0;
}
