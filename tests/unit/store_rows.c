/*
 * Do the typed faces give back what they were given, keep organisations apart, and say so when
 * a row is not there or is there already?
 */
#include "store_pair.h"

#include "base/log.h"
#include "store/idempotency.h"
#include "store/incidents.h"
#include "store/webhooks.h"

#define MUST_SAY(text, want) ENSURE(strcmp((text), (want)) == 0, ERR_INTERNAL)

static enum err organisations(struct db *db, void *ctx)
{
	struct stored_organisation o, list[3];
	size_t n = 3;
	MUST(store_organisation_find(db, "first", arena, &o));
	ENSURE(o.row == first && o.support_email == NULL, ERR_INTERNAL);
	MUST_SAY(o.name, "Cartório do Teste");
	ENSURE(span_equal_str(o.wrapped_key, "wrapped"), ERR_INTERNAL);
	o.support_email = "help@first.example";
	o.time_zone = "UTC";
	MUST(store_organisation_update(db, &o));
	MUST(store_organisation_get(db, first, arena, &o));
	MUST_SAY(o.support_email, "help@first.example");
	MUST_SAY(o.time_zone, "UTC");
	MUST(store_organisation_get(db, second, arena, &o));
	ENSURE(o.support_email == NULL, ERR_INTERNAL);
	MUST_BE(store_organisation_get(db, 99, arena, &o), ERR_NOT_FOUND);
	MUST_BE(store_organisation_find(db, "third", arena, &o), ERR_NOT_FOUND);
	o.row = 99;
	MUST_BE(store_organisation_update(db, &o), ERR_NOT_FOUND);
	MUST(store_organisation_list(db, 0, arena, list, &n));
	ENSURE(n == 2 && list[0].row == first && list[1].row == second, ERR_INTERNAL);
	n = 1;
	MUST(store_organisation_list(db, first, arena, list, &n));
	ENSURE(n == 1 && list[0].row == second, ERR_INTERNAL);
	return OK;
}

static enum err settings(struct db *db, void *ctx)
{
	static const char *const names[] = {"smtp.host", "smtp.port", "sms.url", "smtq"};
	struct stored_setting s, list[4];
	size_t n = 4;
	for (size_t i = 0; i < 4; i++) {
		s = (struct stored_setting){names[i], span_str(names[i]), i == 0};
		MUST(store_setting_set(db, first, &s));
	}
	MUST(store_setting_list(db, first, "smtp.", arena, list, &n));
	ENSURE(n == 2 && list[0].is_sealed && !list[1].is_sealed, ERR_INTERNAL);
	MUST_SAY(list[1].name, "smtp.port");
	s = (struct stored_setting){"smtp.port", SPAN_EMPTY, false};
	MUST(store_setting_set(db, first, &s));
	MUST(store_setting_get(db, first, "smtp.port", arena, &s));
	ENSURE(s.value.size == 0, ERR_INTERNAL);
	MUST_BE(store_setting_get(db, second, "smtp.port", arena, &s), ERR_NOT_FOUND);
	MUST_BE(store_setting_remove(db, second, "smtp.port"), ERR_NOT_FOUND);
	MUST(store_setting_remove(db, first, "smtp.port"));
	MUST_BE(store_setting_get(db, first, "smtp.port", arena, &s), ERR_NOT_FOUND);
	return OK;
}

static enum err people(struct db *db, void *ctx)
{
	struct stored_user u = {0, "u1", "ana@example.com", "Ana", 5}, found;
	const char *role = NULL, *roles[2];
	struct stored_user members[2];
	size_t n = 2;
	MUST(store_user_add(db, &u));
	MUST(store_user_find_email(db, "ana@example.com", arena, &found));
	ENSURE(found.row == u.row && found.created_at == 5, ERR_INTERNAL);
	MUST_BE(store_user_find_email(db, "ANA@example.com", arena, &found), ERR_NOT_FOUND);
	MUST(store_membership_set(db, first, u.row, "viewer", 6));
	MUST(store_membership_set(db, first, u.row, "owner", 7));
	MUST(store_membership_get(db, first, u.row, arena, &role));
	MUST_SAY(role, "owner");
	MUST_BE(store_membership_get(db, second, u.row, arena, &role), ERR_NOT_FOUND);
	MUST(store_membership_list(db, first, 0, arena, members, roles, &n));
	ENSURE(n == 1 && members[0].row == u.row, ERR_INTERNAL);
	MUST_SAY(members[0].email, "ana@example.com");
	MUST_SAY(roles[0], "owner");
	n = 2;
	MUST(store_membership_list(db, second, 0, arena, members, roles, &n));
	ENSURE(n == 0, ERR_INTERNAL);
	return OK;
}

