/* A small envelope in memory and the way of a signer through it. */
#ifndef CHIROGRAPH_TESTS_ENVELOPE_SUPPORT_H
#define CHIROGRAPH_TESTS_ENVELOPE_SUPPORT_H

#include "unit.h"

#include "base/clock.h"
#include "envelope/envelope.h"

#include <stdio.h>

#define START INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define EXPIRES (START + 30 * CLOCK_DAY)

struct scene {
	struct envelope e;
	struct signer_progress signers[4];
	struct document_progress documents[LIMIT_DOCUMENTS + 1];
	struct event_list events;
	struct fault fault;
	int64_t now;
};

static inline enum err scene_try(struct scene *s, const struct command *c)
{
	memset(&s->fault, 0, sizeof(s->fault));
	return envelope_decide(&s->e, c, s->now, &s->events, &s->fault);
}

static inline enum err scene_do(struct scene *s, const struct command *c)
{
	enum err e = scene_try(s, c);
	for (size_t i = 0; e == OK && i < s->events.count; i++)
		envelope_apply(&s->e, &s->events.items[i]);
	return e;
}

static inline enum err scene_kind(struct scene *s, enum command_kind kind, size_t signer)
{
	struct command c = {.kind = kind,
	    .signer = signer,
	    .is_match = true,
	    .is_proved = true,
	    .is_ok = true,
	    .hash = {7},
	    .text = span_str("text")};
	return scene_do(s, &c);
}

static inline enum err scene_document(struct scene *s)
{
	struct command c = {.kind = COMMAND_ADD_DOCUMENT,
	    .document = s->e.document_count,
	    .text = span_str("clean"),
	    .pages = 3};
	snprintf(
	    s->documents[s->e.document_count].id, ENVELOPE_ID_SIZE, "d%zu", s->e.document_count);
	return scene_do(s, &c);
}

static inline enum err scene_read(struct scene *s, size_t signer, size_t document)
{
	struct command c = {.kind = COMMAND_READ,
	    .is_proved = true,
	    .signer = signer,
	    .document = document,
	    .pages = 3,
	    .duration_ms = 5000};
	return scene_do(s, &c);
}

static inline enum err scene_code(struct scene *s, size_t signer, uint8_t mark)
{
	struct command c = {.kind = COMMAND_CHECK_CODE, .signer = signer, .hash = {mark}};
	return scene_do(s, &c);
}

static inline enum err scene_sealed(struct scene *s, size_t document)
{
	struct command c = {.kind = COMMAND_SEALED, .document = document, .hash = {9}};
	return scene_do(s, &c);
}

static inline void scene_make(struct scene *s, size_t signers, size_t documents)
{
	memset(s, 0, sizeof(*s));
	s->now = START;
	s->e.signers = s->signers;
	s->e.documents = s->documents;
	s->e.signer_count = signers;
	s->e.expires_at = EXPIRES;
	s->e.organisation = 1;
	snprintf(s->e.id, sizeof(s->e.id), "envelope");
	for (size_t i = 0; i < signers; i++)
		snprintf(s->signers[i].id, ENVELOPE_ID_SIZE, "s%zu", i);
	assert_int_equal(scene_kind(s, COMMAND_CREATE, 0), OK);
	for (size_t i = 0; i < documents; i++)
		assert_int_equal(scene_document(s), OK);
}

static inline void scene_submit(struct scene *s)
{
	assert_int_equal(scene_kind(s, COMMAND_SUBMIT, 0), OK);
}

/* Up to, not including, the given step. */
static inline void scene_walk(struct scene *s, size_t signer, enum signer_step to)
{
	if (to > STEP_OPEN)
		assert_int_equal(scene_kind(s, COMMAND_OPEN, signer), OK);
	if (to > STEP_CPF)
		assert_int_equal(scene_kind(s, COMMAND_CHECK_CPF, signer), OK);
	for (size_t i = 0; to > STEP_READ && i < s->e.document_count; i++)
		assert_int_equal(scene_read(s, signer, i), OK);
	if (to > STEP_CODE) {
		assert_int_equal(scene_kind(s, COMMAND_SEND_CODE, signer), OK);
		assert_int_equal(scene_code(s, signer, 7), OK);
	}
	if (to > STEP_SIGN)
		assert_int_equal(scene_kind(s, COMMAND_SIGN, signer), OK);
	assert_int_equal(signer_next_step(&s->e, signer), to);
}

/* An envelope of one signer and one document brought into a state. */
static inline void scene_in(struct scene *s, enum envelope_state state)
{
	scene_make(s, 1, 1);
	if (state == ENVELOPE_CREATED)
		return;
	if (state == ENVELOPE_CANCELED) {
		assert_int_equal(scene_kind(s, COMMAND_CANCEL, 0), OK);
		return;
	}
	scene_submit(s);
	if (state == ENVELOPE_COMPLETED) {
		scene_walk(s, 0, STEP_DONE);
		assert_int_equal(scene_sealed(s, 0), OK);
	}
	if (state == ENVELOPE_EXPIRED) {
		s->now = EXPIRES + CLOCK_SECOND;
		assert_int_equal(scene_kind(s, COMMAND_EXPIRE, 0), OK);
	}
	assert_int_equal(s->e.state, state);
}

static inline bool scene_has(const struct scene *s, enum event_kind kind)
{
	for (size_t i = 0; i < s->events.count; i++)
		if (s->events.items[i].kind == kind)
			return true;
	return false;
}

#endif
