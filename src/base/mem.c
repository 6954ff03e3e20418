/*
 * The allocator seam and the arena. Everything freed is wiped first, so no secret or
 * personal datum outlives its owner.
 */
#include "base/mem.h"

#include "base/bytes.h"
#include "base/crypto.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK 4096
#define HEAPS_MAX 4              /* glibc's arenas: many workers, few processors */
#define MAPPED_FROM (256 * 1024) /* larger blocks are mappings of their own */
#define HEAP_SPARE (1024 * 1024) /* free bytes that a heap keeps at its end */

#ifdef CHIROGRAPH_LIBRARY /* no state: nothing is counted, nothing set up for the process */
static bool is_chosen_to_fail(void)
{
	return false;
}
#else
static atomic_ulong allocations;
static atomic_ulong fail_at;

/* Setting the threshold also stops glibc from raising it at each large free, after which bodies
 * of 10 MB would come from heaps that never shrink. */
void mem_setup(void)
{
	(void)mallopt(M_ARENA_MAX, HEAPS_MAX);
	(void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_SPARE);
}

void mem_fail_at(unsigned long nth)
{
	atomic_store(&fail_at, nth == 0 ? 0 : atomic_load(&allocations) + nth);
}

unsigned long mem_count(void)
{
	return atomic_load(&allocations);
}

static bool is_chosen_to_fail(void)
{
	unsigned long number = atomic_fetch_add(&allocations, 1) + 1;
	return number == atomic_load(&fail_at);
}
#endif

void *mem_alloc(size_t size)
{
	if (is_chosen_to_fail())
		return NULL;
	return calloc(1, size ? size : 1);
}

void *mem_resize(void *p, size_t old_size, size_t size)
{
	void *grown = mem_alloc(size);
	if (grown == NULL)
		return NULL;
	if (p != NULL)
		memcpy(grown, p, old_size < size ? old_size : size);
	mem_free(p, old_size);
	return grown;
}

void mem_free(void *p, size_t size)
{
	if (p == NULL)
		return;
	secret_wipe(p, size);
	free(p);
}

void mem_foreign_free(void *p)
{
	free(p);
}

char *mem_string(const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = mem_alloc(size);
	if (copy != NULL)
		memcpy(copy, s, size);
	return copy;
}

void mem_string_free(char *s)
{
	if (s != NULL)
		mem_free(s, strlen(s) + 1);
}

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *first;
	size_t cap, used;
};

struct arena *arena_new(size_t cap)
{
	struct arena *a = mem_alloc(sizeof *a);
	if (a != NULL)
		a->cap = cap;
	return a;
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	for (struct block *b = a->first, *next; b != NULL; b = next) {
		next = b->next;
		mem_free(b, sizeof *b + b->size);
	}
	mem_free(a, sizeof *a);
}

void arena_freep(struct arena **a)
{
	arena_free(*a);
}

static struct block *arena_block(struct arena *a, size_t size)
{
	size_t room = size > ARENA_BLOCK ? size : ARENA_BLOCK;
	struct block *b = mem_alloc(sizeof *b + room);
	if (b == NULL)
		return NULL;
	b->size = room;
	if (size > ARENA_BLOCK &&
	    a->first != NULL) { /* keep the block that still has room in front */
		b->next = a->first->next;
		a->first->next = b;
	} else {
		b->next = a->first;
		a->first = b;
	}
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t align = alignof(max_align_t);
	if (size > a->cap)
		return NULL;
	size = (size + align - 1) / align * align;
	if (size > a->cap - a->used)
		return NULL;
	struct block *b = a->first;
	if (b == NULL || size > b->size - b->used)
		b = arena_block(a, size);
	if (b == NULL)
		return NULL;
	void *p = b->data + b->used;
	b->used += size;
	a->used += size;
	return p;
}

char *arena_string(struct arena *a, const char *s, size_t n)
{
	char *copy = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;
	if (copy != NULL && n > 0)
		memcpy(copy, s, n);
	return copy;
}

char *arena_format(struct arena *a, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *out = size >= 0 ? arena_alloc(a, (size_t)size + 1) : NULL;
	if (out != NULL)
		vsnprintf(out, (size_t)size + 1, format, again);
	va_end(again);
	return out;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
