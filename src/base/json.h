/*
 * JSON. Reading is jansson's, with duplicate members refused and depth and size capped;
 * writing is a small streaming writer into a buf, escaped by construction.
 */
#ifndef CHIROGRAPH_BASE_JSON_H
#define CHIROGRAPH_BASE_JSON_H

#include "base/bytes.h"

#include <jansson.h>

/* Once, before the first thread: what was parsed is wiped when it is freed. */
void json_setup(void);

/* Is this text small enough to be parsed? Counts levels and values without building them, so that a
 * body of brackets or numbers cannot become forty times its size in memory. ERR_JSON. */
enum err CHECKED json_bound(struct span text, struct fault *fault);
/* Parse exactly one JSON value (object or array). ERR_JSON with line and column in fault. */
enum err CHECKED json_read(struct span text, json_t **out, struct fault *fault);
void json_freep(json_t **j); /* for CLEANUP(): decref */

struct json_writer {
	struct buf *out;
	unsigned depth;
	bool need_comma;
};

void jw_init(struct json_writer *w, struct buf *out);
void jw_object(struct json_writer *w, const char *name); /* name NULL: array item or top */
void jw_array(struct json_writer *w, const char *name);
void jw_end_object(struct json_writer *w);
void jw_end_array(struct json_writer *w);
void jw_string(struct json_writer *w, const char *name, const char *value); /* value NULL: null */
void jw_span(struct json_writer *w, const char *name,
    struct span value); /* UTF-8; broken bytes become U+FFFD */
void jw_int(struct json_writer *w, const char *name, int64_t value);
void jw_bool(struct json_writer *w, const char *name, bool value);
void jw_null(struct json_writer *w, const char *name);
void jw_time(
    struct json_writer *w, const char *name, int64_t t); /* clock_format_ms; 0 gives null */
void jw_b64(struct json_writer *w, const char *name, struct span bytes);
void jw_hex(struct json_writer *w, const char *name, struct span bytes);
void jw_raw(struct json_writer *w, const char *name, struct span json); /* already JSON */

#endif
