/*
 * Bytes. A span borrows, a buf owns. A buf states its limit when it is born and its
 * first failure sticks, so a chain of puts is checked once at the end.
 */
#ifndef CHIROGRAPH_BASE_BYTES_H
#define CHIROGRAPH_BASE_BYTES_H

#include "base/err.h"
#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes, not NUL ended. data may be NULL when size is 0. */
struct span {
	const uint8_t *data;
	size_t size;
};

#define SPAN_EMPTY ((struct span){NULL, 0})

struct span span_of(const void *data, size_t size);
struct span span_str(const char *s);           /* NULL gives an empty span */
bool span_equal(struct span a, struct span b); /* not for secrets: see ct_equal */
bool span_equal_str(struct span a, const char *s);
bool span_equal_nocase(struct span a, const char *s); /* ASCII case folded */
bool span_starts(struct span a, const char *prefix);
bool span_is_plain(
    struct span a, const char *marks); /* only ASCII letters, digits and these marks */
struct span span_trim(struct span a);  /* without ASCII space at both ends */
struct span span_cut(
    struct span *rest, char separator);         /* up to the separator; rest moves past it */
char *span_dup(struct arena *a, struct span s); /* NUL-ended copy; NULL when out of memory */

/* Owned bytes. Zero-initialised except limit; use buf_init. */
struct buf {
	uint8_t *data;
	size_t size;
	size_t room;
	size_t limit;    /* most bytes it may ever hold */
	enum err failed; /* first failure; every later put does nothing */
};

void buf_init(struct buf *b, size_t limit);
void buf_free(struct buf *b);                   /* wipes */
void buf_reset(struct buf *b);                  /* size 0, failure forgotten, memory kept */
enum err CHECKED buf_done(const struct buf *b); /* OK or the first failure */
void buf_put(struct buf *b, const void *data, size_t size);
void buf_put_span(struct buf *b, struct span s);
void buf_put_str(struct buf *b, const char *s);
void buf_put_byte(struct buf *b, uint8_t c);
void buf_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint8_t *buf_extend(
    struct buf *b, size_t size); /* room for size more bytes, counted as put; NULL on failure */
struct span buf_span(const struct buf *b);
const char *buf_str(struct buf *b); /* NUL ended (the NUL is not counted); "" on failure */

#endif
