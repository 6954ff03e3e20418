/*
 * es512-plain: one token in Authorization, whose claims say MD5 of the raw body, time, method and
 * URI. The MD5 is never taken over anything but the bytes that arrived.
 */
#include "base/clock.h"
#include "base/json.h"
#include "sign/sign.h"

#include <string.h>

enum err plain_claims_make(const struct plain *p, struct buf *out)
{
	struct json_writer w;
	jw_init(&w, out);
	jw_object(&w, NULL);
	jw_span(&w, "payload_md5", p->payload_md5);
	jw_span(&w, "timestamp", p->timestamp);
	jw_span(&w, "method", p->method);
	jw_span(&w, "uri", p->uri);
	jw_end_object(&w);
	return buf_done(out);
}

static enum err take_text(
    json_t *claims, const char *name, bool is_optional, struct arena *arena, struct span *out)
{
	json_t *text = json_object_get(claims, name);
	*out = SPAN_EMPTY;
	if (text == NULL && is_optional)
		return OK;
	ENSURE(json_is_string(text), ERR_TOKEN);
	size_t size = json_string_length(text);
	char *copy = arena_string(arena, json_string_value(text), size);
	ENSURE(copy != NULL, ERR_MEMORY);
	*out = span_of(copy, size);
	return OK;
}

enum err plain_claims_read(struct span claims, struct arena *arena, struct plain *out)
{
	CLEANUP(json_freep) json_t *object = NULL;
	enum err e = json_bound(claims, NULL);
	if (e == OK)
		e = json_read(claims, &object, NULL);
	ENSURE(e != ERR_MEMORY, e);
	ENSURE(e == OK && json_is_object(object), ERR_TOKEN);
	TRY(take_text(object, "payload_md5", true, arena, &out->payload_md5));
	TRY(take_text(object, "timestamp", false, arena, &out->timestamp));
	TRY(take_text(object, "method", false, arena, &out->method));
	return take_text(object, "uri", false, arena, &out->uri);
}

enum err plain_time_read(struct span text, int64_t *ms)
{
	char zoned[32];
	size_t size = text.size;
	if (size > 0 && text.data[size - 1] == 'Z')
		size--;
	ENSURE(size == 19 || size == 23 || size == 26, ERR_TOKEN);
	ENSURE(size == 19 || text.data[19] == '.', ERR_TOKEN);
	memcpy(zoned, text.data, size);
	zoned[size] = 'Z';
	ENSURE(clock_parse(span_of(zoned, size + 1), ms) == OK, ERR_TOKEN);
	return OK;
}

/* Microseconds, as the clients of this scheme write them. */
void plain_time_write(int64_t ms, char out[32])
{
	char text[CLOCK_TEXT_SIZE];
	clock_format_ms(ms, text);
	memcpy(out, text, 23);
	memcpy(out + 23, "000Z", 5);
}

static bool is_md5_of(struct span claimed, struct span bytes)
{
	char text[MD5_TEXT_SIZE];
	return md5_text(bytes, text) == OK && span_equal_str(claimed, text);
}

bool plain_md5_fits(struct span claimed, struct span body, bool has_claim)
{
	if (body.size > 0)
		return has_claim && is_md5_of(claimed, body);
	return !has_claim || is_md5_of(claimed, span_str("{}")) || is_md5_of(claimed, SPAN_EMPTY);
}
