/* Does the signer's way hold its order, its limits and its clock? */
#include "envelope_support.h"

static void test_order_of_steps(void **state)
{
	static const enum command_kind acts[] = {
	    COMMAND_CHECK_CPF, COMMAND_READ, COMMAND_SEND_CODE, COMMAND_CHECK_CODE, COMMAND_SIGN};
	static const enum signer_step needs[] = {
	    STEP_CPF, STEP_READ, STEP_CODE, STEP_CODE, STEP_SIGN};
	for (enum signer_step at = STEP_OPEN; at <= STEP_SIGN; at++) {
		for (size_t i = 0; i < 5; i++) {
			struct scene s;
			scene_in(&s, ENVELOPE_SUBMITTED);
			scene_walk(&s, 0, at);
			enum err e = scene_kind(&s, acts[i], 0);
			if (needs[i] > at && e != ERR_STEP)
				fail_msg("command %d at step %d: %s", (int)acts[i], (int)at,
				    err_symbol(e));
			if (needs[i] > at)
				assert_int_equal(s.events.count, 0);
		}
	}
}

static void test_every_document_is_read(void **state)
{
	struct scene s;
	scene_make(&s, 1, 3);
	scene_submit(&s);
	scene_walk(&s, 0, STEP_READ);
	assert_int_equal(scene_read(&s, 0, 2), OK);
	assert_int_equal(scene_read(&s, 0, 2), OK);
	assert_int_equal(s.events.count, 0);
	assert_int_equal(scene_read(&s, 0, 0), OK);
	assert_int_equal(scene_kind(&s, COMMAND_SEND_CODE, 0), ERR_STEP);
	assert_int_equal(scene_read(&s, 0, 1), OK);
	assert_int_equal(signer_next_step(&s.e, 0), STEP_CODE);
	assert_int_equal(s.signers[0].read_at, s.now);
}

static void test_all_fifty_documents(void **state)
{
	struct scene s;
	scene_make(&s, 1, LIMIT_DOCUMENTS);
	scene_submit(&s);
	scene_walk(&s, 0, STEP_CODE);
}

static void test_opening_twice_is_one_event(void **state)
{
	struct scene s;
	scene_in(&s, ENVELOPE_SUBMITTED);
	assert_int_equal(s.signers[0].state, SIGNER_SENT);
	assert_int_equal(scene_kind(&s, COMMAND_OPEN, 0), OK);
	assert_int_equal(s.signers[0].state, SIGNER_OPENED);
	s.now += CLOCK_MINUTE;
	assert_int_equal(scene_kind(&s, COMMAND_OPEN, 0), OK);
	assert_int_equal(s.events.count, 0);
	assert_int_equal(s.signers[0].opened_at, START);
}

static enum err wrong_cpf(struct scene *s)
{
	struct command c = {.kind = COMMAND_CHECK_CPF};
	return scene_do(s, &c);
}

static void test_cpf_locks_for_an_hour(void **state)
{
	struct scene s;
	scene_in(&s, ENVELOPE_SUBMITTED);
	scene_walk(&s, 0, STEP_CPF);
	for (int i = 0; i < LIMIT_CPF_TRIES; i++) {
		assert_int_equal(wrong_cpf(&s), OK);
		assert_int_equal(s.events.answer, ERR_CPF_WRONG);
		assert_true(scene_has(&s, EVENT_CPF_FAILED));
		s.now += CLOCK_MINUTE;
	}
	assert_string_equal(s.fault.detail, "Tries left: 0.");
	assert_int_equal(wrong_cpf(&s), ERR_CPF_LOCKED);
	assert_int_equal(scene_kind(&s, COMMAND_CHECK_CPF, 0), ERR_CPF_LOCKED);
	s.now = START + CLOCK_HOUR - 1;
	assert_int_equal(scene_kind(&s, COMMAND_CHECK_CPF, 0), ERR_CPF_LOCKED);
	s.now = START + CLOCK_HOUR;
	assert_int_equal(wrong_cpf(&s), OK);
	assert_string_equal(s.fault.detail, "Tries left: 9.");
	assert_int_equal(scene_kind(&s, COMMAND_CHECK_CPF, 0), OK);
	assert_int_equal(signer_next_step(&s.e, 0), STEP_READ);
}

