/*
 * Events as bytes. The canonical form is what the log hashes for ever: deterministic CBOR
 * (RFC 8949 §4.2.1: shortest integers, definite lengths, map keys in bytewise order of their
 * encoding), with personal values only as salted commitments, so that erasing the salts and
 * values later leaves every hash and proof valid. Changing a byte here needs a new "v".
 */
#include "envelope/fields.h"

#include <string.h>

#define CANONICAL_VERSION 1

enum cbor_major {
	CBOR_UNSIGNED = 0,
	CBOR_NEGATIVE = 1,
	CBOR_BYTES = 2,
	CBOR_TEXT = 3,
	CBOR_MAP = 5
};
#define CBOR_NULL 0xf6

static void field_put(struct event *e, const char *name, enum event_field_type type,
    bool is_personal, struct span bytes)
{
	if (bytes.size == 0 || e->field_count == EVENT_FIELDS_MAX)
		return;
	e->fields[e->field_count++] = (struct event_field){name, type, is_personal, 0, bytes};
}

void event_int(struct event *e, const char *name, int64_t value)
{
	if (e->field_count < EVENT_FIELDS_MAX)
		e->fields[e->field_count++] =
		    (struct event_field){name, FIELD_INT, false, value, SPAN_EMPTY};
}

void event_text(struct event *e, const char *name, struct span text)
{
	field_put(e, name, FIELD_TEXT, false, text);
}

void field_bytes(struct event *e, const char *name, struct span bytes)
{
	field_put(e, name, FIELD_BYTES, false, bytes);
}

void field_personal(struct event *e, const char *name, struct span text)
{
	field_put(e, name, FIELD_TEXT, true, text);
}

void field_personal_bytes(struct event *e, const char *name, struct span bytes)
{
	field_put(e, name, FIELD_BYTES, true, bytes);
}

void fields_actor(struct event *e, const struct actor *actor)
{
	field_personal(e, "address", actor->address);
	field_personal(e, "forwarded", actor->forwarded);
	field_personal(e, "user_agent", actor->user_agent);
	field_personal(e, "screen", actor->screen);
	field_personal(e, "device_language", actor->language);
	field_personal(e, "time_zone", actor->time_zone);
}

/* RFC 8949 §3: the head, its argument in the shortest form. */
static void cbor_head(struct buf *out, enum cbor_major major, uint64_t n)
{
	unsigned extra = n < 24            ? 0
			 : n <= UINT8_MAX  ? 1
			 : n <= UINT16_MAX ? 2
			 : n <= UINT32_MAX ? 4
					   : 8;
	unsigned info = extra == 0   ? (unsigned)n
			: extra == 1 ? 24
			: extra == 2 ? 25
			: extra == 4 ? 26
				     : 27;

	buf_put_byte(out, (uint8_t)((unsigned)major << 5 | info));
	while (extra-- > 0)
		buf_put_byte(out, (uint8_t)(n >> (8 * extra)));
}

static void cbor_int(struct buf *out, int64_t v)
{
	if (v < 0)
		cbor_head(out, CBOR_NEGATIVE, (uint64_t)(-1 - v));
	else
		cbor_head(out, CBOR_UNSIGNED, (uint64_t)v);
}

static void cbor_span(struct buf *out, enum cbor_major major, struct span s)
{
	cbor_head(out, major, s.size);
	buf_put_span(out, s);
}

static void cbor_text(struct buf *out, const char *s)
{
	cbor_span(out, CBOR_TEXT, span_str(s));
}

static void cbor_text_or_null(struct buf *out, const char *s)
{
	if (s == NULL)
		buf_put_byte(out, CBOR_NULL);
	else
		cbor_text(out, s);
}

/* Bytewise order of encoded text keys: the length comes first. */
static bool key_is_before(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);

	return la != lb ? la < lb : strcmp(a, b) < 0;
}

