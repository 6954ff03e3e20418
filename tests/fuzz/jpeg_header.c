/* The walk over JPEG markers: what it takes has a size within the cap. */
#include "base/limits.h"
#include "pdf/pdf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned width, height;
	enum err e = jpeg_check(span_of(data, size), &width, &height);
	if (e == OK && (width == 0 || height == 0 || (uint64_t)width * height > LIMIT_JPEG_PIXELS))
		abort();
	return 0;
}
