/*
 * The events of an envelope with their fields in clear, and questions about them.
 */
#ifndef CHIROGRAPH_EVIDENCE_STORY_H
#define CHIROGRAPH_EVIDENCE_STORY_H

#include "base/json.h"
#include "evidence/evidence.h"

struct story {
	const struct evidence_source *source;
	json_t **fields; /* one object an event; owned */
};

enum err CHECKED story_open(const struct evidence_source *source, struct story *out);
void story_close(struct story *s);

#define STORY_ANY (-2) /* any signer, any document */
#define STORY_NONE SIZE_MAX
/* Index of the last event of this kind, signer and document; STORY_NONE when it never happened. */
size_t story_last(const struct story *s, enum event_kind kind, int signer, int document);
/* The last one of any document that stands before another event, or of all for STORY_NONE. */
size_t story_last_before(const struct story *s, enum event_kind kind, int signer, size_t before);
size_t story_count(const struct story *s, enum event_kind kind, int signer);
int64_t story_at(const struct story *s, size_t event); /* 0 for STORY_NONE */
/* A field's text or number; NULL and 0 when there is none. */
const char *story_text(const struct story *s, size_t event, const char *field);
int64_t story_number(const struct story *s, size_t event, const char *field);

#endif
