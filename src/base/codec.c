/*
 * Hex, base64, base64url and percent coding. The base64 codecs compute each character
 * without tables or branches on its value, so secrets may pass through them.
 */
#include "base/codec.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

void hex_text(char *out, const uint8_t *in, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		out[2 * i] = hex_digits[in[i] >> 4];
		out[2 * i + 1] = hex_digits[in[i] & 15];
	}
	out[2 * size] = 0;
}

void hex_encode(struct buf *out, struct span in)
{
	uint8_t *at = buf_extend(out, 2 * in.size);
	for (size_t i = 0; at != NULL && i < in.size; i++) {
		at[2 * i] = (uint8_t)hex_digits[in.data[i] >> 4];
		at[2 * i + 1] = (uint8_t)hex_digits[in.data[i] & 15];
	}
}

int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum err hex_decode(struct span in, uint8_t *out, size_t size)
{
	ENSURE(in.size == 2 * size, ERR_FIELD_VALUE);
	for (size_t i = 0; i < size; i++) {
		int high = hex_value(in.data[2 * i]), low = hex_value(in.data[2 * i + 1]);
		ENSURE(high >= 0 && low >= 0, ERR_FIELD_VALUE);
		out[i] = (uint8_t)(high << 4 | low);
	}
	return OK;
}

/* All ones when low <= c <= high, else zero; c, low, high below 256. */
static unsigned in_range(unsigned c, unsigned low, unsigned high)
{
	return 0U - (((low - c - 1) & (c - high - 1)) >> 31);
}

static uint8_t b64_digit(unsigned v, unsigned c62, unsigned c63)
{
	unsigned c = (v + 'A') & in_range(v, 0, 25);
	c |= (v - 26 + 'a') & in_range(v, 26, 51);
	c |= (v - 52 + '0') & in_range(v, 52, 61);
	c |= c62 & in_range(v, 62, 62);
	c |= c63 & in_range(v, 63, 63);
	return (uint8_t)c;
}

/* Value of a digit, or a number above 63. */
static unsigned b64_value(unsigned c, unsigned c62, unsigned c63)
{
	unsigned known = 0, v = 0;
	unsigned upper = in_range(c, 'A', 'Z'), small = in_range(c, 'a', 'z');
	unsigned digit = in_range(c, '0', '9'), d62 = in_range(c, c62, c62),
		 d63 = in_range(c, c63, c63);
	v |= (c - 'A') & upper;
	v |= (c - 'a' + 26) & small;
	v |= (c - '0' + 52) & digit;
	v |= 62 & d62;
	v |= 63 & d63;
	known = upper | small | digit | d62 | d63;
	return v | (~known & 0x100);
}

static void encode(struct buf *out, struct span in, unsigned c62, unsigned c63, bool pad)
{
	size_t whole = in.size / 3, rest = in.size % 3;
	size_t size = whole * 4 + (rest ? (pad ? 4 : rest + 1) : 0);
	uint8_t *o = buf_extend(out, size);
	if (o == NULL)
		return;
	const uint8_t *p = in.data;
	for (size_t i = 0; i < whole; i++, p += 3, o += 4) {
		unsigned v = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];
		o[0] = b64_digit(v >> 18, c62, c63);
		o[1] = b64_digit(v >> 12 & 63, c62, c63);
		o[2] = b64_digit(v >> 6 & 63, c62, c63);
		o[3] = b64_digit(v & 63, c62, c63);
	}
	if (rest == 0)
		return;
	unsigned v = (unsigned)p[0] << 16 | (rest == 2 ? (unsigned)p[1] << 8 : 0);
	*o++ = b64_digit(v >> 18, c62, c63);
	*o++ = b64_digit(v >> 12 & 63, c62, c63);
	if (rest == 2)
		*o++ = b64_digit(v >> 6 & 63, c62, c63);
	for (size_t i = rest; pad && i < 3; i++)
		*o++ = '=';
}

