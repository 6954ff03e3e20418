/*
 * Two organisations in one store, for tests that ask whether each sees only its own.
 */
#ifndef CHIROGRAPH_TESTS_STORE_PAIR_H
#define CHIROGRAPH_TESTS_STORE_PAIR_H

#include "store_support.h"

static struct arena *arena;
static int64_t first, second; /* organisations */

static inline int pair_setup(void **state)
{
	static char other[] = "second";

	arena = arena_new(1 << 20);
	if (arena == NULL || store_setup(state) != 0)
		return -1;
	first = organisation;
	if (store_write(store, work_organisation, other) != OK)
		return -1;
	second = organisation;
	return 0;
}

static inline int pair_teardown(void **state)
{
	arena_free(arena);
	return store_teardown(state);
}

#define MUST(call) ENSURE((call) == OK, ERR_INTERNAL)
#define MUST_BE(call, want) ENSURE((call) == (want), ERR_INTERNAL)

#endif
