/*
 * Does an event always become the same bytes? The expected bytes were made by an encoder
 * written from RFC 8949 in another language, not by ours.
 */
#include "envelope_support.h"

#include "base/codec.h"

static const char signed_hex[] =
    "ac6176016261741b0000019b76daa800646b696e646d7369676e65725f7369676e6564666669656c"
    "6473a1666d6574686f64657479706564667365616c6564a465747970656458203975471209f0edfa"
    "eeb0f6ec41c764445add51b7d76e7ae86beb3801138e6352667368613235365820a7e0c1d658a7b8"
    "88601b91d1591740d9b49957a1b073ffcf835d4e149f51f3106761646472657373582090b69956c5"
    "edb12e536314f170c3c869990e8982eff3a8478dc1ac2cf4e8b4856a757365725f6167656e745820"
    "4b71591e226ddb007a617b50e7e4496fed719f60952d2cfa7c2972d1a2dc5767667369676e657262"
    "733068646f63756d656e74f668656e76656c6f706568656e76656c6f70656870726576696f757358"
    "2000000000000000000000000000000000000000000000000000000000000000006873657175656e"
    "636519012c6b656e7669726f6e6d656e74016c6f7267616e69736174696f6e1a00011170";
static const char read_hex[] =
    "ac61760162617400646b696e64747369676e65725f646f63756d656e745f72656164666669656c64"
    "73a265706167657318186b6475726174696f6e5f6d7320667365616c6564a0667369676e65726273"
    "3068646f63756d656e7462643068656e76656c6f706568656e76656c6f70656870726576696f7573"
    "5820ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff687365717565"
    "6e6365016b656e7669726f6e6d656e74006c6f7267616e69736174696f6e01";

static void canonical_is(const struct envelope *e, const struct event *event, int64_t sequence,
    uint8_t previous, const uint8_t (*salts)[EVENT_SALT_SIZE], const char *expected)
{
	struct buf body, hex;
	uint8_t hash[SHA256_SIZE];
	memset(hash, previous, sizeof(hash));
	buf_init(&body, 4096);
	buf_init(&hex, 8192);
	assert_int_equal(event_canonical(e, event, sequence, hash, salts, &body), OK);
	hex_encode(&hex, buf_span(&body));
	assert_string_equal(buf_str(&hex), expected);
	buf_free(&body);
	buf_free(&hex);
}

static void test_personal_event(void **state)
{
	static uint8_t salts[4][EVENT_SALT_SIZE];
	struct scene s;
	struct command c = {.kind = COMMAND_SIGN,
	    .is_proved = true,
	    .signature = SIGNATURE_TYPED,
	    .text = span_str("João"),
	    .hash = {6},
	    .actor = {.address = span_str("192.0.2.1"), .user_agent = span_str("Firefox")}};
	for (size_t i = 0; i < 4; i++)
		memset(salts[i], (int)i + 1, EVENT_SALT_SIZE);
	scene_make(&s, 1, 1);
	scene_submit(&s);
	scene_walk(&s, 0, STEP_SIGN);
	assert_int_equal(scene_try(&s, &c), OK);
	s.e.organisation = 70000;
	s.e.environment = 1;
	assert_int_equal(event_personal_count(&s.events.items[1]), 4);
	canonical_is(
	    &s.e, &s.events.items[1], 300, 0, (const uint8_t(*)[EVENT_SALT_SIZE])salts, signed_hex);
}

static void test_plain_event(void **state)
{
	struct scene s;
	struct command c = {
	    .kind = COMMAND_READ, .is_proved = true, .pages = 24, .duration_ms = -1};
	scene_make(&s, 1, 1);
	scene_submit(&s);
	scene_walk(&s, 0, STEP_READ);
	s.now = 0;
	assert_int_equal(scene_try(&s, &c), OK);
	assert_int_equal(event_personal_count(&s.events.items[0]), 0);
	canonical_is(&s.e, &s.events.items[0], 1, 0xff, NULL, read_hex);
}

static void test_salt_changes_the_commitment(void **state)
{
	uint8_t a[EVENT_SALT_SIZE] = {1}, b[EVENT_SALT_SIZE] = {2}, x[SHA256_SIZE], y[SHA256_SIZE];
	assert_int_equal(event_commitment(a, span_str("ana@example.com"), x), OK);
	assert_int_equal(event_commitment(b, span_str("ana@example.com"), y), OK);
	assert_memory_not_equal(x, y, SHA256_SIZE);
}

static void test_every_actor_field_fits(void **state)
{
	struct scene s;
	struct span v = span_str("v");
	struct command c = {.kind = COMMAND_SIGN,
	    .is_proved = true,
	    .signature = SIGNATURE_TYPED,
	    .text = v,
	    .hash = {6},
	    .actor = {v, v, v, v, v, v}};
	scene_make(&s, 1, 1);
	scene_submit(&s);
	scene_walk(&s, 0, STEP_SIGN);
	assert_int_equal(scene_try(&s, &c), OK);
	assert_int_equal(s.events.items[1].field_count, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_personal_event),
	    cmocka_unit_test(test_plain_event),
	    cmocka_unit_test(test_salt_changes_the_commitment),
	    cmocka_unit_test(test_every_actor_field_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