static enum err keys(struct db *db, void *ctx)
{
	struct stored_key k = {.organisation = first,
	    .environment = 1,
	    .scheme = 4,
	    .key_id = "0123456789",
	    .key_id_size = 10,
	    .secret_hash = {7, 8, 9},
	    .label = "ERP",
	    .created_at = 3};
	struct stored_key found, list[4];
	size_t n = 4;
	MUST(store_key_add(db, &k));
	MUST(store_key_find(db, span_of("0123456789", 10), &found));
	ENSURE(found.row == k.row && found.organisation == first && found.user == 0, ERR_INTERNAL);
	ENSURE(found.environment == 1 && found.scheme == 4 && found.revoked_at == 0, ERR_INTERNAL);
	ENSURE(ct_equal(found.secret_hash, k.secret_hash, SHA256_SIZE), ERR_INTERNAL);
	MUST_SAY(found.label, "ERP");
	MUST_BE(store_key_find(db, span_of("0123456780", 10), &found), ERR_NOT_FOUND);
	MUST_BE(store_key_revoke(db, second, k.row, 50), ERR_NOT_FOUND);
	MUST(store_key_touch(db, second, k.row, 60));
	MUST(store_key_revoke(db, first, k.row, 50));
	MUST_BE(store_key_revoke(db, first, k.row, 51), ERR_NOT_FOUND);
	MUST(store_key_touch(db, first, k.row, 40));
	MUST(store_key_touch(db, first, k.row, 30));
	MUST(store_key_find(db, span_of("0123456789", 10), &found));
	ENSURE(found.revoked_at == 50 && found.last_used_at == 40, ERR_INTERNAL);
	MUST(store_key_list(db, first, 0, list, &n));
	ENSURE(n == 2 && list[1].row == k.row, ERR_INTERNAL);
	return OK;
}

static enum err webhooks(struct db *db, void *ctx)
{
	struct stored_webhook w = {.organisation = first,
	    .environment = 1,
	    .url = "https://partner.example/hook?a=1",
	    .secret = span_str("sealed"),
	    .types = "",
	    .allowed = "10.0.0.5",
	    .profile = "legacy",
	    .created_at = 4};
	struct stored_webhook found;
	MUST_BE(store_webhook_get(db, first, 1, arena, &found), ERR_NOT_FOUND);
	MUST(store_webhook_set(db, &w));
	w.url = "https://partner.example/other";
	MUST(store_webhook_set(db, &w));
	MUST(store_webhook_get(db, first, 1, arena, &found));
	MUST_SAY(found.url, "https://partner.example/other");
	MUST_SAY(found.types, "");
	ENSURE(span_equal_str(found.secret, "sealed"), ERR_INTERNAL);
	MUST_BE(store_webhook_get(db, first, 0, arena, &found), ERR_NOT_FOUND);
	MUST_BE(store_webhook_get(db, second, 1, arena, &found), ERR_NOT_FOUND);
	MUST_BE(store_webhook_remove(db, second, 1), ERR_NOT_FOUND);
	MUST(store_webhook_remove(db, first, 1));
	return OK;
}

static enum err answers(struct db *db, void *ctx)
{
	struct idempotency_key k = {first, 1, {1, 2}}, other = {second, 1, {1, 2}};
	struct idempotency_record r = {"POST /sign/envelope", {3}, 0, SPAN_EMPTY, 100}, found;
	MUST_BE(store_idempotency_find(db, &k, arena, &found), ERR_NOT_FOUND);
	MUST(store_idempotency_add(db, &k, &r));
	MUST_BE(store_idempotency_add(db, &k, &r), ERR_CONFLICT);
	MUST(store_idempotency_finish(db, &k, 201, span_str("sealed answer")));
	MUST(store_idempotency_find(db, &k, arena, &found));
	ENSURE(found.status == 201 && found.body_hash[0] == 3, ERR_INTERNAL);
	ENSURE(span_equal_str(found.response, "sealed answer"), ERR_INTERNAL);
	MUST_BE(store_idempotency_find(db, &other, arena, &found), ERR_NOT_FOUND);
	MUST_BE(store_idempotency_finish(db, &other, 201, SPAN_EMPTY), ERR_NOT_FOUND);
	MUST_BE(store_idempotency_remove(db, &other), ERR_NOT_FOUND);
	MUST(store_idempotency_sweep(db, 100));
	MUST(store_idempotency_find(db, &k, arena, &found));
	MUST(store_idempotency_sweep(db, 101));
	MUST_BE(store_idempotency_find(db, &k, arena, &found), ERR_NOT_FOUND);
	return OK;
}

