/*
 * Spans and bufs. A buf never holds more than the limit it was born with; its first
 * failure sticks, so callers check once.
 */
#include "base/bytes.h"

#include "base/crypto.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct span span_of(const void *data, size_t size)
{
	return (struct span){data, size};
}

struct span span_str(const char *s)
{
	return s == NULL ? SPAN_EMPTY : span_of(s, strlen(s));
}

bool span_equal(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool span_equal_str(struct span a, const char *s)
{
	return span_equal(a, span_str(s));
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool span_equal_nocase(struct span a, const char *s)
{
	if (a.size != strlen(s))
		return false;
	for (size_t i = 0; i < a.size; i++)
		if (lower(a.data[i]) != lower((uint8_t)s[i]))
			return false;
	return true;
}

bool span_starts(struct span a, const char *prefix)
{
	size_t n = strlen(prefix);
	return a.size >= n && memcmp(a.data, prefix, n) == 0;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool span_is_plain(struct span a, const char *marks)
{
	for (size_t i = 0; i < a.size; i++)
		if (!is_alnum(a.data[i]) && (a.data[i] == 0 || strchr(marks, a.data[i]) == NULL))
			return false;
	return true;
}

struct span span_trim(struct span a)
{
	while (a.size > 0 && is_space(a.data[0])) {
		a.data++;
		a.size--;
	}
	while (a.size > 0 && is_space(a.data[a.size - 1]))
		a.size--;
	return a;
}

struct span span_cut(struct span *rest, char separator)
{
	const uint8_t *at = rest->size ? memchr(rest->data, separator, rest->size) : NULL;
	struct span head = *rest;
	if (at == NULL) {
		*rest = SPAN_EMPTY;
		return head;
	}
	head.size = (size_t)(at - rest->data);
	rest->size -= head.size + 1;
	rest->data = at + 1;
	return head;
}

char *span_dup(struct arena *a, struct span s)
{
	return arena_string(a, (const char *)s.data, s.size);
}

void buf_init(struct buf *b, size_t limit)
{
	*b = (struct buf){.limit = limit};
}

void buf_free(struct buf *b)
{
	mem_free(b->data, b->room);
	*b = (struct buf){.limit = b->limit};
}

void buf_reset(struct buf *b)
{
	if (b->size > 0)
		secret_wipe(b->data, b->size);
	b->size = 0;
	b->failed = OK;
}

enum err buf_done(const struct buf *b)
{
	return b->failed;
}

static bool buf_reserve(struct buf *b, size_t size)
{
	if (b->failed != OK)
		return false;
	if (size > b->limit - b->size) {
		b->failed = ERR_LIMIT;
		return false;
	}
	size_t need = b->size + size + 1; /* one for buf_str's NUL */
	if (need <= b->room)
		return true;
	size_t room = b->room ? b->room : 256;
	while (room < need)
		room = room > SIZE_MAX / 2 ? need : room * 2;
	if (room > b->limit + 1)
		room = b->limit + 1;
	uint8_t *grown = mem_resize(b->data, b->room, room);
	if (grown == NULL) {
		b->failed = ERR_MEMORY;
		return false;
	}
	b->data = grown;
	b->room = room;
	return true;
}

uint8_t *buf_extend(struct buf *b, size_t size)
{
	if (!buf_reserve(b, size))
		return NULL;
	uint8_t *at = b->data + b->size;
	b->size += size;
	return at;
}

void buf_put(struct buf *b, const void *data, size_t size)
{
	uint8_t *at = buf_extend(b, size);
	if (at != NULL && size > 0)
		memcpy(at, data, size);
}

void buf_put_span(struct buf *b, struct span s)
{
	buf_put(b, s.data, s.size);
}

void buf_put_str(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_put_byte(struct buf *b, uint8_t c)
{
	buf_put(b, &c, 1);
}

void buf_format(struct buf *b, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size < 0) {
		b->failed = b->failed ? b->failed : ERR_INTERNAL;
	} else if (buf_reserve(b, (size_t)size)) {
		vsnprintf((char *)b->data + b->size, (size_t)size + 1, format, again);
		b->size += (size_t)size;
	}
	va_end(again);
}

struct span buf_span(const struct buf *b)
{
	return span_of(b->data, b->size);
}

const char *buf_str(struct buf *b)
{
	if (!buf_reserve(b, 0))
		return "";
	b->data[b->size] = 0;
	return (const char *)b->data;
}
