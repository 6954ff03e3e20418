/* Readers of RFC 8941 pieces. See the header for what "canonical" leaves out. */
#include "sign/structured.h"

#include <string.h>

static int peek(struct span at)
{
	return at.size > 0 ? at.data[0] : -1;
}

static void step(struct span *at, size_t n)
{
	*at = span_of(at->data + n, at->size - n);
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

bool sf_byte(struct span *at, char c)
{
	if (peek(*at) != (uint8_t)c)
		return false;
	step(at, 1);
	return true;
}

static bool is_key_byte(int c, bool is_first)
{
	if ((c >= 'a' && c <= 'z') || c == '*')
		return true;
	return !is_first && (is_digit(c) || c == '_' || c == '-' || c == '.');
}

bool sf_key(struct span *at, char out[SF_NAME_SIZE])
{
	size_t n = 0;
	while (n < SF_NAME_SIZE - 1 && is_key_byte(peek(*at), n == 0)) {
		out[n++] = (char)at->data[0];
		step(at, 1);
	}
	out[n] = 0;
	return n > 0 && !is_key_byte(peek(*at), false);
}

bool sf_string(struct span *at, char *out, size_t room)
{
	size_t n = 0;
	if (!sf_byte(at, '"'))
		return false;
	while (!sf_byte(at, '"')) {
		bool is_escape = sf_byte(at, '\\');
		int c = peek(*at);
		if (c < 0x20 || c > 0x7e || (is_escape && c != '"' && c != '\\') || n + 1 >= room)
			return false;
		out[n++] = (char)c;
		step(at, 1);
	}
	out[n] = 0;
	return true;
}

/* At most 15 digits, no sign of zero, no leading zero. */
bool sf_integer(struct span *at, int64_t *out)
{
	bool is_negative = sf_byte(at, '-');
	int64_t v = 0;
	size_t n = 0;
	bool is_zero = peek(*at) == '0';
	for (; n <= 15 && is_digit(peek(*at)); n++, step(at, 1))
		v = v * 10 + (at->data[0] - '0');
	*out = is_negative ? -v : v;
	return n > 0 && n <= 15 && (!is_zero || (n == 1 && !is_negative)) && peek(*at) != '.';
}

bool sf_bytes(struct span *at, struct span *base64)
{
	if (!sf_byte(at, ':'))
		return false;
	const uint8_t *start = at->data;
	while (at->size > 0 && at->data[0] != ':')
		step(at, 1);
	*base64 = span_of(start, (size_t)(at->data - start));
	return sf_byte(at, ':') && base64->size % 4 == 0 && span_is_plain(*base64, "+/=");
}

/* §3.3.4: token; §3.3.1 and §3.3.2: numbers. Their bytes need no judging to be skipped. */
static bool skip_word(struct span *at)
{
	static const char marks[] = "!#$%&'*+-.^_`|~:/";
	size_t n = 0;
	while (at->size > 0 && span_is_plain(span_of(at->data, 1), marks)) {
		step(at, 1);
		n++;
	}
	return n > 0;
}

bool sf_skip_item(struct span *at)
{
	char text[1024];
	struct span bytes;
	if (peek(*at) == '"')
		return sf_string(at, text, sizeof text);
	if (peek(*at) == ':')
		return sf_bytes(at, &bytes);
	if (sf_byte(at, '?'))
		return sf_byte(at, '0'); /* true is written by leaving the value out */
	return skip_word(at);
}

static void skip_space(struct span *at)
{
	while (peek(*at) == ' ' || peek(*at) == '\t')
		step(at, 1);
}

bool sf_comma(struct span *at)
{
	skip_space(at);
	if (!sf_byte(at, ','))
		return false;
	skip_space(at);
	return true;
}

bool sf_put_string(struct buf *out, const char *text)
{
	buf_put_byte(out, '"');
	for (const char *c = text; *c != 0; c++) {
		if (*c < 0x20 || *c > 0x7e)
			return false;
		if (*c == '"' || *c == '\\')
			buf_put_byte(out, '\\');
		buf_put_byte(out, (uint8_t)*c);
	}
	buf_put_byte(out, '"');
	return true;
}
