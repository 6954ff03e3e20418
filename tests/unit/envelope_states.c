/* Is every cell of the state table as the contract draws it? */
#include "envelope_support.h"

struct cell {
	enum envelope_state in;
	enum command_kind command;
	enum err error;
	size_t events;
	enum envelope_state then;
};

#define NOTHING 0

static const struct cell table[] = {
    /* add signer/document/photo */
    {ENVELOPE_CREATED, COMMAND_ADD_DOCUMENT, OK, 1, ENVELOPE_CREATED},
    {ENVELOPE_CREATED, COMMAND_ADD_PHOTO, OK, 1, ENVELOPE_CREATED},
    {ENVELOPE_SUBMITTED, COMMAND_ADD_DOCUMENT, ERR_STATE_CREATED_NEEDED, 0, ENVELOPE_SUBMITTED},
    {ENVELOPE_SUBMITTED, COMMAND_ADD_PHOTO, ERR_STATE_CREATED_NEEDED, 0, ENVELOPE_SUBMITTED},
    {ENVELOPE_COMPLETED, COMMAND_ADD_DOCUMENT, ERR_STATE_CREATED_NEEDED, 0, ENVELOPE_COMPLETED},
    {ENVELOPE_COMPLETED, COMMAND_ADD_PHOTO, ERR_STATE_CREATED_NEEDED, 0, ENVELOPE_COMPLETED},
    {ENVELOPE_CANCELED, COMMAND_ADD_DOCUMENT, ERR_STATE_CREATED_NEEDED, 0, ENVELOPE_CANCELED},
    {ENVELOPE_CANCELED, COMMAND_ADD_PHOTO, ERR_STATE_CREATED_NEEDED, 0, ENVELOPE_CANCELED},
    {ENVELOPE_EXPIRED, COMMAND_ADD_DOCUMENT, ERR_STATE_CREATED_NEEDED, 0, ENVELOPE_EXPIRED},
    {ENVELOPE_EXPIRED, COMMAND_ADD_PHOTO, ERR_STATE_CREATED_NEEDED, 0, ENVELOPE_EXPIRED},
    {ENVELOPE_CREATED, COMMAND_ADD_SIGNER, OK, 1, ENVELOPE_CREATED},
    {ENVELOPE_SUBMITTED, COMMAND_ADD_SIGNER, ERR_STATE_CREATED_NEEDED, 0, ENVELOPE_SUBMITTED},
    {ENVELOPE_COMPLETED, COMMAND_ADD_SIGNER, ERR_STATE_CREATED_NEEDED, 0, ENVELOPE_COMPLETED},
    {ENVELOPE_CANCELED, COMMAND_ADD_SIGNER, ERR_STATE_CREATED_NEEDED, 0, ENVELOPE_CANCELED},
    {ENVELOPE_EXPIRED, COMMAND_ADD_SIGNER, ERR_STATE_CREATED_NEEDED, 0, ENVELOPE_EXPIRED},
    /* submitted */
    {ENVELOPE_CREATED, COMMAND_SUBMIT, OK, 1, ENVELOPE_SUBMITTED},
    {ENVELOPE_SUBMITTED, COMMAND_SUBMIT, OK, NOTHING, ENVELOPE_SUBMITTED},
    {ENVELOPE_COMPLETED, COMMAND_SUBMIT, ERR_STATE_COMPLETED, 0, ENVELOPE_COMPLETED},
    {ENVELOPE_CANCELED, COMMAND_SUBMIT, ERR_STATE_CANCELED, 0, ENVELOPE_CANCELED},
    {ENVELOPE_EXPIRED, COMMAND_SUBMIT, ERR_STATE_EXPIRED, 0, ENVELOPE_EXPIRED},
    /* canceled */
    {ENVELOPE_CREATED, COMMAND_CANCEL, OK, 1, ENVELOPE_CANCELED},
    {ENVELOPE_SUBMITTED, COMMAND_CANCEL, OK, 1, ENVELOPE_CANCELED},
    {ENVELOPE_COMPLETED, COMMAND_CANCEL, ERR_STATE_COMPLETED, 0, ENVELOPE_COMPLETED},
    {ENVELOPE_CANCELED, COMMAND_CANCEL, OK, NOTHING, ENVELOPE_CANCELED},
    {ENVELOPE_EXPIRED, COMMAND_CANCEL, ERR_STATE_EXPIRED, 0, ENVELOPE_EXPIRED},
    /* signer acts */
    {ENVELOPE_CREATED, COMMAND_OPEN, ERR_LINK, 0, ENVELOPE_CREATED},
    {ENVELOPE_CREATED, COMMAND_CHECK_CPF, ERR_LINK, 0, ENVELOPE_CREATED},
    {ENVELOPE_CREATED, COMMAND_READ, ERR_LINK, 0, ENVELOPE_CREATED},
    {ENVELOPE_CREATED, COMMAND_SEND_CODE, ERR_LINK, 0, ENVELOPE_CREATED},
    {ENVELOPE_CREATED, COMMAND_CHECK_CODE, ERR_LINK, 0, ENVELOPE_CREATED},
    {ENVELOPE_CREATED, COMMAND_SIGN, ERR_LINK, 0, ENVELOPE_CREATED},
    {ENVELOPE_CREATED, COMMAND_DECLINE, ERR_LINK, 0, ENVELOPE_CREATED},
    {ENVELOPE_SUBMITTED, COMMAND_OPEN, OK, 1, ENVELOPE_SUBMITTED},
    {ENVELOPE_SUBMITTED, COMMAND_DECLINE, OK, 1, ENVELOPE_SUBMITTED},
    {ENVELOPE_COMPLETED, COMMAND_OPEN, ERR_STATE_COMPLETED, 0, ENVELOPE_COMPLETED},
    {ENVELOPE_COMPLETED, COMMAND_CHECK_CPF, OK, NOTHING, ENVELOPE_COMPLETED},
    {ENVELOPE_COMPLETED, COMMAND_SEND_CODE, ERR_STATE_COMPLETED, 0, ENVELOPE_COMPLETED},
    {ENVELOPE_COMPLETED, COMMAND_SIGN, ERR_STATE_COMPLETED, 0, ENVELOPE_COMPLETED},
    {ENVELOPE_COMPLETED, COMMAND_DECLINE, ERR_STATE_COMPLETED, 0, ENVELOPE_COMPLETED},
    {ENVELOPE_CANCELED, COMMAND_OPEN, ERR_STATE_CANCELED, 0, ENVELOPE_CANCELED},
    {ENVELOPE_CANCELED, COMMAND_DECLINE, ERR_STATE_CANCELED, 0, ENVELOPE_CANCELED},
    {ENVELOPE_EXPIRED, COMMAND_OPEN, ERR_STATE_EXPIRED, 0, ENVELOPE_EXPIRED},
    {ENVELOPE_EXPIRED, COMMAND_SIGN, ERR_STATE_EXPIRED, 0, ENVELOPE_EXPIRED},
    {ENVELOPE_EXPIRED, COMMAND_DECLINE, ERR_STATE_EXPIRED, 0, ENVELOPE_EXPIRED},
    /* our own processes */
    {ENVELOPE_CREATED, COMMAND_CREATE, ERR_CONFLICT, 0, ENVELOPE_CREATED},
    {ENVELOPE_CREATED, COMMAND_SEALED, ERR_STEP, 0, ENVELOPE_CREATED},
    {ENVELOPE_SUBMITTED, COMMAND_SEALED, ERR_STEP, 0, ENVELOPE_SUBMITTED},
    {ENVELOPE_COMPLETED, COMMAND_SEALED, OK, NOTHING, ENVELOPE_COMPLETED},
    {ENVELOPE_CANCELED, COMMAND_SEALED, ERR_STATE_CANCELED, 0, ENVELOPE_CANCELED},
    {ENVELOPE_EXPIRED, COMMAND_SEALED, ERR_STATE_EXPIRED, 0, ENVELOPE_EXPIRED},
    {ENVELOPE_SUBMITTED, COMMAND_DELIVERED, OK, 1, ENVELOPE_SUBMITTED},
    {ENVELOPE_COMPLETED, COMMAND_DELIVERED, OK, 1, ENVELOPE_COMPLETED},
    /* time has not run out */
    {ENVELOPE_CREATED, COMMAND_EXPIRE, OK, NOTHING, ENVELOPE_CREATED},
    {ENVELOPE_SUBMITTED, COMMAND_EXPIRE, OK, NOTHING, ENVELOPE_SUBMITTED},
};

