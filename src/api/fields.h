/*
 * Taking members out of a JSON object, each with its rule, each fault with the member's full
 * path ("signers[1].phone.number"). A member that is null counts as absent. Unknown members
 * are ignored.
 */
#ifndef CHIROGRAPH_API_FIELDS_H
#define CHIROGRAPH_API_FIELDS_H

#include "base/json.h"

struct fields {
	json_t *object;
	const char *path; /* "" or "signers[1]." */
	struct arena *arena;
	struct fault *fault;
};

/* The body as an object. Whatever the Content-Type says (manual: the PATCH samples send none). */
enum err CHECKED fields_read(
    struct span body, struct arena *arena, struct fault *fault, json_t **owner, struct fields *out);
enum err fields_fault(const struct fields *f, enum err e, const char *name, const char *detail);

/* Text without control characters, min..max code points; borrowed from the JSON. */
struct text_rule {
	size_t min, max;
	bool is_required;
};
enum err CHECKED field_text(
    const struct fields *f, const char *name, struct text_rule rule, const char **out);
/* An id as the contract has it; absent: a new UUID version 4. */
enum err CHECKED field_id(const struct fields *f, const char *name, const char **out);
enum err CHECKED field_object(
    const struct fields *f, const char *name, bool is_required, struct fields *out);
enum err CHECKED field_array(const struct fields *f, const char *name, size_t max, json_t **out);
enum err CHECKED field_item(
    const struct fields *f, const char *name, json_t *array, size_t index, struct fields *out);
enum err CHECKED field_bool(const struct fields *f, const char *name, bool *out);
enum err CHECKED field_int(
    const struct fields *f, const char *name, int64_t min, int64_t max, int64_t *out);
/* Base64 of a file of 1 to LIMIT_DOCUMENT_BYTES bytes. */
enum err CHECKED field_file(const struct fields *f, const char *name, struct buf *out);

#endif
