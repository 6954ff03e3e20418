/*
 * multipart/form-data (RFC 7578), read in place: parts are spans of the body. Lenient where
 * real clients are (see http.h), and bounded by the caller's room for parts, by the size of a
 * part's head and by the body itself. A part's name is required; other headers are ignored.
 */
#include "http/http.h"

#include <string.h>

#define BOUNDARY_MAX 200 /* RFC 2046 says 70 */
#define PART_HEAD_MAX 4096
#define PART_LINES_MAX 16

static struct span span_from(struct span s, size_t at)
{
	return span_of(s.data + at, s.size - at);
}

/* "; name=value" or "; name=\"value\"", as both header and disposition have it. RFC 9110 §5.6.6 */
static bool parameter_next(struct span *rest, struct span *name, struct span *value)
{
	*rest = span_trim(*rest);
	const uint8_t *equals = rest->size > 0 ? memchr(rest->data, '=', rest->size) : NULL;

	if (equals == NULL)
		return false;
	size_t n = (size_t)(equals - rest->data);
	*name = span_trim(span_of(rest->data, n));
	*rest = span_from(*rest, n + 1);
	if (rest->size == 0 || rest->data[0] != '"') {
		*value = span_trim(span_cut(rest, ';'));
		return true;
	}
	size_t end = 1;
	while (end < rest->size && rest->data[end] != '"')
		end += rest->data[end] == '\\' && end + 1 < rest->size ? 2 : 1;
	if (end >= rest->size)
		return false;
	*value = span_of(rest->data + 1, end - 1);
	*rest = span_from(*rest, end + 1);
	(void)span_cut(rest, ';');
	return true;
}

/* Quoted pairs undone; the arena holds the copy when there is one. */
static struct span unquote(struct arena *arena, struct span s)
{
	if (s.size == 0 || memchr(s.data, '\\', s.size) == NULL)
		return s;
	uint8_t *copy = arena_alloc(arena, s.size);
	size_t n = 0;
	if (copy == NULL)
		return SPAN_EMPTY;
	for (size_t i = 0; i < s.size; i++) {
		bool quoted = s.data[i] == '\\' && i + 1 < s.size &&
			      (s.data[i + 1] == '"' || s.data[i + 1] == '\\');
		copy[n++] = s.data[quoted ? ++i : i];
	}
	return span_of(copy, n);
}

static bool boundary_find(const struct http_request *req, struct span *out)
{
	struct span rest = http_header(req, "Content-Type", NULL), name;
	struct span type = span_trim(span_cut(&rest, ';'));

	if (!span_equal_nocase(type, "multipart/form-data"))
		return false;
	while (parameter_next(&rest, &name, out)) {
		if (span_equal_nocase(name, "boundary"))
			return out->size > 0 && out->size <= BOUNDARY_MAX;
	}
	return false;
}

/* Next delimiter at the start of a line: where its "--" stands. The line end before it is part of
 * what is searched for, so that every hit counts and a body of near hits costs one pass. */
static bool delimiter_find(struct span body, struct span delimiter, size_t *at)
{
	struct span bare = span_from(delimiter, 1);

	*at = 0;
	if (body.size >= bare.size && span_equal(span_of(body.data, bare.size), bare))
		return true;
	const uint8_t *hit =
	    body.size > 0 ? memmem(body.data, body.size, delimiter.data, delimiter.size) : NULL;
	*at = hit != NULL ? (size_t)(hit - body.data) + 1 : 0;
	return hit != NULL;
}

static bool line_next(struct span *rest, struct span *line)
{
	const uint8_t *lf = rest->size > 0 ? memchr(rest->data, '\n', rest->size) : NULL;

	if (lf == NULL)
		return false;
	size_t n = (size_t)(lf - rest->data);
	*line = span_of(rest->data, n > 0 && lf[-1] == '\r' ? n - 1 : n);
	*rest = span_from(*rest, n + 1);
	return true;
}

static void part_disposition(struct arena *arena, struct span value, struct http_part *part)
{
	struct span name, text;

	(void)span_cut(&value, ';');
	while (parameter_next(&value, &name, &text)) {
		if (span_equal_nocase(name, "name"))
			part->name = unquote(arena, text);
		else if (span_equal_nocase(name, "filename"))
			part->filename = unquote(arena, text);
	}
}

static enum err part_head(struct arena *arena, struct span *rest, struct http_part *part)
{
	struct span all = *rest, line;

	for (unsigned lines = 0; line_next(rest, &line); lines++) {
		ENSURE(lines < PART_LINES_MAX && all.size - rest->size <= PART_HEAD_MAX,
		    ERR_MULTIPART);
		if (line.size == 0) {
			ENSURE(part->name.size > 0, ERR_MULTIPART);
			return OK;
		}
		struct span name = span_trim(span_cut(&line, ':'));
		if (span_equal_nocase(name, "content-disposition"))
			part_disposition(arena, line, part);
		else if (span_equal_nocase(name, "content-type"))
			part->content_type = span_trim(line);
	}
	return ERR_MULTIPART;
}

/* The rest of a delimiter's line: "--" ends the body, else space and a line end. */
static enum err delimiter_end(struct span *rest, bool *last)
{
	struct span line;

	*last = rest->size >= 2 && rest->data[0] == '-' && rest->data[1] == '-';
	if (*last)
		return OK;
	ENSURE(line_next(rest, &line) && span_trim(line).size == 0, ERR_MULTIPART);
	return OK;
}

/* rest begins behind the line end of the part's head, which may be the one before the delimiter. */
static enum err part_read(
    struct arena *arena, struct span delimiter, struct span *rest, struct http_part *part)
{
	size_t at;

	*part = (struct http_part){0};
	TRY(part_head(arena, rest, part));
	ENSURE(delimiter_find(*rest, delimiter, &at), ERR_MULTIPART);
	size_t n = at > 0 ? at - 1 : 0;
	if (n > 0 && rest->data[n - 1] == '\r')
		n--;
	part->data = span_of(rest->data, n);
	*rest = span_from(*rest, at + delimiter.size - 1);
	return OK;
}

/* "\n--boundary" */
static enum err delimiter_make(const struct http_request *req, struct span *out)
{
	struct span boundary;

	ENSURE(boundary_find(req, &boundary), ERR_MULTIPART);
	const char *text =
	    arena_format(req->arena, "\n--%.*s", (int)boundary.size, (const char *)boundary.data);
	ENSURE(text != NULL, ERR_MEMORY);
	*out = span_of(text, boundary.size + 3);
	return OK;
}

enum err http_multipart(
    const struct http_request *req, struct http_part *parts, size_t room, size_t *count)
{
	struct span rest = req->body, delimiter;
	size_t at;
	bool last = false;

	*count = 0;
	TRY(delimiter_make(req, &delimiter));
	ENSURE(delimiter_find(rest, delimiter, &at), ERR_MULTIPART);
	rest = span_from(rest, at + delimiter.size - 1);
	for (;;) {
		TRY(delimiter_end(&rest, &last));
		if (last)
			return OK;
		ENSURE(*count < room, ERR_MULTIPART);
		TRY(part_read(req->arena, delimiter, &rest, &parts[*count]));
		(*count)++;
	}
}