static void test_table(void **state)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct cell *cell = &table[i];
		struct scene s;
		struct command c = {.kind = cell->command, .is_match = true, .is_ok = true};
		scene_in(&s, cell->in);
		c.document = cell->command == COMMAND_ADD_DOCUMENT ? s.e.document_count : 0;
		c.signer = cell->command == COMMAND_ADD_SIGNER ? s.e.signer_count : 0;
		enum err e = scene_do(&s, &c);
		if (e != cell->error || s.events.count != cell->events || s.e.state != cell->then)
			fail_msg("cell %zu: %s command %d: %s, %zu events, then %s", i,
			    envelope_state_name(cell->in), (int)cell->command, err_symbol(e),
			    s.events.count, envelope_state_name(s.e.state));
	}
}

/* The last column: time runs out, whether or not a job has said so. */
static void test_time_runs_out(void **state)
{
	static const struct cell late[] = {
	    {ENVELOPE_CREATED, COMMAND_ADD_DOCUMENT, ERR_STATE_CREATED_NEEDED, 0, ENVELOPE_CREATED},
	    {ENVELOPE_CREATED, COMMAND_SUBMIT, ERR_STATE_EXPIRED, 0, ENVELOPE_CREATED},
	    {ENVELOPE_CREATED, COMMAND_CANCEL, ERR_STATE_EXPIRED, 0, ENVELOPE_CREATED},
	    {ENVELOPE_CREATED, COMMAND_EXPIRE, OK, 1, ENVELOPE_EXPIRED},
	    {ENVELOPE_SUBMITTED, COMMAND_SUBMIT, ERR_STATE_EXPIRED, 0, ENVELOPE_SUBMITTED},
	    {ENVELOPE_SUBMITTED, COMMAND_CANCEL, ERR_STATE_EXPIRED, 0, ENVELOPE_SUBMITTED},
	    {ENVELOPE_SUBMITTED, COMMAND_OPEN, ERR_STATE_EXPIRED, 0, ENVELOPE_SUBMITTED},
	    {ENVELOPE_SUBMITTED, COMMAND_DECLINE, ERR_STATE_EXPIRED, 0, ENVELOPE_SUBMITTED},
	    {ENVELOPE_SUBMITTED, COMMAND_EXPIRE, OK, 1, ENVELOPE_EXPIRED},
	    {ENVELOPE_COMPLETED, COMMAND_EXPIRE, OK, 0, ENVELOPE_COMPLETED},
	    {ENVELOPE_CANCELED, COMMAND_EXPIRE, OK, 0, ENVELOPE_CANCELED},
	    {ENVELOPE_CANCELED, COMMAND_CANCEL, OK, 0, ENVELOPE_CANCELED},
	    {ENVELOPE_EXPIRED, COMMAND_EXPIRE, OK, 0, ENVELOPE_EXPIRED},
	};
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		struct scene s;
		scene_in(&s, late[i].in);
		s.now = EXPIRES + CLOCK_SECOND;
		struct command c = {.kind = late[i].command, .document = s.e.document_count};
		enum err e = scene_do(&s, &c);
		if (e != late[i].error || s.events.count != late[i].events ||
		    s.e.state != late[i].then)
			fail_msg("late cell %zu: %s, %zu events", i, err_symbol(e), s.events.count);
	}
}