static void test_code_tries(void **state)
{
	struct scene s;
	scene_in(&s, ENVELOPE_SUBMITTED);
	scene_walk(&s, 0, STEP_CODE);
	assert_int_equal(scene_code(&s, 0, 7), ERR_STEP);
	assert_int_equal(scene_kind(&s, COMMAND_SEND_CODE, 0), OK);
	for (int i = 1; i < LIMIT_CODE_TRIES; i++) {
		assert_int_equal(scene_code(&s, 0, 1), OK);
		assert_int_equal(s.events.answer, ERR_CODE_WRONG);
	}
	assert_string_equal(s.fault.detail, "Tries left: 1.");
	assert_int_equal(scene_code(&s, 0, 1), OK);
	assert_int_equal(s.events.answer, ERR_CODE_TRIES);
	assert_int_equal(scene_code(&s, 0, 7), ERR_CODE_TRIES);
	s.now += LIMIT_CODE_RESEND_MS;
	assert_int_equal(scene_kind(&s, COMMAND_SEND_CODE, 0), OK);
	assert_int_equal(scene_code(&s, 0, 7), OK);
	assert_int_equal(s.events.answer, OK);
	assert_int_equal(signer_next_step(&s.e, 0), STEP_SIGN);
}

static void test_code_lives_ten_minutes(void **state)
{
	struct scene s;
	scene_in(&s, ENVELOPE_SUBMITTED);
	scene_walk(&s, 0, STEP_CODE);
	assert_int_equal(scene_kind(&s, COMMAND_SEND_CODE, 0), OK);
	s.now += LIMIT_CODE_MS;
	assert_int_equal(scene_code(&s, 0, 7), ERR_CODE_EXPIRED);
	s.now -= 1;
	assert_int_equal(scene_code(&s, 0, 7), OK);
	assert_int_equal(s.signers[0].code_sent_at, 0);
	assert_int_equal(s.signers[0].code_hash[0], 0);
	assert_int_equal(scene_code(&s, 0, 7), ERR_STEP);
}

/* Another browser proves itself, though the signer did long ago. */
static void test_a_code_may_be_asked_for_again(void **state)
{
	struct scene s;
	scene_in(&s, ENVELOPE_SUBMITTED);
	scene_walk(&s, 0, STEP_SIGN);
	s.now += CLOCK_HOUR;
	assert_int_equal(scene_kind(&s, COMMAND_SEND_CODE, 0), OK);
	assert_int_equal(signer_next_step(&s.e, 0), STEP_SIGN);
	assert_int_equal(scene_code(&s, 0, 1), OK);
	assert_int_equal(s.events.answer, ERR_CODE_WRONG);
	assert_int_equal(s.signers[0].code_at, START);
	assert_int_equal(scene_code(&s, 0, 7), OK);
	assert_true(scene_has(&s, EVENT_CODE_PASSED));
	assert_int_equal(s.signers[0].code_at, s.now);
	assert_int_equal(scene_kind(&s, COMMAND_SIGN, 0), OK);
	assert_int_equal(scene_kind(&s, COMMAND_SEND_CODE, 0), ERR_SIGNER_DONE);
}

static void test_reading_and_signing_need_a_proof(void **state)
{
	struct scene s;
	struct command c = {.kind = COMMAND_READ, .pages = 3};
	scene_in(&s, ENVELOPE_SUBMITTED);
	scene_walk(&s, 0, STEP_CPF);
	assert_int_equal(scene_do(&s, &c), ERR_STEP);
	assert_int_equal(scene_kind(&s, COMMAND_CHECK_CPF, 0), OK);
	assert_int_equal(scene_do(&s, &c), ERR_PROOF);
	c.is_proved = true;
	assert_int_equal(scene_do(&s, &c), OK);
	c = (struct command){.kind = COMMAND_SIGN, .signature = SIGNATURE_DRAWN};
	assert_int_equal(scene_do(&s, &c), ERR_STEP);
	assert_int_equal(scene_kind(&s, COMMAND_SEND_CODE, 0), OK);
	assert_int_equal(scene_code(&s, 0, 7), OK);
	assert_int_equal(scene_do(&s, &c), ERR_PROOF);
	c.is_proved = true;
	assert_int_equal(scene_do(&s, &c), OK);
}

