/*
 * What the targets share: a broken promise ends the run, and the first byte of an input may
 * choose between the forms of one parser.
 */
#ifndef CHIROGRAPH_TESTS_FUZZ_H
#define CHIROGRAPH_TESTS_FUZZ_H

#include "base/bytes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static inline void promise(bool kept)
{
	if (!kept)
		abort();
}

/* 0 when nothing is left. Seeds write letters: 'a' is 1. */
static inline unsigned take_choice(struct span *in)
{
	if (in->size == 0)
		return 0;
	unsigned c = in->data[0] & 0x1f;
	*in = span_of(in->data + 1, in->size - 1);
	return c;
}

#endif
