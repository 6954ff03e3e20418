/*
 * multipart/form-data: the first line is the Content-Type, the rest the body. Every part must
 * lie inside the body.
 */
#include "base/limits.h"
#include "http/http.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct span part, struct span body)
{
	if (part.size > 0 &&
	    (part.data < body.data || part.data + part.size > body.data + body.size))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new(LIMIT_MB);
	struct span body = span_of(data, size), type = span_cut(&body, '\n');
	const struct http_header header = {span_str("Content-Type"), type};
	const struct http_request req = {
	    .headers = &header, .header_count = 1, .body = body, .arena = arena};
	struct http_part parts[8];
	size_t count = 0;

	if (http_multipart(&req, parts, 8, &count) != OK)
		return 0;
	for (size_t i = 0; i < count; i++) {
		inside(parts[i].data, body);
		inside(parts[i].content_type, body);
		if (parts[i].name.size == 0)
			abort();
	}
	return 0;
}