static void test_cpf_is_asked_for_the_copy_too(void **state)
{
	struct scene s;
	scene_in(&s, ENVELOPE_COMPLETED);
	assert_int_equal(wrong_cpf(&s), OK);
	assert_int_equal(s.events.answer, ERR_CPF_WRONG);
	assert_int_equal(scene_kind(&s, COMMAND_CHECK_CPF, 0), OK);
	assert_int_equal(s.events.count, 0);
	scene_make(&s, 2, 1);
	scene_submit(&s);
	scene_walk(&s, 0, STEP_DONE);
	assert_int_equal(scene_kind(&s, COMMAND_CHECK_CPF, 0), OK);
	assert_int_equal(scene_kind(&s, COMMAND_CANCEL, 0), OK);
	assert_int_equal(scene_kind(&s, COMMAND_CHECK_CPF, 0), ERR_STATE_CANCELED);
}

static void test_a_new_code_replaces_the_old(void **state)
{
	struct scene s;
	struct command send = {.kind = COMMAND_SEND_CODE, .hash = {3}};
	scene_in(&s, ENVELOPE_SUBMITTED);
	scene_walk(&s, 0, STEP_CODE);
	assert_int_equal(scene_do(&s, &send), OK);
	s.now += LIMIT_CODE_RESEND_MS;
	send.hash[0] = 4;
	assert_int_equal(scene_do(&s, &send), OK);
	assert_int_equal(scene_code(&s, 0, 3), OK);
	assert_int_equal(s.events.answer, ERR_CODE_WRONG);
	assert_int_equal(scene_code(&s, 0, 4), OK);
	assert_int_equal(s.events.answer, OK);
}

static void test_resend_waits(void **state)
{
	struct scene s;
	scene_in(&s, ENVELOPE_SUBMITTED);
	scene_walk(&s, 0, STEP_CODE);
	assert_int_equal(scene_kind(&s, COMMAND_SEND_CODE, 0), OK);
	s.now += LIMIT_CODE_RESEND_MS - 1;
	assert_int_equal(scene_kind(&s, COMMAND_SEND_CODE, 0), ERR_CODE_WAIT);
	assert_string_equal(s.fault.detail, "Seconds: 1.");
	s.now += 1;
	assert_int_equal(scene_kind(&s, COMMAND_SEND_CODE, 0), OK);
}

static void test_codes_of_a_day(void **state)
{
	struct scene s;
	scene_in(&s, ENVELOPE_SUBMITTED);
	scene_walk(&s, 0, STEP_CODE);
	for (int i = 0; i < LIMIT_CODE_SENDS; i++) {
		assert_int_equal(scene_kind(&s, COMMAND_SEND_CODE, 0), OK);
		s.now += CLOCK_HOUR;
	}
	assert_int_equal(scene_kind(&s, COMMAND_SEND_CODE, 0), ERR_CODE_SENDS);
	s.now = START + CLOCK_DAY;
	assert_int_equal(scene_kind(&s, COMMAND_SEND_CODE, 0), OK);
	assert_int_equal(s.signers[0].code_sends, 1);
}

static void test_sign_says_everything(void **state)
{
	struct scene s;
	struct command c = {.kind = COMMAND_SIGN,
	    .signature = SIGNATURE_TYPED,
	    .text = span_str("João"),
	    .consent_version = span_str("2026-01"),
	    .consent_language = span_str("pt-BR"),
	    .consent_hash = {5},
	    .is_proved = true,
	    .hash = {6},
	    .actor = {.address = span_str("192.0.2.1"), .user_agent = span_str("Firefox")}};
	scene_in(&s, ENVELOPE_SUBMITTED);
	scene_walk(&s, 0, STEP_SIGN);
	assert_int_equal(scene_do(&s, &c), OK);
	assert_int_equal(s.events.count, 3);
	assert_int_equal(s.events.items[0].kind, EVENT_CONSENTED);
	assert_int_equal(s.events.items[0].field_count, 3);
	assert_int_equal(s.events.items[1].kind, EVENT_SIGNED);
	assert_int_equal(s.events.items[1].field_count, 5);
	assert_int_equal(event_personal_count(&s.events.items[1]), 4);
	assert_int_equal(s.events.items[2].kind, EVENT_ALL_SIGNED);
	assert_int_equal(s.signers[0].consent_at, s.now);
	assert_int_equal(scene_do(&s, &c), ERR_SIGNER_DONE);
}

