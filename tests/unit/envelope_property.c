/*
 * Can any order of commands bring an envelope into an impossible state? Fixed seeds, random
 * commands and times; after each, decide must not have touched the state and the invariants
 * must hold.
 */
#include "envelope_support.h"

#include <stdlib.h>

static uint64_t seed;

static uint64_t pick(uint64_t below)
{
	seed ^= seed << 13; /* xorshift64 */
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static struct command random_command(const struct scene *s)
{
	struct command c = {.kind = (enum command_kind)pick(COMMAND_SEALED + 1),
	    .signer = pick(s->e.signer_count + 1),
	    .document = pick(s->e.document_count + 1),
	    .is_match = pick(4) != 0,
	    .is_proved = pick(8) != 0,
	    .is_ok = pick(2) != 0,
	    .hash = {(uint8_t)(pick(8) == 0)},
	    .text = span_str("x")};
	bool is_rare = c.kind == COMMAND_CANCEL || c.kind == COMMAND_DECLINE;
	if (is_rare && pick(25) != 0)
		c.kind = COMMAND_OPEN;
	if (c.kind == COMMAND_ADD_DOCUMENT)
		c.document = s->e.document_count;
	return c;
}

static void check_signer(const struct envelope *e, const struct signer_progress *p)
{
	const int64_t way[] = {
	    p->sent_at, p->opened_at, p->cpf_at, p->read_at, p->code_at, p->signed_at};
	for (size_t i = 1; i < 6; i++)
		if (way[i] != 0)
			assert_true(way[i - 1] != 0 && way[i - 1] <= way[i]);
	assert_int_equal(p->signed_at != 0, p->state == SIGNER_SIGNED);
	assert_int_equal(p->consent_at != 0, p->signed_at != 0);
	assert_int_equal(p->refused_at != 0, p->state == SIGNER_REFUSED);
	assert_false(p->signed_at != 0 && p->refused_at != 0);
	assert_true(p->cpf_tries <= LIMIT_CPF_TRIES && p->code_tries <= LIMIT_CODE_TRIES);
	assert_true(p->code_sends <= LIMIT_CODE_SENDS);
	assert_true(p->read_mask < UINT64_C(1) << e->document_count || e->document_count == 0);
	if (p->state == SIGNER_CREATED)
		assert_int_equal(e->submitted_at, 0);
	if (p->state == SIGNER_EXPIRED)
		assert_int_equal(e->state, ENVELOPE_EXPIRED);
}

static void check(const struct envelope *e)
{
	size_t signed_count = 0, sealed_count = 0;
	for (size_t i = 0; i < e->signer_count; i++) {
		check_signer(e, &e->signers[i]);
		signed_count += e->signers[i].signed_at != 0;
	}
	for (size_t i = 0; i < e->document_count; i++)
		sealed_count += e->documents[i].sealed_at != 0;
	assert_int_equal(e->signed_at != 0, e->signer_count > 0 && signed_count == e->signer_count);
	assert_int_equal(e->ended_at != 0, envelope_is_over(e->state));
	if (e->state == ENVELOPE_COMPLETED)
		assert_true(e->signed_at != 0 && sealed_count == e->document_count);
	if (sealed_count > 0)
		assert_true(e->signed_at != 0);
	if (e->state == ENVELOPE_SUBMITTED || e->state == ENVELOPE_COMPLETED)
		assert_true(e->document_count > 0 && e->signer_count > 0 && e->submitted_at != 0);
	if (e->state == ENVELOPE_CREATED)
		assert_int_equal(e->submitted_at, 0);
}

static bool is_end_kept(enum envelope_state before, enum envelope_state after)
{
	return !envelope_is_over(before) || before == after;
}

static void step(struct scene *s, struct scene *copy)
{
	struct command c = random_command(s);
	enum envelope_state before = s->e.state;
	int64_t version = s->e.version;
	s->now += (int64_t)pick(pick(40) == 0 ? CLOCK_DAY : 40 * CLOCK_SECOND);
	memcpy(copy, s, sizeof(*s));
	enum err e = scene_try(s, &c);
	assert_memory_equal(&copy->e, &s->e, sizeof(s->e));
	assert_memory_equal(copy->signers, s->signers, sizeof(s->signers));
	assert_memory_equal(copy->documents, s->documents, sizeof(s->documents));
	if (e != OK) {
		assert_int_equal(s->events.count, 0);
		return;
	}
	for (size_t i = 0; i < s->events.count; i++)
		envelope_apply(&s->e, &s->events.items[i]);
	assert_int_equal(s->e.version, version + (int64_t)s->events.count);
	assert_true(is_end_kept(before, s->e.state));
	check(&s->e);
}

static void test_no_impossible_state(void **state)
{
	static struct scene s, copy;
	unsigned seen[ENVELOPE_EXPIRED + 1] = {0};
	for (uint64_t run = 1; run <= 3000; run++) {
		seed = run * UINT64_C(0x9E3779B97F4A7C15);
		scene_make(&s, 1 + pick(2), pick(3));
		s.e.expires_at = START + CLOCK_HOUR + (int64_t)pick(12 * CLOCK_DAY);
		for (int i = 0; i < 150 + (int)pick(250); i++)
			if (s.e.document_count < 6)
				step(&s, &copy);
		seen[s.e.state]++;
	}
	for (int i = ENVELOPE_COMPLETED; i <= ENVELOPE_EXPIRED; i++)
		assert_true(seen[i] > 20); /* the walk really reaches every end */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_impossible_state)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
