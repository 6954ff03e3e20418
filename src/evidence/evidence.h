/*
 * What a dossier tells: assembled from the envelope's events and its sealed columns into one
 * masked JSON (docs/evidence.md), which press prints and attaches. Nothing is told that no
 * event holds: what did not happen is null.
 */
#ifndef CHIROGRAPH_EVIDENCE_EVIDENCE_H
#define CHIROGRAPH_EVIDENCE_EVIDENCE_H

#include "store/envelopes.h"
#include "store/organisations.h"

struct evidence_source {
	const struct stored_organisation *organisation;
	const struct envelope_record *record;
	const struct event_record *events;
	size_t event_count;
	const struct drawing_record *drawings;
	size_t drawing_count;
	const uint8_t *key;    /* data key, open */
	const char *pages_url; /* base of /v/<code>, no slash at the end */
	const char *language;  /* used when the organisation has none */
	struct arena *arena;
};

/* The evidence of one document; ERR_STORE when the event log does not hold together. */
enum err CHECKED evidence_write(const struct evidence_source *s, size_t document, struct buf *out);
/* {"<signer id>":[[[x,y],…],…]} of the drawn signatures: for the page, not attached. */
enum err CHECKED evidence_drawings(const struct evidence_source *s, struct buf *out);

/* "ABCD-EFGH-…": the verification code in groups of four. In the arena. */
const char *evidence_code_text(const char *code, struct arena *arena);

#endif