static void test_decline_at_any_step(void **state)
{
	for (enum signer_step at = STEP_OPEN; at <= STEP_SIGN; at++) {
		struct scene s;
		scene_make(&s, 2, 1);
		scene_submit(&s);
		scene_walk(&s, 0, at);
		assert_int_equal(scene_kind(&s, COMMAND_DECLINE, 0), OK);
		assert_int_equal(s.e.state, ENVELOPE_SUBMITTED);
		assert_int_equal(s.signers[0].state, SIGNER_REFUSED);
		assert_int_equal(scene_kind(&s, COMMAND_SIGN, 0), ERR_SIGNER_REFUSED);
		assert_int_equal(scene_kind(&s, COMMAND_DECLINE, 0), ERR_SIGNER_REFUSED);
		scene_walk(&s, 1, STEP_DONE);
		assert_false(scene_has(&s, EVENT_ALL_SIGNED));
		assert_int_equal(s.e.signed_at, 0);
	}
}

static void test_decline_after_signing(void **state)
{
	struct scene s;
	scene_in(&s, ENVELOPE_SUBMITTED);
	scene_walk(&s, 0, STEP_DONE);
	assert_int_equal(scene_kind(&s, COMMAND_DECLINE, 0), ERR_SIGNER_DONE);
}

static void test_delivered_never_moves_a_state(void **state)
{
	struct scene s;
	struct command c = {.kind = COMMAND_DELIVERED, .is_ok = true, .purpose = span_str("copy")};
	scene_in(&s, ENVELOPE_SUBMITTED);
	assert_int_equal(scene_do(&s, &c), OK);
	assert_int_equal(s.signers[0].delivered_at, 0);
	c.purpose = span_str("invite");
	c.is_ok = false;
	assert_int_equal(scene_do(&s, &c), OK);
	assert_int_equal(s.signers[0].delivered_at, 0);
	c.is_ok = true;
	s.now += 5;
	assert_int_equal(scene_do(&s, &c), OK);
	assert_int_equal(s.signers[0].delivered_at, START + 5);
	assert_int_equal(s.signers[0].state, SIGNER_SENT);
	assert_int_equal(s.signers[0].sent_at, START);
}

static void test_position(void **state)
{
	static const unsigned expected[] = {1, 1, 2, 3, 4, 4};
	for (enum signer_step at = STEP_OPEN; at <= STEP_DONE; at++) {
		struct scene s;
		unsigned n = 0, of = 0;
		scene_in(&s, ENVELOPE_SUBMITTED);
		scene_walk(&s, 0, at);
		signer_step_position(signer_next_step(&s.e, 0), &n, &of);
		assert_int_equal(n, expected[at]);
		assert_int_equal(of, 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order_of_steps),
	    cmocka_unit_test(test_every_document_is_read),
	    cmocka_unit_test(test_all_fifty_documents),
	    cmocka_unit_test(test_opening_twice_is_one_event),
	    cmocka_unit_test(test_cpf_locks_for_an_hour),
	    cmocka_unit_test(test_code_tries),
	    cmocka_unit_test(test_code_lives_ten_minutes),
	    cmocka_unit_test(test_a_code_may_be_asked_for_again),
	    cmocka_unit_test(test_reading_and_signing_need_a_proof),
	    cmocka_unit_test(test_cpf_is_asked_for_the_copy_too),
	    cmocka_unit_test(test_a_new_code_replaces_the_old),
	    cmocka_unit_test(test_resend_waits),
	    cmocka_unit_test(test_codes_of_a_day),
	    cmocka_unit_test(test_sign_says_everything),
	    cmocka_unit_test(test_decline_at_any_step),
	    cmocka_unit_test(test_decline_after_signing),
	    cmocka_unit_test(test_delivered_never_moves_a_state),
	    cmocka_unit_test(test_position),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
