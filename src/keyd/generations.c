/*
 * Reading keys/generations. The list is ours alone, so a line that does not read as one is a
 * damaged file: nothing is guessed.
 */
#include "keyd/generations.h"

#include "keyd/keyring.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define GENERATIONS_BYTES (64 * 1024)

void generation_file(
    const char *class, unsigned number, const char *ending, char out[GENERATION_NAME_MAX])
{
	if (number <= 1)
		snprintf(out, GENERATION_NAME_MAX, "%s.%s", class, ending);
	else
		snprintf(out, GENERATION_NAME_MAX, "%s.%u.%s", class, number, ending);
}

size_t generation_at(const struct generations *g, int64_t seconds)
{
	size_t at = 0;

	for (size_t i = 1; i < g->count; i++)
		if (g->list[i].from <= seconds)
			at = i;
	return at;
}

/* Digits only, at most 12: a time. */
static bool number_take(struct span *line, int64_t *out)
{
	struct span word = span_cut(line, ' ');

	*out = 0;
	for (size_t i = 0; i < word.size && word.size <= 12; i++) {
		if (word.data[i] < '0' || word.data[i] > '9')
			return false;
		*out = *out * 10 + (word.data[i] - '0');
	}
	return word.size > 0 && word.size <= 12;
}

static void generation_push(struct generations *g, struct generation one)
{
	if (g->count == GENERATIONS_MAX) {
		memmove(&g->list[0], &g->list[1], sizeof(g->list) - sizeof(g->list[0]));
		g->count--;
	}
	g->list[g->count++] = one;
}

/* A later rotation cannot shorten what an earlier one published. */
static void until_set(struct generations *g, int64_t until)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->list[i].until == 0)
			g->list[i].until = until;
}

static bool line_take(struct generations *g, struct span line, const char *class)
{
	struct span name = span_cut(&line, ' ');
	struct generation one = {0};
	int64_t number, until;

	if (!number_take(&line, &number) || !number_take(&line, &one.from) ||
	    !number_take(&line, &until) || line.size > 0)
		return false;
	if (!span_equal_str(name, class))
		return true;
	if (number <= g->list[g->count - 1].number || one.from < g->list[g->count - 1].from)
		return false;
	one.number = (unsigned)number;
	until_set(g, until);
	generation_push(g, one);
	return true;
}

enum err generations_read(int keys, const char *class, struct generations *out)
{
	struct buf text CLEANUP(buf_free);
	struct span rest;
	enum err e;

	*out = (struct generations){.list = {{.number = 1}}, .count = 1};
	buf_init(&text, GENERATIONS_BYTES);
	e = key_file_read(keys, GENERATIONS_FILE, true, &text);
	if (e == ERR_NOT_FOUND)
		return OK;
	rest = buf_span(&text);
	while (e == OK && rest.size > 0)
		if (!line_take(out, span_cut(&rest, '\n'), class))
			e = ERR_CONFIG;
	if (e != OK)
		log_error("keys/generations cannot be used: restore it from a backup", "error=%s",
		    err_symbol(e));
	return e == OK ? OK : ERR_CONFIG;
}

enum err generation_names(int keys, const char *class, char certificate[GENERATION_NAME_MAX],
    char key[GENERATION_NAME_MAX])
{
	struct generations g;
	unsigned number;

	TRY(generations_read(keys, class, &g));
	number = g.list[generation_at(&g, clock_now() / CLOCK_SECOND)].number;
	generation_file(class, number, "crt", certificate);
	generation_file(class, number, "key", key);
	return OK;
}
