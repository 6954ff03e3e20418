/*
 * logfmt lines, one write(2) each, so lines of several processes do not mix. A value that
 * came from outside cannot end its line or its quotes: it is escaped after formatting.
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

/* Control bytes (a forged line end above all) become '?'. */
static void flatten(char *s)
{
	for (; *s != 0; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

void log_write(enum log_level level, const char *message, const char *format, ...)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	char time[CLOCK_TEXT_SIZE], pairs[1024] = "", line[1400];
	if (level < threshold)
		return;
	if (format != NULL) {
		va_list args;
		va_start(args, format);
		vsnprintf(pairs, sizeof pairs, format, args);
		va_end(args);
		flatten(pairs);
	}
	clock_format_ms(clock_now(), time);
	int n = snprintf(line, sizeof line, "ts=%s level=%s role=%s pid=%d msg=\"%s\"%s%s\n", time,
	    names[level], role, (int)getpid(), message, pairs[0] ? " " : "", pairs);
	if (n > 0 &&
	    write(STDERR_FILENO, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1) < 0)
		return;
}
