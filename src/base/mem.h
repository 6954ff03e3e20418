/*
 * The allocator seam. Every allocation of ours passes here, so tests can fail the
 * Nth one, and what is freed can be wiped. An arena belongs to one request or one
 * job: it has a hard cap and is freed at once. Nothing in an arena is freed alone.
 */
#ifndef CHIROGRAPH_BASE_MEM_H
#define CHIROGRAPH_BASE_MEM_H

#include "base/err.h"

#include <stddef.h>

/* Once, before the first thread: what large requests held goes back to the kernel when freed. */
void mem_setup(void);

void *mem_alloc(size_t size); /* zeroed; NULL when out of memory */
void *mem_resize(
    void *p, size_t old_size, size_t size); /* grown part zeroed; wipes what it leaves */
void mem_free(void *p, size_t size);        /* wipes size bytes, then frees; NULL is fine */
void mem_foreign_free(void *p);             /* what a library gave us from malloc */
char *mem_string(const char *s);            /* copy, NUL ended; NULL when out of memory */
void mem_string_free(char *s);

/* Tests: make the nth allocation from now (1 = the next) fail once; 0 switches off. */
void mem_fail_at(unsigned long nth);
unsigned long mem_count(void); /* allocations so far */

struct arena;

struct arena *arena_new(size_t cap);             /* cap: most bytes it will ever hand out */
void arena_free(struct arena *a);                /* wipes; NULL is fine */
void arena_freep(struct arena **a);              /* for CLEANUP() */
void *arena_alloc(struct arena *a, size_t size); /* zeroed, max-aligned; NULL over the cap */
char *arena_string(struct arena *a, const char *s, size_t n); /* NUL-ended copy of n bytes */
char *arena_format(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t arena_used(const struct arena *a);

#endif
