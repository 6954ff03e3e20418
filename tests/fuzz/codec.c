/*
 * base64, base64url, hex and percent coding: strict, so each accepted text is the one text of
 * its bytes (line ends and padding of base64 aside), and encoding always comes back.
 */
#include "base/codec.h"
#include "fuzz.h"

#include <string.h>

typedef enum err (*decoder)(struct buf *out, struct span in);
typedef void (*encoder)(struct buf *out, struct span in);

static enum err percent(struct buf *out, struct span in)
{
	return url_decode(out, in, false);
}

static void there_and_back(struct span in, encoder encode, decoder decode)
{
	struct buf text, bytes;
	buf_init(&text, 4 * in.size + 4);
	buf_init(&bytes, in.size + 3);
	encode(&text, in);
	promise(buf_done(&text) == OK);
	promise(decode(&bytes, buf_span(&text)) == OK && span_equal(buf_span(&bytes), in));
	buf_free(&text);
	buf_free(&bytes);
}

/* is_strict: the text that was accepted is the only one for its bytes. */
static void accepted(struct span in, encoder encode, decoder decode, bool is_strict)
{
	struct buf bytes, text;
	buf_init(&bytes, in.size + 3);
	buf_init(&text, 4 * in.size + 4);
	if (decode(&bytes, in) == OK) {
		promise(bytes.size <= in.size);
		encode(&text, buf_span(&bytes));
		promise(buf_done(&text) == OK);
		promise(!is_strict || span_equal(buf_span(&text), in));
	}
	buf_free(&bytes);
	buf_free(&text);
}

static void check_hex(struct span in)
{
	uint8_t bytes[64];
	char text[129];
	size_t size = in.size / 2;
	if (size > sizeof bytes || hex_decode(in, bytes, size) != OK)
		return;
	promise(in.size == 2 * size);
	hex_text(text, bytes, size);
	promise(span_equal_nocase(in, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	there_and_back(in, b64_encode, b64_decode);
	there_and_back(in, b64url_encode, b64url_decode);
	there_and_back(in, url_encode, percent);
	accepted(in, b64_encode, b64_decode, false);
	accepted(in, b64url_encode, b64url_decode, true);
	accepted(in, url_encode, percent, false);
	check_hex(in);
	return 0;
}