static size_t fields_sorted(const struct event *e, bool is_personal, size_t order[EVENT_FIELDS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < e->field_count; i++) {
		size_t at = count;

		if (e->fields[i].is_personal != is_personal)
			continue;
		for (; at > 0 && key_is_before(e->fields[i].name, e->fields[order[at - 1]].name);
		     at--)
			order[at] = order[at - 1];
		order[at] = i;
		count++;
	}
	return count;
}

static void cbor_field(struct buf *out, const struct event_field *f)
{
	cbor_text(out, f->name);
	switch (f->type) {
	case FIELD_INT: cbor_int(out, f->number); break;
	case FIELD_TEXT: cbor_span(out, CBOR_TEXT, f->bytes); break;
	case FIELD_BYTES: cbor_span(out, CBOR_BYTES, f->bytes); break;
	}
}

static void cbor_fields(struct buf *out, const struct event *e)
{
	size_t order[EVENT_FIELDS_MAX];
	size_t count = fields_sorted(e, false, order);

	cbor_head(out, CBOR_MAP, count);
	for (size_t i = 0; i < count; i++)
		cbor_field(out, &e->fields[order[i]]);
}

enum err event_commitment(
    const uint8_t salt[EVENT_SALT_SIZE], struct span value, uint8_t out[SHA256_SIZE])
{
	struct buf b CLEANUP(buf_free);

	buf_init(&b, EVENT_SALT_SIZE + value.size);
	buf_put(&b, salt, EVENT_SALT_SIZE);
	buf_put_span(&b, value);
	TRY(buf_done(&b));
	return sha256(buf_span(&b), out);
}

/* salts stand in the order of the event's fields, whatever the order of the map. */
static enum err cbor_sealed(
    struct buf *out, const struct event *e, const uint8_t (*salts)[EVENT_SALT_SIZE])
{
	size_t order[EVENT_FIELDS_MAX], salt_of[EVENT_FIELDS_MAX], next = 0;
	size_t count = fields_sorted(e, true, order);

	for (size_t i = 0; i < e->field_count; i++)
		salt_of[i] = e->fields[i].is_personal ? next++ : 0;
	cbor_head(out, CBOR_MAP, count);
	for (size_t i = 0; i < count; i++) {
		const struct event_field *f = &e->fields[order[i]];
		uint8_t commitment[SHA256_SIZE];

		TRY(event_commitment(salts[salt_of[order[i]]], f->bytes, commitment));
		cbor_text(out, f->name);
		cbor_span(out, CBOR_BYTES, span_of(commitment, SHA256_SIZE));
	}
	return OK;
}

size_t event_personal_count(const struct event *event)
{
	size_t count = 0;

	for (size_t i = 0; i < event->field_count; i++)
		count += event->fields[i].is_personal;
	return count;
}

enum err event_canonical(const struct envelope *state, const struct event *event, int64_t sequence,
    const uint8_t previous[SHA256_SIZE], const uint8_t (*salts)[EVENT_SALT_SIZE], struct buf *out)
{
	cbor_head(out, CBOR_MAP, 12);
	cbor_text(out, "v");
	cbor_int(out, CANONICAL_VERSION);
	cbor_text(out, "at");
	cbor_int(out, event->at);
	cbor_text(out, "kind");
	cbor_text(out, event_kind_name(event->kind));
	cbor_text(out, "fields");
	cbor_fields(out, event);
	cbor_text(out, "sealed");
	TRY(cbor_sealed(out, event, salts));
	cbor_text(out, "signer");
	cbor_text_or_null(
	    out, event->signer == EVENT_NONE ? NULL : state->signers[event->signer].id);
	cbor_text(out, "document");
	cbor_text_or_null(
	    out, event->document == EVENT_NONE ? NULL : state->documents[event->document].id);
	cbor_text(out, "envelope");
	cbor_text(out, state->id);
	cbor_text(out, "previous");
	cbor_span(out, CBOR_BYTES, span_of(previous, SHA256_SIZE));
	cbor_text(out, "sequence");
	cbor_int(out, sequence);
	cbor_text(out, "environment");
	cbor_int(out, state->environment);
	cbor_text(out, "organisation");
	cbor_int(out, state->organisation);
	return buf_done(out);
}
