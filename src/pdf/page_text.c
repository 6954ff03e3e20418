/*
 * The words of the pages: labels from the embedded catalogs, and the evidence's own strings
 * made safe to print. Everything returned lives in the book's arena.
 */
#include "pdf/page_book.h"
#include "pdf/page_font.h"

#include "base/embedded.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FILLED_MAX (4u * 1024 * 1024)

extern const struct embedded page_files[];
extern const size_t page_files_count;

static void label_add(struct book *b, struct span line)
{
	struct span key = span_trim(span_cut(&line, '='));

	if (key.size == 0 || key.data[0] == '#' || b->label_count == LABELS_MAX)
		return;
	struct page_label *l = &b->labels[b->label_count++];
	l->key = span_dup(b->arena, key);
	l->text = span_dup(b->arena, span_trim(line));
	if (l->key == NULL || l->text == NULL) {
		b->label_count--;
		b->failed = ERR_MEMORY;
	}
}

enum err labels_load(struct book *b, const char *language)
{
	char name[48];

	snprintf(name, sizeof(name), "labels/%s.ini", language);
	const struct embedded *file = embedded_find(page_files, page_files_count, name);
	if (file == NULL)
		file = embedded_find(page_files, page_files_count, "labels/en.ini");
	ENSURE(file != NULL, ERR_INTERNAL);
	struct span rest = span_of(file->data, file->size);
	while (rest.size > 0)
		label_add(b, span_cut(&rest, '\n'));
	return b->failed;
}

static const char *label_find(const struct book *b, const char *key)
{
	for (size_t i = 0; i < b->label_count; i++)
		if (strcmp(b->labels[i].key, key) == 0)
			return b->labels[i].text;
	return NULL;
}

const char *label(const struct book *b, const char *key)
{
	const char *text = label_find(b, key);

	return text != NULL ? text : key;
}

const char *label_of(
    const struct book *b, const char *prefix, const char *word, const char *otherwise)
{
	char key[96];

	if (word == NULL)
		return label(b, otherwise);
	snprintf(key, sizeof(key), "%s.%s", prefix, word);
	const char *text = label_find(b, key);
	return text != NULL ? text : word;
}

static const char *pair_find(va_list pairs, const char *name, size_t size)
{
	const char *key;

	while ((key = va_arg(pairs, const char *)) != NULL) {
		const char *value = va_arg(pairs, const char *);
		if (span_equal_str(span_of(name, size), key))
			return value != NULL ? value : "—";
	}
	return "";
}

const char *label_fill(struct book *b, const char *key, ...)
{
	struct buf out CLEANUP(buf_free);
	const char *p = label(b, key);
	const char *open, *close;
	va_list pairs;

	buf_init(&out, FILLED_MAX);
	while ((open = strchr(p, '{')) != NULL && (close = strchr(open, '}')) != NULL) {
		buf_put(&out, p, (size_t)(open - p));
		va_start(pairs, key);
		buf_put_str(&out, pair_find(pairs, open + 1, (size_t)(close - open - 1)));
		va_end(pairs);
		p = close + 1;
	}
	buf_put_str(&out, p);
	return book_keep(b, buf_str(&out));
}

/* Would reorder, break or hide what stands beside it. */
static bool is_unsafe(gunichar c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029 || c == 0xfeff;
}

const char *book_keep(struct book *b, const char *text)
{
	struct buf out CLEANUP(buf_free) = {0};

	buf_init(&out, text == NULL ? 0 : strlen(text) * 12 + 1);
	if (text == NULL)
		return NULL;
	page_fonts_cover(text);
	for (const char *p = text, *next; *p != '\0'; p = next) {
		next = g_utf8_find_next_char(p, NULL);
		gunichar c = g_utf8_get_char(p);
		if (page_fonts_lack(c)) {
			buf_format(&out, "‹U+%04X›", c);
			b->replaced++;
		} else if (is_unsafe(c)) {
			buf_put_byte(&out, c == '\n' ? '\n' : ' ');
		} else {
			buf_put(&out, p, (size_t)(next - p));
		}
	}
	char *kept = arena_string(b->arena, (const char *)out.data, out.size);
	if (kept == NULL || out.failed != OK)
		b->failed = ERR_MEMORY;
	return kept != NULL ? kept : "";
}

const char *text_at(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

json_int_t number_at(const json_t *object, const char *name)
{
	json_int_t n = json_integer_value(json_object_get(object, name));

	return n < 0 ? 0 : n;
}

static const char *kept_or_empty(struct book *b, const char *text)
{
	if (text == NULL)
		b->failed = ERR_MEMORY;
	return text != NULL ? text : "";
}

const char *book_number(struct book *b, json_int_t n, bool grouped)
{
	char digits[24], out[40];
	size_t size = (size_t)snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, n);
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		if (grouped && i > 0 && (size - i) % 3 == 0)
			out[used++] = b->is_pt_or_es ? '.' : ',';
		out[used++] = digits[i];
	}
	return kept_or_empty(b, arena_string(b->arena, out, used));
}

const char *book_time(struct book *b, const char *rfc3339)
{
	char out[CLOCK_TEXT_SIZE];
	int64_t t;

	if (rfc3339 == NULL)
		return NULL;
	if (clock_parse(span_str(rfc3339), &t) != OK)
		return book_keep(b, rfc3339);
	clock_format_zone(t, b->zone, out);
	return kept_or_empty(b, arena_string(b->arena, out, strlen(out)));
}

const char *book_duration(struct book *b, json_int_t ms)
{
	int64_t s = (int64_t)(ms + 500) / 1000;
	const char *text;

	if (s < 60)
		text = arena_format(b->arena, "%" PRId64 " s", s);
	else if (s < 3600)
		text = arena_format(b->arena, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
	else
		text =
		    arena_format(b->arena, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
	return kept_or_empty(b, text);
}
