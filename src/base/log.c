/*
 * logfmt lines, one write(2) each, so lines of several processes do not mix. The pairs are
 * formatted here, conversion by conversion, so that a text value is quoted and escaped before it
 * meets the line: it can end neither its line nor its quotes, and is never read as another pair.
 */
#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char role[16] = "main";
static _Atomic enum log_level threshold = LOG_LEVEL_INFO;

void log_role(const char *name)
{
	snprintf(role, sizeof role, "%s", name);
}

void log_threshold(enum log_level level)
{
	threshold = level;
}

struct line {
	char text[1400];
	size_t size;
};

/* Two bytes stay free: the quote and the line end of a line that was cut. */
static void put(struct line *l, char c)
{
	if (l->size < sizeof l->text - 2)
		l->text[l->size++] = c;
}

static void put_text(struct line *l, const char *s)
{
	for (; *s != 0; s++)
		put(l, *s);
}

/* What a reader of logfmt takes as one word without quotes. */
static bool is_bare(const char *s)
{
	if (*s == 0)
		return false;
	for (; *s != 0; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f || *s == '"' ||
		    *s == '=' || *s == '\\')
			return false;
	return true;
}

static void put_escaped(struct line *l, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char word[] = {'\\', 'x', hex[c >> 4], hex[c & 15], 0};
	if (c == '\n' || c == '\r' || c == '\t' || c == '"' || c == '\\') {
		word[1] = (char)(c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c);
		word[2] = 0;
	} else if (c >= ' ' && c != 0x7f) {
		word[0] = (char)c;
		word[1] = 0;
	}
	if (l->size + strlen(word) <= sizeof l->text - 2) /* whole, or not at all */
		put_text(l, word);
}

static void put_value(struct line *l, const char *s)
{
	if (is_bare(s)) {
		put_text(l, s);
		return;
	}
	if (l->size >= sizeof l->text - 2)
		return;
	put(l, '"');
	for (; *s != 0; s++)
		put_escaped(l, (unsigned char)*s);
	l->text[l->size++] = '"';
}

/* Prints what a conversion names and gives its length. One that is not here prints '?', and the
 * pairs after it are lost: the types of the rest are not known. */
static size_t put_conversion(struct line *l, const char *c, va_list *args)
{
	char digits[24] = "?";
	size_t length = 1;
	if (*c == 's') {
		const char *s = va_arg(*args, const char *);
		put_value(l, s != NULL ? s : "");
		return 1;
	}
	if (*c == 'd')
		snprintf(digits, sizeof digits, "%d", va_arg(*args, int));
	else if (*c == 'u')
		snprintf(digits, sizeof digits, "%u", va_arg(*args, unsigned));
	else if (*c == 'o')
		snprintf(digits, sizeof digits, "%o", va_arg(*args, unsigned));
	else if (strncmp(c, "zu", length = 2) == 0)
		snprintf(digits, sizeof digits, "%zu", va_arg(*args, size_t));
	else if (strncmp(c, "lld", length = 3) == 0)
		snprintf(digits, sizeof digits, "%lld", va_arg(*args, long long));
	else if (strncmp(c, "llu", length) == 0)
		snprintf(digits, sizeof digits, "%llu", va_arg(*args, unsigned long long));
	else
		length = strlen(c);
	put_text(l, digits);
	return length;
}

static void put_pairs(struct line *l, const char *format, va_list *args)
{
	put(l, ' ');
	for (; *format != 0; format++) {
		if (*format == '%')
			format += put_conversion(l, format + 1, args);
		else
			put(l, *format);
	}
}

void log_write(enum log_level level, const char *message, const char *format, ...)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	char time[CLOCK_TEXT_SIZE];
	struct line l;
	if (level < threshold)
		return;
	clock_format_ms(clock_now(), time);
	int n = snprintf(l.text, sizeof l.text, "ts=%s level=%s role=%s pid=%d msg=\"%s\"", time,
	    names[level], role, (int)getpid(), message);
	l.size = n < 0 ? 0 : (size_t)n < sizeof l.text - 2 ? (size_t)n : sizeof l.text - 2;
	if (format != NULL) {
		va_list args;
		va_start(args, format);
		put_pairs(&l, format, &args);
		va_end(args);
	}
	l.text[l.size++] = '\n';
	if (write(STDERR_FILENO, l.text, l.size) < 0)
		return;
}
