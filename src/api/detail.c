/*
 * Details in Portuguese. Decoders of all rooms write English; the rows of api/details.def say the
 * same in Portuguese with the values in the same order. No English sentence gets through: what no
 * row knows is left out, unless it is one word, which is a value and no language.
 */
#include "api/detail.h"

#include <string.h>

#define VALUES_MOST 3

static const struct {
	const char *english, *portuguese;
} rows[] = {
#define DETAIL(english, portuguese) {english, portuguese},
#include "details.def"
#undef DETAIL
};

/* Is text what the pattern says? Then values are what stands in the places of its "{}". */
static bool fits(const char *pattern, const char *text, struct span values[VALUES_MOST])
{
	size_t n = 0;
	for (;;) {
		const char *place = strstr(pattern, "{}");
		size_t plain = place != NULL ? (size_t)(place - pattern) : strlen(pattern);
		if (strncmp(pattern, text, plain) != 0)
			return false;
		text += plain;
		if (place == NULL)
			return *text == 0;
		if (n == VALUES_MOST)
			return false;
		pattern = place + 2;
		/* A value ends where the pattern's next words begin, the last one before its end.
		 */
		const char *next = strstr(pattern, "{}");
		size_t words = next != NULL ? (size_t)(next - pattern) : strlen(pattern);
		const char *end = next != NULL
				      ? memmem(text, strlen(text), pattern, words)
				      : text + (strlen(text) > words ? strlen(text) - words : 0);
		if (end == NULL || end == text)
			return false;
		values[n++] = span_of(text, (size_t)(end - text));
		text = end;
	}
}

static void put_values(struct buf *out, const char *pattern, const struct span *values)
{
	for (size_t n = 0; *pattern != 0; n++) {
		const char *place = strstr(pattern, "{}");
		size_t plain = place != NULL ? (size_t)(place - pattern) : strlen(pattern);
		buf_put(out, pattern, plain);
		if (place == NULL)
			return;
		buf_put_span(out, values[n]);
		pattern = place + 2;
	}
}

void detail_portuguese(const char *detail, struct buf *out)
{
	struct span values[VALUES_MOST];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!fits(rows[i].english, detail, values))
			continue;
		put_values(out, rows[i].portuguese, values);
		return;
	}
	if (strchr(detail, ' ') == NULL)
		buf_put_str(out, detail);
}