static void test_last_second_counts(void **state)
{
	struct scene s;
	scene_in(&s, ENVELOPE_SUBMITTED);
	assert_int_equal(envelope_state_at(&s.e, EXPIRES), ENVELOPE_SUBMITTED);
	assert_int_equal(envelope_state_at(&s.e, EXPIRES + 999), ENVELOPE_SUBMITTED);
	assert_int_equal(envelope_state_at(&s.e, EXPIRES + 1000), ENVELOPE_EXPIRED);
}

static void test_submit_needs_contents(void **state)
{
	struct scene s;
	scene_make(&s, 0, 1);
	assert_int_equal(scene_kind(&s, COMMAND_SUBMIT, 0), ERR_EMPTY_SIGNERS);
	scene_make(&s, 1, 0);
	assert_int_equal(scene_kind(&s, COMMAND_SUBMIT, 0), ERR_EMPTY_DOCUMENTS);
	assert_string_equal(s.fault.field, "documents");
	assert_int_equal(s.e.version, 1);
}

static void test_document_limit(void **state)
{
	struct scene s;
	scene_make(&s, 1, LIMIT_DOCUMENTS);
	assert_int_equal(scene_document(&s), ERR_TOO_MANY);
}

static void test_expiry_ends_open_signers_only(void **state)
{
	struct scene s;
	scene_make(&s, 3, 1);
	scene_submit(&s);
	scene_walk(&s, 0, STEP_DONE);
	assert_int_equal(scene_kind(&s, COMMAND_DECLINE, 1), OK);
	s.now = EXPIRES + CLOCK_SECOND;
	assert_int_equal(scene_kind(&s, COMMAND_EXPIRE, 0), OK);
	assert_int_equal(s.signers[0].state, SIGNER_SIGNED);
	assert_int_equal(s.signers[1].state, SIGNER_REFUSED);
	assert_int_equal(s.signers[2].state, SIGNER_EXPIRED);
	assert_int_equal(s.e.ended_at, s.now);
}

