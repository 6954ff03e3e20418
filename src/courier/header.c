/*
 * Header lines with text that people wrote. What is plain and short goes as it is; all else
 * becomes encoded-words of base64, each holding whole characters (RFC 2047 §5), one a line. No
 * byte of the input reaches the header unencoded unless it is printable ASCII, so a header line
 * cannot be injected.
 */
#include "courier/compose.h"

#include "base/codec.h"
#include "base/text.h"

#include <string.h>

/* RFC 2047 §2: an encoded-word has at most 75 characters: "=?utf-8?B?" + 60 + "?=" = 72. */
#define WORD_BYTES 45
#define WORD_FRAME 12 /* "=?utf-8?B?" and "?=" */
#define LINE_CHARS 76
#define PLAIN_MAX 60

static bool is_plain(struct span s)
{
	for (size_t i = 0; i < s.size; i++) {
		if (s.data[i] < 0x20 || s.data[i] > 0x7e)
			return false;
		if (s.data[i] == '=' && i + 1 < s.size && s.data[i + 1] == '?')
			return false;
	}
	return s.size <= PLAIN_MAX && span_trim(s).size == s.size;
}

/* C0, DEL and C1 (as UTF-8: C2 80..9F) become spaces. */
static void put_without_controls(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.size; i++) {
		if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
			buf_put_byte(out, ' ');
		} else if (s.data[i] == 0xc2 && i + 1 < s.size && s.data[i + 1] < 0xa0) {
			buf_put_byte(out, ' ');
			i++;
		} else {
			buf_put_byte(out, s.data[i]);
		}
	}
}

static size_t word_size(struct span rest, size_t most)
{
	size_t size = rest.size < most ? rest.size : most;

	while (size > 0 && size < rest.size && (rest.data[size] & 0xc0) == 0x80)
		size--;
	return size;
}

/* column: where the first word starts on its line. */
static void put_words(struct buf *out, struct span rest, size_t column)
{
	size_t most = (LINE_CHARS - WORD_FRAME - column) / 4 * 3;

	while (rest.size > 0) {
		size_t size = word_size(rest, most);
		buf_put_str(out, "=?utf-8?B?");
		b64_encode(out, span_of(rest.data, size));
		buf_put_str(out, "?=");
		rest = span_of(rest.data + size, rest.size - size);
		most = WORD_BYTES;
		if (rest.size > 0)
			buf_put_str(out, "\r\n ");
	}
}

static enum err put_encoded(struct buf *out, struct span text, size_t column)
{
	struct buf clean;
	ENSURE(text_is_utf8(text), ERR_TEXT);

	buf_init(&clean, text.size + 1);
	put_without_controls(&clean, text);
	put_words(out, buf_span(&clean), column);
	buf_free(&clean);
	return OK;
}

enum err header_put_text(struct buf *out, const char *name, const char *text)
{
	struct span s = span_str(text);

	buf_format(out, "%s: ", name);
	if (is_plain(s))
		buf_put_span(out, s);
	else
		TRY(put_encoded(out, s, strlen(name) + 2));
	buf_put_str(out, "\r\n");
	return OK;
}

static void put_quoted(struct buf *out, struct span s)
{
	buf_put_byte(out, '"');
	for (size_t i = 0; i < s.size; i++) {
		if (s.data[i] == '"' || s.data[i] == '\\')
			buf_put_byte(out, '\\');
		buf_put_byte(out, s.data[i]);
	}
	buf_put_byte(out, '"');
}

enum err header_put_person(
    struct buf *out, const char *name, const char *display, const char *address)
{
	struct span shown = span_str(display);
	ENSURE(text_is_email(span_str(address)), ERR_EMAIL);

	buf_format(out, "%s: ", name);
	if (shown.size > 0 && is_plain(shown))
		put_quoted(out, shown);
	else if (shown.size > 0)
		TRY(put_encoded(out, shown, strlen(name) + 2));
	buf_format(out, "%s<%s>\r\n", shown.size > 0 ? "\r\n " : "", address);
	return OK;
}
