/*
 * The last lines of a PDF: where its newest cross-reference section is and of which kind.
 * qpdf's C interface tells neither, and an update must be of the same kind as what it follows.
 */
#include "pdf/open.h"

#include <string.h>

/* ISO 32000-1 annex H.3 note 18: readers look for the end marker in the last 1024 bytes. */
#define TAIL_WINDOW 1054

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == 0;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static size_t skip_space(struct span s, size_t at)
{
	while (at < s.size && is_space(s.data[at]))
		at++;
	return at;
}

static size_t read_number(struct span s, size_t at, size_t *value)
{
	*value = 0;
	while (at < s.size && is_digit(s.data[at]) && *value < SIZE_MAX / 20)
		*value = *value * 10 + (size_t)(s.data[at++] - '0');
	return at;
}

/* ISO 32000-1 §7.3.10: "12 0 obj" */
static bool is_object(struct span s, size_t at)
{
	size_t number, generation;
	size_t end = read_number(s, at, &number);
	size_t next = skip_space(s, end);
	if (end == at || next == end)
		return false;
	end = read_number(s, next, &generation);
	size_t word = skip_space(s, end);
	return end > next && word > end && s.size - word > 3 &&
	       span_starts(span_of(s.data + word, 3), "obj");
}

static bool find_last(struct span s, const char *word, size_t *at)
{
	size_t n = strlen(word);
	size_t low = s.size > TAIL_WINDOW ? s.size - TAIL_WINDOW : 0;
	for (size_t i = s.size < n ? 0 : s.size - n + 1; i-- > low;) {
		*at = i;
		if (span_starts(span_of(s.data + i, n), word))
			return true;
	}
	return false;
}

enum pdf_xref pdf_tail_read(struct span bytes, size_t *startxref)
{
	size_t at;
	*startxref = 0;
	if (!find_last(bytes, "startxref", &at))
		return PDF_XREF_NONE;
	size_t from = skip_space(bytes, at + strlen("startxref"));
	if (read_number(bytes, from, startxref) == from || *startxref >= bytes.size)
		return PDF_XREF_NONE;
	at = skip_space(bytes, *startxref);
	if (span_starts(span_of(bytes.data + at, bytes.size - at), "xref"))
		return PDF_XREF_TABLE;
	return is_object(bytes, at) ? PDF_XREF_STREAM : PDF_XREF_NONE;
}