static void test_signed_in_time_never_expires(void **state)
{
	struct scene s;
	scene_in(&s, ENVELOPE_SUBMITTED);
	scene_walk(&s, 0, STEP_DONE);
	s.now = EXPIRES + CLOCK_DAY;
	assert_int_equal(scene_kind(&s, COMMAND_EXPIRE, 0), OK);
	assert_int_equal(s.events.count, 0);
	assert_int_equal(scene_sealed(&s, 0), OK);
	assert_int_equal(s.e.state, ENVELOPE_COMPLETED);
}

static void test_completed_by_the_last_seal(void **state)
{
	struct scene s;
	scene_make(&s, 2, 3);
	scene_submit(&s);
	scene_walk(&s, 1, STEP_DONE);
	assert_false(scene_has(&s, EVENT_ALL_SIGNED));
	assert_int_equal(scene_sealed(&s, 0), ERR_STEP);
	scene_walk(&s, 0, STEP_DONE);
	assert_true(scene_has(&s, EVENT_ALL_SIGNED));
	assert_int_equal(s.e.signed_at, s.now);
	assert_int_equal(scene_sealed(&s, 2), OK);
	assert_int_equal(scene_sealed(&s, 2), OK);
	assert_int_equal(s.events.count, 0);
	assert_int_equal(scene_sealed(&s, 0), OK);
	assert_false(scene_has(&s, EVENT_COMPLETED));
	assert_int_equal(scene_sealed(&s, 1), OK);
	assert_true(scene_has(&s, EVENT_COMPLETED));
	assert_int_equal(scene_sealed(&s, 3), ERR_NOT_FOUND);
}

static void test_indices_are_checked(void **state)
{
	struct scene s;
	scene_in(&s, ENVELOPE_SUBMITTED);
	assert_int_equal(scene_kind(&s, COMMAND_OPEN, 1), ERR_NOT_FOUND);
	scene_walk(&s, 0, STEP_READ);
	assert_int_equal(scene_read(&s, 0, 1), ERR_NOT_FOUND);
	struct command c = {.kind = (enum command_kind)99};
	assert_int_equal(scene_do(&s, &c), ERR_INTERNAL);
}

static void test_names(void **state)
{
	enum channel c;
	enum envelope_state e;
	assert_int_equal(channel_parse(span_str("whatsapp"), &c), OK);
	assert_int_equal(c, CHANNEL_WHATSAPP);
	assert_int_equal(channel_parse(span_str("fax"), &c), ERR_CHANNEL);
	assert_int_equal(envelope_state_parse(span_str("canceled"), &e), OK);
	assert_int_equal(e, ENVELOPE_CANCELED);
	assert_string_equal(event_kind_name(EVENT_LINK_OPENED), "signer_link_opened");
	assert_string_equal(event_kind_name((enum event_kind)0), "unknown");
	for (int k = EVENT_CREATED; k <= EVENT_EXPIRED; k++)
		assert_string_not_equal(event_kind_name((enum event_kind)k), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_time_runs_out),
	    cmocka_unit_test(test_last_second_counts),
	    cmocka_unit_test(test_submit_needs_contents),
	    cmocka_unit_test(test_document_limit),
	    cmocka_unit_test(test_expiry_ends_open_signers_only),
	    cmocka_unit_test(test_signed_in_time_never_expires),
	    cmocka_unit_test(test_completed_by_the_last_seal),
	    cmocka_unit_test(test_indices_are_checked),
	    cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
