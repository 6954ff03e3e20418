/*
 * See the header. Opening checks the hash chain first: evidence is never made from a log
 * that somebody changed.
 */
#include "evidence/story.h"

static enum err open_one(const struct evidence_source *s, size_t i, json_t **out)
{
	struct span text;
	TRY(event_record_open(&s->events[i], s->key, s->arena, &text));
	return json_read(text, out, NULL);
}

enum err story_open(const struct evidence_source *source, struct story *out)
{
	size_t count = source->event_count;
	TRY(events_check(source->events, count));
	out->source = source;
	out->fields = arena_alloc(source->arena, (count ? count : 1) * sizeof(*out->fields));
	ENSURE(out->fields != NULL, ERR_MEMORY);
	for (size_t i = 0; i < count; i++)
		TRY(open_one(source, i, &out->fields[i]));
	return OK;
}

void story_close(struct story *s)
{
	for (size_t i = 0; s->fields != NULL && i < s->source->event_count; i++)
		json_decref(s->fields[i]);
}

static bool is_event(const struct event_record *e, enum event_kind kind, int signer, int document)
{
	return e->kind == kind && (signer == STORY_ANY || e->signer == signer) &&
	       (document == STORY_ANY || e->document == document);
}

static size_t last_below(
    const struct story *s, enum event_kind kind, int signer, int document, size_t below)
{
	for (size_t i = below; i > 0; i--)
		if (is_event(&s->source->events[i - 1], kind, signer, document))
			return i - 1;
	return STORY_NONE;
}

size_t story_last(const struct story *s, enum event_kind kind, int signer, int document)
{
	return last_below(s, kind, signer, document, s->source->event_count);
}

size_t story_last_before(const struct story *s, enum event_kind kind, int signer, size_t before)
{
	size_t below = before == STORY_NONE ? s->source->event_count : before;

	return last_below(s, kind, signer, STORY_ANY, below);
}

size_t story_count(const struct story *s, enum event_kind kind, int signer)
{
	size_t n = 0;
	for (size_t i = 0; i < s->source->event_count; i++)
		n += is_event(&s->source->events[i], kind, signer, STORY_ANY);
	return n;
}

int64_t story_at(const struct story *s, size_t event)
{
	return event == STORY_NONE ? 0 : s->source->events[event].at;
}

static json_t *field(const struct story *s, size_t event, const char *name)
{
	if (event == STORY_NONE)
		return NULL;
	return json_object_get(json_object_get(s->fields[event], "fields"), name);
}

const char *story_text(const struct story *s, size_t event, const char *name)
{
	return json_string_value(field(s, event, name));
}

int64_t story_number(const struct story *s, size_t event, const char *name)
{
	return json_integer_value(field(s, event, name));
}
