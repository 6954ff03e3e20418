/*
 * What the files of the envelope store share and nobody else needs: sealing of columns, rows
 * of events, and the run of one command over a state. A row is made whole (sealed, hashed)
 * before it is inserted, so creation seals outside of the writer.
 */
#ifndef CHIROGRAPH_STORE_ENVELOPE_ROWS_H
#define CHIROGRAPH_STORE_ENVELOPE_ROWS_H

#include "store/db.h"
#include "store/envelopes.h"

/* Columns under the envelope's data key; the position inside the envelope names the row. */
enum sealed_column {
	SEALED_SUBJECT,
	SEALED_CODE,
	SEALED_PROFILE,
	SEALED_LINK,
	SEALED_DOCUMENT_NAME,
	SEALED_DRAWING,
	SEALED_EVENT_FIELDS, /* position: the sequence */
	SEALED_JOB_PAYLOAD,
};

enum err CHECKED column_seal(const uint8_t key[KEY_SIZE], enum sealed_column column,
    int64_t position, struct span plain, struct arena *arena, struct span *out);
enum err CHECKED column_open(const uint8_t key[KEY_SIZE], enum sealed_column column,
    int64_t position, struct span sealed, struct arena *arena, struct span *out); /* NUL ended */
struct span arena_span(struct arena *a, struct span s); /* copy; data NULL when out of memory */
enum err CHECKED profile_json(const struct signer_profile *p, struct buf *out);

/* ---- events ---- */

/* Fills row from an event that was decided on this state and not yet applied. */
enum err CHECKED event_row_make(const struct envelope *before, const struct event *event,
    const uint8_t key[KEY_SIZE], struct arena *arena, struct event_record *row);
enum err CHECKED event_row_insert(
    struct db *db, int64_t organisation, int64_t envelope, const struct event_record *row);

/* ---- secrets that a submitted envelope gets ---- */

struct secret_new {
	struct span sealed;
	uint8_t hash[SHA256_SIZE];
};
enum err CHECKED link_new(
    const uint8_t key[KEY_SIZE], size_t signer, struct arena *arena, struct secret_new *out);
enum err CHECKED code_new(const uint8_t key[KEY_SIZE], struct arena *arena, struct secret_new *out);

/* ---- rows that creation and commands both write ---- */

void signer_begin(struct signer_progress *s, const struct signer_new *in);
enum err CHECKED signer_insert(struct db *db, const struct envelope *state, size_t position,
    struct span sealed_profile, const struct secret_new *link);
enum err CHECKED document_insert(struct db *db, const struct envelope *state, size_t position,
    const struct document_new *d, struct span sealed_name, int64_t now);
enum err CHECKED photo_insert(
    struct db *db, const struct envelope *state, const struct photo_new *p, int64_t now);
void stored_file_bind(struct query *q, const struct stored_file *f); /* four columns */
void command_of_document(struct command *c, const struct document_new *d, size_t position);
void command_of_photo(struct command *c, const struct photo_new *p);

#endif
