/* Does each event set in motion what it should, and nothing else? */
#include "envelope_support.h"

#include "store/effects.h"

static struct effect out[EFFECTS_PER_EVENT_MAX];

static size_t effects(enum event_kind kind, const char *wants)
{
	static struct scene s;
	struct event e = {.kind = kind, .signer = 1, .document = EVENT_NONE};
	scene_make(&s, 3, 2);
	return effects_of(&s.e, &e, wants, out);
}

static void test_webhooks_are_opt_in(void **state)
{
	static const enum event_kind opt_in[] = {EVENT_SUBMITTED, EVENT_CANCELED, EVENT_EXPIRED,
	    EVENT_LINK_OPENED, EVENT_SIGNED, EVENT_REFUSED};
	for (size_t i = 0; i < sizeof(opt_in) / sizeof(opt_in[0]); i++) {
		size_t quiet = effects(opt_in[i], NULL);
		assert_int_equal(effects(opt_in[i], ""), quiet);
		assert_int_equal(effects(opt_in[i], "envelope_completed other"), quiet);
		char wants[100];
		snprintf(wants, sizeof(wants), "other  %s", event_kind_name(opt_in[i]));
		assert_int_equal(effects(opt_in[i], wants), quiet + 1);
		assert_string_equal(out[quiet].kind, "webhook");
		assert_string_equal(out[quiet].purpose, event_kind_name(opt_in[i]));
	}
}

static void test_completed_is_always_wanted(void **state)
{
	assert_int_equal(effects(EVENT_COMPLETED, NULL), 3);
	assert_int_equal(effects(EVENT_COMPLETED, ""), 4);
	assert_string_equal(out[0].purpose, "copy");
	assert_string_equal(out[3].purpose, "envelope_completed");
}

static void test_no_webhook_for_the_rest(void **state)
{
	static const char all[] = "document_added signer_code_sent signer_cpf_failed message_sent "
				  "dossier_sealed envelope_signed signer_consented";
	for (int k = EVENT_CREATED; k <= EVENT_EXPIRED; k++) {
		size_t n = effects((enum event_kind)k, all);
		for (size_t i = 0; i < n && k != EVENT_COMPLETED; i++)
			assert_string_not_equal(out[i].kind, "webhook");
	}
}

static void test_messages_and_seals(void **state)
{
	assert_int_equal(effects(EVENT_SUBMITTED, NULL), 3);
	assert_int_equal(out[2].signer, 2);
	assert_string_equal(out[2].purpose, "invite");
	assert_int_equal(effects(EVENT_CODE_SENT, NULL), 1);
	assert_string_equal(out[0].purpose, "code");
	assert_int_equal(out[0].signer, 1);
	assert_int_equal(effects(EVENT_ALL_SIGNED, NULL), 2);
	assert_string_equal(out[1].kind, "seal");
	assert_int_equal(out[1].document, 1);
	assert_int_equal(effects(EVENT_SIGNED, NULL), 0);
	assert_int_equal(effects(EVENT_CREATED, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_webhooks_are_opt_in),
	    cmocka_unit_test(test_completed_is_always_wanted),
	    cmocka_unit_test(test_no_webhook_for_the_rest),
	    cmocka_unit_test(test_messages_and_seals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
