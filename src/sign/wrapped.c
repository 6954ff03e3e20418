/*
 * es512-wrapped: the body travels as the claims of a token, and a second token in Authorization
 * signs five lines about the request. What real clients are known to vary in is accepted here
 * (spelling of the query, unpadded date), nothing else.
 */
#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "sign/sign.h"

#include <stdio.h>
#include <string.h>

static bool is_line(struct span s)
{
	return s.size == 0 || memchr(s.data, '\n', s.size) == NULL;
}

enum err wrapped_lines_make(const struct wrapped *w, struct buf *out)
{
	const struct span lines[] = {w->method, w->md5, w->content_type, w->date, w->url};
	for (size_t i = 0; i < 5; i++) {
		ENSURE(is_line(lines[i]), ERR_TOKEN);
		if (i > 0)
			buf_put_byte(out, '\n');
		buf_put_span(out, lines[i]);
	}
	return buf_done(out);
}

enum err wrapped_lines_read(struct span text, struct wrapped *out)
{
	struct span *const lines[] = {
	    &out->method, &out->md5, &out->content_type, &out->date, &out->url};
	*out = (struct wrapped){0};
	for (size_t i = 0; i < 4; i++) {
		ENSURE(!is_line(text), ERR_TOKEN);
		*lines[i] = span_cut(&text, '\n');
	}
	ENSURE(is_line(text), ERR_TOKEN);
	out->url = text;
	return OK;
}

enum err wrapped_claims_make(struct span integration_key, struct span lines, struct buf *out)
{
	struct json_writer w;
	jw_init(&w, out);
	jw_object(&w, NULL);
	jw_span(&w, "sub", integration_key);
	jw_span(&w, "signature", lines);
	jw_end_object(&w);
	return buf_done(out);
}

static enum err object_read(struct span text, json_t **out)
{
	enum err e = json_bound(text, NULL);
	if (e == OK)
		e = json_read(text, out, NULL);
	ENSURE(e != ERR_MEMORY, e);
	ENSURE(e == OK, ERR_TOKEN);
	return OK;
}

static enum err put_text(json_t *text, struct buf *out)
{
	ENSURE(json_is_string(text), ERR_TOKEN);
	buf_put(out, json_string_value(text), json_string_length(text));
	return buf_done(out);
}

enum err wrapped_claims_read(struct span claims, struct buf *integration_key, struct buf *lines)
{
	CLEANUP(json_freep) json_t *object = NULL;
	TRY(object_read(claims, &object));
	TRY(put_text(json_object_get(object, "sub"), integration_key));
	return put_text(json_object_get(object, "signature"), lines);
}

enum err wrapped_body_make(struct span token, struct buf *out)
{
	struct json_writer w;
	jw_init(&w, out);
	jw_object(&w, NULL);
	jw_span(&w, "encoded_body", token);
	jw_end_object(&w);
	return buf_done(out);
}

/* The form that every client writes, without building a tree of what may be 20 MB. */
static bool is_plain_body(struct span body, struct span *token)
{
	struct span rest = body;
	if (rest.size == 0 || rest.data[0] != '{' || rest.data[rest.size - 1] != '}')
		return false;
	rest = span_trim(span_of(rest.data + 1, rest.size - 2));
	if (!span_starts(rest, "\"encoded_body\""))
		return false;
	rest = span_trim(span_of(rest.data + 14, rest.size - 14));
	if (!span_starts(rest, ":"))
		return false;
	rest = span_trim(span_of(rest.data + 1, rest.size - 1));
	if (rest.size < 2 || rest.data[0] != '"' || rest.data[rest.size - 1] != '"')
		return false;
	*token = span_of(rest.data + 1, rest.size - 2);
	return span_is_plain(*token, "-_.");
}

/* encoded_body and nothing else: what stands beside it would be signed by nobody. */
static enum err read_any_body(struct span body, struct buf *token, bool *is_empty)
{
	CLEANUP(json_freep) json_t *object = NULL;
	TRY(object_read(body, &object));
	json_t *text = json_object_get(object, "encoded_body");
	size_t members = json_object_size(object);
	*is_empty = json_is_null(object) || (json_is_object(object) && members == 0) ||
		    (json_is_null(text) && members == 1);
	if (*is_empty)
		return OK;
	ENSURE(members == 1, ERR_TOKEN);
	return put_text(text, token);
}