/* Digits only; the tail's unused bits must be zero. */
static enum err decode(struct buf *out, struct span in, unsigned c62, unsigned c63)
{
	ENSURE(in.size % 4 != 1, ERR_BASE64);
	size_t whole = in.size / 4, rest = in.size % 4;
	uint8_t *o = buf_extend(out, whole * 3 + (rest ? rest - 1 : 0));
	ENSURE(o != NULL, out->failed);
	const uint8_t *p = in.data;
	unsigned bad = 0;
	for (size_t i = 0; i < whole; i++, p += 4, o += 3) {
		unsigned a = b64_value(p[0], c62, c63), b = b64_value(p[1], c62, c63);
		unsigned c = b64_value(p[2], c62, c63), d = b64_value(p[3], c62, c63);
		unsigned v = a << 18 | b << 12 | c << 6 | d;
		bad |= (a | b | c | d) & 0x100;
		o[0] = (uint8_t)(v >> 16);
		o[1] = (uint8_t)(v >> 8);
		o[2] = (uint8_t)v;
	}
	if (rest > 0) {
		unsigned a = b64_value(p[0], c62, c63), b = b64_value(p[1], c62, c63);
		unsigned c = rest == 3 ? b64_value(p[2], c62, c63) : 0;
		bad |= ((a | b | c) & 0x100) | (rest == 2 ? b & 15 : c & 3);
		o[0] = (uint8_t)(a << 2 | b >> 4);
		if (rest == 3)
			o[1] = (uint8_t)(b << 4 | c >> 2);
	}
	return bad ? ERR_BASE64 : OK;
}

void b64_encode(struct buf *out, struct span in)
{
	encode(out, in, '+', '/', true);
}

void b64url_encode(struct buf *out, struct span in)
{
	encode(out, in, '-', '_', false);
}

enum err b64url_decode(struct buf *out, struct span in)
{
	return decode(out, in, '-', '_');
}

static bool has_line_end(struct span in)
{
	return in.size > 0 &&
	       (memchr(in.data, '\n', in.size) != NULL || memchr(in.data, '\r', in.size) != NULL);
}

/* Padding: none, or exactly what fills the last group of four. */
static enum err b64_unpad(struct span *in)
{
	size_t pad = 0;
	while (pad < 2 && in->size > 0 && in->data[in->size - 1] == '=') {
		in->size--;
		pad++;
	}
	ENSURE(pad == 0 || (in->size + pad) % 4 == 0, ERR_BASE64);
	return OK;
}

enum err b64_decode(struct buf *out, struct span in)
{
	struct buf flat;
	buf_init(&flat, in.size);
	if (has_line_end(in)) {
		for (size_t i = 0; i < in.size; i++)
			if (in.data[i] != '\n' && in.data[i] != '\r')
				buf_put_byte(&flat, in.data[i]);
		in = buf_span(&flat);
	}
	enum err e = buf_done(&flat);
	if (e == OK)
		e = b64_unpad(&in);
	if (e == OK)
		e = decode(out, in, '+', '/');
	buf_free(&flat);
	return e;
}

static bool is_unreserved(uint8_t c)
{
	return span_is_plain(span_of(&c, 1), "-._~");
}

void url_encode(struct buf *out, struct span in)
{
	for (size_t i = 0; i < in.size; i++) {
		if (is_unreserved(in.data[i]))
			buf_put_byte(out, in.data[i]);
		else
			buf_format(out, "%%%02X", in.data[i]);
	}
}

enum err url_decode(struct buf *out, struct span in, bool plus_is_space)
{
	for (size_t i = 0; i < in.size; i++) {
		uint8_t c = in.data[i];
		if (c == '%') {
			ENSURE(i + 2 < in.size, ERR_BAD_REQUEST);
			ENSURE(
			    hex_decode(span_of(in.data + i + 1, 2), &c, 1) == OK, ERR_BAD_REQUEST);
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		buf_put_byte(out, c);
	}
	return buf_done(out);
}
