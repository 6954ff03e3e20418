/*
 * Bodies of a mail in a form that every relay leaves alone: lines of at most 76 characters of
 * ASCII, whatever the text's script.
 */
#include "courier/compose.h"

#include "base/codec.h"
#include "base/text.h"

#define LINE_MAX 75 /* and the soft break's "=" */
#define BASE64_LINE_BYTES 57

static bool is_literal(uint8_t c)
{
	return (c >= 0x21 && c <= 0x7e && c != '=') || c == ' ' || c == '\t';
}

/* RFC 2045 §6.7 (3): a space at a line's end is encoded. */
static bool is_at_line_end(struct span text, size_t i)
{
	return i + 1 >= text.size || text.data[i + 1] == '\r' || text.data[i + 1] == '\n';
}

static void qp_put(struct buf *out, uint8_t c, bool literal, size_t *column)
{
	size_t width = literal ? 1 : 3;

	if (*column + width > LINE_MAX) {
		buf_put_str(out, "=\r\n");
		*column = 0;
	}
	if (literal)
		buf_put_byte(out, c);
	else
		buf_format(out, "=%02X", c);
	*column += width;
}

static void qp_encode(struct buf *out, struct span text)
{
	size_t column = 0;

	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		if (c == '\n') {
			buf_put_str(out, "\r\n");
			column = 0;
		} else if (c != '\r') {
			bool is_space = c == ' ' || c == '\t';
			bool literal = is_literal(c) && !(is_space && is_at_line_end(text, i));
			qp_put(out, c, literal, &column);
		}
	}
}

static void base64_encode(struct buf *out, struct span text)
{
	struct buf canonical;

	buf_init(&canonical, 2 * text.size + 1);
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '\n')
			buf_put_byte(&canonical, '\r');
		if (text.data[i] != '\r')
			buf_put_byte(&canonical, text.data[i]);
	}
	for (size_t at = 0; at < canonical.size; at += BASE64_LINE_BYTES) {
		size_t left = canonical.size - at;
		size_t size = left < BASE64_LINE_BYTES ? left : BASE64_LINE_BYTES;
		b64_encode(out, span_of(canonical.data + at, size));
		buf_put_str(out, "\r\n");
	}
	buf_free(&canonical);
}

static bool is_mostly_ascii(struct span text)
{
	size_t other = 0;

	for (size_t i = 0; i < text.size; i++)
		other += !is_literal(text.data[i]) && text.data[i] != '\n' && text.data[i] != '\r';
	return other * 6 < text.size;
}

enum err part_put(struct buf *out, const char *type, struct span text)
{
	bool is_qp = is_mostly_ascii(text);
	ENSURE(text_is_utf8(text), ERR_TEXT);

	buf_format(out, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	    type, is_qp ? "quoted-printable" : "base64");
	if (is_qp)
		qp_encode(out, text);
	else
		base64_encode(out, text);
	buf_put_str(out, "\r\n");
	return OK;
}