enum err wrapped_body_read(struct span body, struct buf *token, bool *is_empty)
{
	struct span text;
	body = span_trim(body);
	*is_empty = body.size == 0;
	if (*is_empty)
		return OK;
	if (!is_plain_body(body, &text))
		return read_any_body(body, token, is_empty);
	buf_put_span(token, text);
	return buf_done(token);
}

/* One or two digits up to the separator; -1 otherwise. */
static int take_number(struct span *rest, char separator, size_t least, size_t most)
{
	struct span text = span_cut(rest, separator);
	int v = 0;
	if (text.size < least || text.size > most)
		return -1;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -1;
		v = v * 10 + (text.data[i] - '0');
	}
	return v;
}

static int take_name(struct span *rest, char separator, const char *names)
{
	struct span text = span_cut(rest, separator);
	for (int i = 0; text.size == 3 && names[3 * i] != 0; i++)
		if (memcmp(text.data, names + 3 * (size_t)i, 3) == 0)
			return i + 1;
	return -1;
}

enum err wrapped_date_read(struct span date, int64_t *seconds)
{
	char text[64];
	int64_t ms;
	struct span rest = date;
	ENSURE(take_name(&rest, ',', "SunMonTueWedThuFriSat") > 0, ERR_TOKEN);
	ENSURE(span_starts(rest, " "), ERR_TOKEN);
	span_cut(&rest, ' ');
	int day = take_number(&rest, ' ', 1, 2);
	int month = take_name(&rest, ' ', "JanFebMarAprMayJunJulAugSepOctNovDec");
	int year = take_number(&rest, ' ', 4, 4);
	int hour = take_number(&rest, ':', 1, 2);
	int minute = take_number(&rest, ':', 2, 2);
	int second = take_number(&rest, ' ', 2, 2);
	ENSURE(
	    day > 0 && month > 0 && year > 0 && hour >= 0 && minute >= 0 && second >= 0, ERR_TOKEN);
	ENSURE(span_equal_str(rest, "GMT"), ERR_TOKEN);
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, hour,
	    minute, second);
	ENSURE(clock_parse(span_str(text), &ms) == OK, ERR_TOKEN);
	*seconds = ms / CLOCK_SECOND;
	return OK;
}

void wrapped_date_write(int64_t seconds, char out[32])
{
	clock_format_http(seconds * CLOCK_SECOND, out);
}

static bool decoded_equal(struct span a, struct span b)
{
	CLEANUP(buf_free) struct buf x, y;
	buf_init(&x, a.size);
	buf_init(&y, b.size);
	return url_decode(&x, a, true) == OK && url_decode(&y, b, true) == OK &&
	       span_equal(buf_span(&x), buf_span(&y));
}

static bool has_byte(struct span s, int byte)
{
	return s.size > 0 && memchr(s.data, byte, s.size) != NULL;
}

static bool pair_equal(struct span a, struct span b)
{
	if (has_byte(a, '=') != has_byte(b, '='))
		return false;
	struct span a_name = span_cut(&a, '='), b_name = span_cut(&b, '=');
	return decoded_equal(a_name, b_name) && decoded_equal(a, b);
}

/* Pair by pair, so that an escaped & or = never becomes a separator, nor is one left out. */
static bool query_equal(struct span a, struct span b)
{
	bool is_more = true;
	while (is_more) {
		is_more = has_byte(a, '&');
		if (has_byte(b, '&') != is_more)
			return false;
		struct span x = span_cut(&a, '&'), y = span_cut(&b, '&');
		if (!pair_equal(x, y))
			return false;
	}
	return true;
}

bool wrapped_url_equal(struct span signed_url, struct span requested)
{
	struct span a = signed_url, b = requested;
	if (span_equal(a, b))
		return true;
	struct span a_path = span_cut(&a, '?'), b_path = span_cut(&b, '?');
	return a.size > 0 && b.size > 0 && span_equal(a_path, b_path) && query_equal(a, b);
}
