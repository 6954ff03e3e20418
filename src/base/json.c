/*
 * JSON in by jansson (duplicates refused, depth capped by its own limit and ours), JSON out
 * by a writer that knows only well-formed output.
 */
#include "base/json.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/limits.h"
#include "base/mem.h"

#include <malloc.h>
#include <string.h>

static bool depth_is_fine(const json_t *j, unsigned depth)
{
	const char *key;
	json_t *value;
	size_t i;
	if (depth > LIMIT_JSON_DEPTH)
		return false;
	if (json_is_object(j)) {
		json_object_foreach(
		    (json_t *)j, key, value) if (!depth_is_fine(value, depth + 1)) return false;
	} else if (json_is_array(j)) {
		json_array_foreach(j, i, value) if (!depth_is_fine(value, depth + 1)) return false;
	}
	return true;
}

/* jansson's words without its "near …": what stands there may be anybody's data. */
static enum err syntax_fault(const json_error_t *e, struct fault *fault)
{
	const char *near = strstr(e->text, " near ");
	int size = near != NULL ? (int)(near - e->text) : (int)strlen(e->text);
	return fault_set(
	    fault, ERR_JSON, NULL, "Line %d, column %d: %.*s.", e->line, e->column, size, e->text);
}

/* Index behind the closing quote of a string whose first byte is at. RFC 8259 §7: a quote after an
 * odd number of backslashes is part of the string. */
static size_t string_end(struct span text, size_t at)
{
	size_t start = at;

	while (at < text.size) {
		const uint8_t *quote = memchr(text.data + at, '"', text.size - at);
		if (quote == NULL)
			break;
		size_t escapes = 0;
		at = (size_t)(quote - text.data) + 1;
		while (at - 1 - escapes > start && quote[-1 - (ptrdiff_t)escapes] == '\\')
			escapes++;
		if (escapes % 2 == 0)
			return at;
	}
	return text.size;
}

enum err json_bound(struct span text, struct fault *fault)
{
	size_t values = 1, depth = 0, at = 0;

	while (at < text.size && values <= LIMIT_JSON_VALUES && depth <= LIMIT_JSON_DEPTH) {
		uint8_t c = text.data[at++];
		if (c == '"')
			at = string_end(text, at);
		else if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && depth > 0)
			depth--;
		values += c == ',' || c == ':' || c == '[' || c == '{';
	}
	if (depth > LIMIT_JSON_DEPTH)
		return fault_set(fault, ERR_JSON, NULL, "More than %d levels.", LIMIT_JSON_DEPTH);
	if (values > LIMIT_JSON_VALUES)
		return fault_set(fault, ERR_JSON, NULL, "More than %d values.", LIMIT_JSON_VALUES);
	return OK;
}