static enum err incidents(struct db *db, void *ctx)
{
	struct incident a = {"i1", 10, "GET /x", "first"}, b = {"i2", 20, "GET /y", "then"},
			list[4];
	struct delivery d = {.organisation = first,
	    .envelope = 3,
	    .kind = "webhook",
	    .target_masked = "https://p…",
	    .at = 1,
	    .attempt = 2,
	    .status = 503,
	    .detail = "busy"};
	struct delivery log[4];
	size_t n = 4;
	MUST(store_incident_add(db, &a));
	MUST(store_incident_add(db, &b));
	MUST(store_incident_list(db, 0, arena, list, &n));
	ENSURE(n == 2 && list[0].created_at == 20, ERR_INTERNAL);
	MUST(store_incident_find(db, "i1", arena, list));
	MUST_SAY(list[0].detail, "first");
	MUST(store_incident_sweep(db, 20));
	MUST_BE(store_incident_find(db, "i1", arena, list), ERR_NOT_FOUND);
	MUST(store_delivery_add(db, &d));
	n = 4;
	MUST(store_delivery_list(db, first, 3, 0, arena, log, &n));
	ENSURE(n == 1 && log[0].status == 503 && log[0].attempt == 2, ERR_INTERNAL);
	n = 4;
	MUST(store_delivery_list(db, second, 3, 0, arena, log, &n));
	ENSURE(n == 0, ERR_INTERNAL);
	return OK;
}

#define ROWS_TEST(work) \
	static void test_##work(void **state) \
	{ \
		assert_int_equal(store_write(store, work, NULL), OK); \
	}
ROWS_TEST(organisations)
ROWS_TEST(settings)
ROWS_TEST(people)
ROWS_TEST(keys)
ROWS_TEST(webhooks)
ROWS_TEST(answers)
ROWS_TEST(incidents)

static enum err email_taken(struct db *db, void *ctx)
{
	struct stored_user u = {0, ctx, "taken@example.com", "T", 5};
	return store_user_add(db, &u);
}

static void test_taken_names_conflict(void **state)
{
	static char one[] = "u1", two[] = "u2", again[] = "first";
	assert_int_equal(store_write(store, email_taken, one), OK);
	assert_int_equal(store_write(store, email_taken, two), ERR_CONFLICT);
	assert_int_equal(store_write(store, work_organisation, again), ERR_CONFLICT);
}

/* Each allocation of a read fails once: an error, and the connection goes on working. */
static void test_every_allocation_fails_once(void **state)
{
	struct arena *kept = arena;
	enum err e = ERR_MEMORY;
	for (unsigned long nth = 1; e != OK && nth < 50; nth++) {
		mem_fail_at(nth);
		e = store_write(store, organisations, NULL);
		mem_fail_at(0);
		assert_true(e == OK || e == ERR_MEMORY || e == ERR_INTERNAL);
	}
	assert_int_equal(e, OK);
	assert_ptr_equal(kept, arena);
}

int main(void)
{
#define ROWS(f) cmocka_unit_test_setup_teardown(f, pair_setup, pair_teardown)
	const struct CMUnitTest tests[] = {
	    ROWS(test_organisations),
	    ROWS(test_settings),
	    ROWS(test_people),
	    ROWS(test_keys),
	    ROWS(test_webhooks),
	    ROWS(test_answers),
	    ROWS(test_incidents),
	    ROWS(test_taken_names_conflict),
	    ROWS(test_every_allocation_fails_once),
	};
	log_threshold(LOG_LEVEL_ERROR + 1); /* the failures here are wanted */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
