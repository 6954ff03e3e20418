/*
 * Files that were linked into the program by tools/embed.c (its opening comment shows how a
 * room does that). A table is sorted by name and ends with a row whose name is NULL; data and
 * gzip are followed by a NUL that is not counted, so a text may be used as a string.
 */
#ifndef CHIROGRAPH_BASE_EMBEDDED_H
#define CHIROGRAPH_BASE_EMBEDDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct embedded {
	const char *name; /* path below the root given at build, "labels/en.ini" */
	const uint8_t *data;
	size_t size;
	const uint8_t *gzip; /* NULL: not asked for, or not worth it */
	size_t gzip_size;
	const char *sha256; /* of data, lower-case hex: fit for an ETag */
};

static inline int embedded_compare(const void *name, const void *row)
{
	return strcmp(name, ((const struct embedded *)row)->name);
}

/* NULL when there is none of that name. */
static inline const struct embedded *embedded_find(
    const struct embedded *table, size_t count, const char *name)
{
	return bsearch(name, table, count, sizeof(*table), embedded_compare);
}

#endif