enum err json_read(struct span text, json_t **out, struct fault *fault)
{
	json_error_t e;
	*out = NULL;
	if (span_trim(text).size == 0)
		return fault_set(fault, ERR_BODY_MISSING, NULL, "A JSON object is expected.");
	/* Any value is JSON (RFC 8259 §2), NUL in a text too: what it may be is its reader's rule.
	 */
	json_t *j = json_loadb((const char *)text.data, text.size,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
	if (j == NULL && json_error_code(&e) == json_error_duplicate_key)
		return fault_set(
		    fault, ERR_JSON_DUPLICATE, NULL, "Line %d, column %d.", e.line, e.column);
	if (j == NULL && json_error_code(&e) == json_error_out_of_memory)
		return ERR_MEMORY;
	if (j == NULL)
		return syntax_fault(&e, fault);
	if (!depth_is_fine(j, 0)) {
		json_decref(j);
		return fault_set(fault, ERR_JSON, NULL, "More than %d levels.", LIMIT_JSON_DEPTH);
	}
	*out = j;
	return OK;
}

/* jansson does not say how much it frees. */
static void json_release(void *p)
{
	mem_free(p, p != NULL ? malloc_usable_size(p) : 0);
}

void json_setup(void)
{
	json_set_alloc_funcs(mem_alloc, json_release);
}

void json_freep(json_t **j)
{
	json_decref(*j);
}

void jw_init(struct json_writer *w, struct buf *out)
{
	*w = (struct json_writer){.out = out};
}

/* Length of the valid UTF-8 sequence at p, or 0 (RFC 3629 §4). */
static size_t utf8_step(const uint8_t *p, size_t size)
{
	static const struct {
		uint8_t low, high, second_low, second_high, length;
	} forms[] = {{0x00, 0x7f, 0, 0, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
	    {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
	    {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
	    {0xf4, 0xf4, 0x80, 0x8f, 4}};
	for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
		if (p[0] < forms[f].low || p[0] > forms[f].high)
			continue;
		if (forms[f].length > size)
			return 0;
		if (forms[f].length > 1 &&
		    (p[1] < forms[f].second_low || p[1] > forms[f].second_high))
			return 0;
		for (size_t i = 2; i < forms[f].length; i++)
			if ((p[i] & 0xc0) != 0x80)
				return 0;
		return forms[f].length;
	}
	return 0;
}

/* RFC 8259 §7; '<' too, so that no reply can be taken for markup. */
static void put_escaped(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.size;) {
		uint8_t c = s.data[i];
		size_t n = utf8_step(s.data + i, s.size - i);
		if (n == 0)
			buf_put_str(out, "\xef\xbf\xbd");
		else if (c == '"' || c == '\\')
			buf_format(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f || c == '<')
			buf_format(out, "\\u%04x", c);
		else
			buf_put(out, s.data + i, n);
		i += n ? n : 1;
	}
}

static void lead(struct json_writer *w, const char *name)
{
	if (w->need_comma)
		buf_put_byte(w->out, ',');
	w->need_comma = true;
	if (name == NULL)
		return;
	buf_put_byte(w->out, '"');
	put_escaped(w->out, span_str(name));
	buf_put_str(w->out, "\":");
}

static void open_level(struct json_writer *w, const char *name, char bracket)
{
	lead(w, name);
	buf_put_byte(w->out, (uint8_t)bracket);
	w->need_comma = false;
	w->depth++;
}

static void close_level(struct json_writer *w, char bracket)
{
	buf_put_byte(w->out, (uint8_t)bracket);
	w->need_comma = true;
	w->depth--;
}

void jw_object(struct json_writer *w, const char *name)
{
	open_level(w, name, '{');
}

void jw_array(struct json_writer *w, const char *name)
{
	open_level(w, name, '[');
}

void jw_end_object(struct json_writer *w)
{
	close_level(w, '}');
}

void jw_end_array(struct json_writer *w)
{
	close_level(w, ']');
}

void jw_span(struct json_writer *w, const char *name, struct span value)
{
	lead(w, name);
	buf_put_byte(w->out, '"');
	put_escaped(w->out, value);
	buf_put_byte(w->out, '"');
}

void jw_string(struct json_writer *w, const char *name, const char *value)
{
	if (value == NULL)
		jw_null(w, name);
	else
		jw_span(w, name, span_str(value));
}

void jw_int(struct json_writer *w, const char *name, int64_t value)
{
	lead(w, name);
	buf_format(w->out, "%lld", (long long)value);
}

void jw_bool(struct json_writer *w, const char *name, bool value)
{
	lead(w, name);
	buf_put_str(w->out, value ? "true" : "false");
}

void jw_null(struct json_writer *w, const char *name)
{
	lead(w, name);
	buf_put_str(w->out, "null");
}

void jw_time(struct json_writer *w, const char *name, int64_t t)
{
	char text[CLOCK_TEXT_SIZE];
	if (t == 0) {
		jw_null(w, name);
		return;
	}
	clock_format_ms(t, text);
	jw_string(w, name, text);
}

void jw_b64(struct json_writer *w, const char *name, struct span bytes)
{
	lead(w, name);
	buf_put_byte(w->out, '"');
	b64_encode(w->out, bytes);
	buf_put_byte(w->out, '"');
}

void jw_hex(struct json_writer *w, const char *name, struct span bytes)
{
	lead(w, name);
	buf_put_byte(w->out, '"');
	hex_encode(w->out, bytes);
	buf_put_byte(w->out, '"');
}

void jw_raw(struct json_writer *w, const char *name, struct span json)
{
	lead(w, name);
	buf_put_span(w->out, json);
}
