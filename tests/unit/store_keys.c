/*
 * Do integrations, public keys, addresses, marks and nonces come back as they were kept, apart
 * for each organisation; does a key end when its follower says so; is nothing accepted twice?
 */
#include "store_pair.h"

#include "base/log.h"
#include "store/addresses.h"
#include "store/integrations.h"
#include "store/public_keys.h"
#include "store/replay.h"

#define CLIENT_KEY "0d7ba2a9-9c5c-4f43-8c4e-5f2f4f4b8d10"

static enum err integrations(struct db *db, void *ctx)
{
	struct stored_integration i = {.organisation = first,
	    .environment = 1,
	    .client_key = CLIENT_KEY,
	    .label = "ERP",
	    .window_s = 300,
	    .created_at = 3};
	struct stored_integration found, list[2];
	size_t n = 2;

	MUST(store_integration_add(db, &i));
	MUST(store_integration_find(db, span_str(CLIENT_KEY), &found));
	ENSURE(found.row == i.row && found.organisation == first && found.user == 0, ERR_INTERNAL);
	ENSURE(found.environment == 1 && found.mode == INTEGRATION_STRICT, ERR_INTERNAL);
	ENSURE(found.window_s == 300 && found.created_at == 3, ERR_INTERNAL);
	ENSURE(strcmp(found.client_key, CLIENT_KEY) == 0, ERR_INTERNAL);
	i.mode = INTEGRATION_COMPAT;
	i.window_s = 0;
	i.rate = 60;
	snprintf(i.routes, sizeof(i.routes), "GET /test,POST /test");
	MUST(store_integration_update(db, &i));
	MUST(store_integration_verified(db, first, i.row, 60));
	MUST(store_integration_verified(db, first, i.row, 50));
	MUST(store_integration_verified(db, second, i.row, 70));
	MUST(store_integration_list(db, first, 0, list, &n));
	ENSURE(n == 1 && list[0].mode == INTEGRATION_COMPAT && list[0].rate == 60, ERR_INTERNAL);
	ENSURE(list[0].window_s == 0 && list[0].last_verified_at == 60, ERR_INTERNAL);
	ENSURE(strcmp(list[0].routes, "GET /test,POST /test") == 0, ERR_INTERNAL);
	n = 2;
	MUST(store_integration_list(db, second, 0, list, &n));
	ENSURE(n == 0, ERR_INTERNAL);
	MUST_BE(store_integration_revoke(db, second, i.row, 9), ERR_NOT_FOUND);
	MUST(store_integration_revoke(db, first, i.row, 9));
	MUST_BE(store_integration_revoke(db, first, i.row, 10), ERR_NOT_FOUND);
	MUST_BE(store_integration_update(db, &i), ERR_NOT_FOUND);
	MUST(store_integration_find(db, span_str(CLIENT_KEY), &found));
	ENSURE(found.revoked_at == 9, ERR_INTERNAL);
	MUST_BE(store_integration_find(db, span_str("other"), &found), ERR_NOT_FOUND);
	return OK;
}

static struct stored_public_key key_of(struct key_owner owner, const char *name, int64_t now)
{
	struct stored_public_key k = {.owner = owner, .kind = 2, .created_at = now};

	k.spki_size = strlen(name);
	memcpy(k.spki, name, k.spki_size);
	snprintf(k.fingerprint, sizeof(k.fingerprint), "SHA256:%s", name);
	return k;
}

static size_t valid_at(struct db *db, struct key_owner owner, int64_t now)
{
	struct stored_public_key some[STORE_PUBLIC_KEYS_VALID];
	size_t n = STORE_PUBLIC_KEYS_VALID;

	return store_public_key_valid(db, &owner, now, some, &n) == OK ? n : 99;
}

static enum err overlap(struct db *db, void *ctx)
{
	struct key_owner of = {first, 7, 0};
	struct stored_public_key a = key_of(of, "a", 10), b = key_of(of, "b", 20),
				 c = key_of(of, "c", 30), again = key_of(of, "b", 30), some[4];
	size_t n = 4;

	MUST(store_public_key_add(db, &a, STORE_OLDER_KEPT));
	MUST(store_public_key_add(db, &b, 100));
	ENSURE(valid_at(db, of, 99) == 2 && valid_at(db, of, 100) == 1, ERR_INTERNAL);
	MUST_BE(store_public_key_add(db, &again, 100), ERR_CONFLICT);
	MUST(store_public_key_add(db, &c, 200)); /* a's own earlier end stays */
	ENSURE(valid_at(db, of, 99) == 3 && valid_at(db, of, 100) == 2, ERR_INTERNAL);
	ENSURE(valid_at(db, of, 200) == 1, ERR_INTERNAL);
	MUST(store_public_key_valid(db, &of, 200, some, &n));
	ENSURE(some[0].row == c.row && some[0].spki_size == 1 && some[0].kind == 2, ERR_INTERNAL);
	ENSURE(strcmp(some[0].fingerprint, "SHA256:c") == 0, ERR_INTERNAL);
	again = key_of(of, "d", 300);
	MUST(store_public_key_add(db, &again, 1)); /* long past: ends the others at once */
	ENSURE(valid_at(db, of, 300) == 1, ERR_INTERNAL);
	again = key_of(of, "b", 400); /* a key that ended may come back */
	MUST(store_public_key_add(db, &again, STORE_OLDER_KEPT));
	ENSURE(valid_at(db, of, 400) == 2, ERR_INTERNAL);
	n = 4;
	MUST(store_public_key_list(db, &of, a.row, some, &n));
	ENSURE(n == 4 && some[0].row == b.row && some[0].valid_until == 200, ERR_INTERNAL);
	return OK;
}

static enum err owners(struct db *db, void *ctx)
{
	struct key_owner own = {first, 0, 0}, integration = {first, 7, 0}, person = {first, 0, 5},
			 elsewhere = {second, 0, 5}, other = {second, 0, 0};
	struct stored_public_key a = key_of(own, "a", 10), b = key_of(integration, "b", 10),
				 c = key_of(person, "c", 10);

	MUST(store_public_key_add(db, &a, STORE_OLDER_KEPT));
	MUST(store_public_key_add(db, &b, 1));
	MUST(store_public_key_add(db, &c, 1));
	ENSURE(valid_at(db, own, 11) == 1 && valid_at(db, integration, 11) == 1, ERR_INTERNAL);
	ENSURE(valid_at(db, person, 11) == 1 && valid_at(db, elsewhere, 11) == 1, ERR_INTERNAL);
	ENSURE(valid_at(db, other, 11) == 0, ERR_INTERNAL);
	MUST_BE(store_public_key_revoke(db, &other, a.row, 20), ERR_NOT_FOUND);
	MUST_BE(store_public_key_revoke(db, &own, b.row, 20), ERR_NOT_FOUND);
	MUST(store_public_key_revoke(db, &own, a.row, 20));
	MUST_BE(store_public_key_revoke(db, &own, a.row, 20), ERR_NOT_FOUND);
	ENSURE(valid_at(db, own, 11) == 0 && valid_at(db, integration, 11) == 1, ERR_INTERNAL);
	MUST(store_public_key_verified(db, b.row, 30));
	return OK;
}

static enum err four_at_most(struct db *db, void *ctx)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	struct key_owner own = {first, 0, 0};
	struct stored_public_key k;

	for (size_t i = 0; i < 4; i++) {
		k = key_of(own, names[i], 10);
		MUST(store_public_key_add(db, &k, STORE_OLDER_KEPT));
	}
	k = key_of(own, "e", 20);
	MUST_BE(store_public_key_add(db, &k, STORE_OLDER_KEPT), ERR_TOO_MANY);
	MUST(store_public_key_add(db, &k, 20));
	ENSURE(valid_at(db, own, 20) == 1, ERR_INTERNAL);
	return OK;
}

static enum err addresses(struct db *db, void *ctx)
{
	struct stored_integration i = {.organisation = first, .client_key = CLIENT_KEY};
	struct stored_address a = {"203.0.113.0/24", 10, 1000}, list[STORE_ADDRESSES_MAX];
	size_t n = STORE_ADDRESSES_MAX;

	MUST(store_integration_add(db, &i));
	MUST(store_address_add(db, first, i.row, &a));
	MUST_BE(store_address_add(db, first, i.row, &a), ERR_CONFLICT);
	MUST(store_address_list(db, first, i.row, list, &n));
	ENSURE(n == 1 && list[0].active_at == 1000 && list[0].created_at == 10, ERR_INTERNAL);
	ENSURE(strcmp(list[0].network, a.network) == 0, ERR_INTERNAL);
	MUST_BE(store_address_activate(db, second, i.row, a.network, 20), ERR_NOT_FOUND);
	MUST(store_address_activate(db, first, i.row, a.network, 20));
	n = 1;
	MUST(store_address_list(db, first, i.row, list, &n));
	ENSURE(list[0].active_at == 20, ERR_INTERNAL);
	n = 1;
	MUST(store_address_list(db, second, i.row, list, &n));
	ENSURE(n == 0, ERR_INTERNAL);
	MUST_BE(store_address_remove(db, second, i.row, a.network), ERR_NOT_FOUND);
	MUST(store_address_remove(db, first, i.row, a.network));
	for (int k = 0; k < STORE_ADDRESSES_MAX; k++) {
		snprintf(a.network, sizeof(a.network), "203.0.113.%d", k);
		MUST(store_address_add(db, first, i.row, &a));
	}
	snprintf(a.network, sizeof(a.network), "198.51.100.1");
	MUST_BE(store_address_add(db, first, i.row, &a), ERR_TOO_MANY);
	return OK;
}

static enum err marks(struct db *db, void *ctx)
{
	uint8_t mark[SHA256_SIZE] = {1}, other[SHA256_SIZE] = {1, [31] = 1};
	size_t removed = 0;

	MUST(store_replay_add(db, first, mark, 100));
	MUST_BE(store_replay_add(db, first, mark, 200), ERR_REPLAY);
	MUST_BE(store_replay_add(db, second, mark, 200), ERR_REPLAY);
	MUST(store_replay_add(db, first, other, 300));
	MUST(store_replay_sweep(db, 99, 10, &removed));
	ENSURE(removed == 0, ERR_INTERNAL);
	MUST(store_replay_sweep(db, 300, 1, &removed));
	ENSURE(removed == 1, ERR_INTERNAL);
	MUST(store_replay_add(db, first, mark, 400));
	MUST_BE(store_replay_add(db, first, other, 400), ERR_REPLAY);
	return OK;
}

static enum err nonces(struct db *db, void *ctx)
{
	MUST(store_nonce_advance(db, first, 1, 5));
	MUST_BE(store_nonce_advance(db, first, 1, 5), ERR_REPLAY);
	MUST_BE(store_nonce_advance(db, first, 1, 4), ERR_REPLAY);
	MUST(store_nonce_advance(db, first, 2, 4));
	MUST(store_nonce_advance(db, first, 1, INT64_MAX));
	MUST_BE(store_nonce_advance(db, first, 1, INT64_MAX), ERR_REPLAY);
	MUST(store_nonce_advance(db, second, 3, 0));
	return OK;
}

static enum err people_keys(struct db *db, void *ctx)
{
	struct stored_user u = {0, "u1", "ana@example.com", "Ana", 5};
	struct stored_key k = {.organisation = first,
	    .environment = 1,
	    .scheme = 8,
	    .key_id = "0123456789",
	    .key_id_size = 10,
	    .routes = "GET /company",
	    .rate = 7,
	    .created_at = 3};
	struct stored_key found;

	MUST(store_user_add(db, &u));
	k.user = u.row;
	MUST(store_key_add(db, &k));
	MUST(store_key_find(db, span_of("0123456789", 10), &found));
	ENSURE(strcmp(found.routes, "GET /company") == 0 && found.rate == 7, ERR_INTERNAL);
	MUST_BE(store_key_limit(db, second, k.row, "", 0), ERR_NOT_FOUND);
	MUST(store_key_limit(db, first, k.row, "", 0));
	MUST(store_key_revoke_user(db, u.row, 0, 8, 40));
	MUST(store_key_revoke_user(db, u.row, 1, 1, 40));
	MUST(store_key_find(db, span_of("0123456789", 10), &found));
	ENSURE(found.revoked_at == 0 && found.routes[0] == '\0', ERR_INTERNAL);
	MUST(store_key_revoke_user(db, u.row, 1, 8, 50));
	MUST(store_key_find(db, span_of("0123456789", 10), &found));
	ENSURE(found.revoked_at == 50, ERR_INTERNAL);
	k.organisation = second;
	k.key_id[0] = 'x';
	MUST(store_key_add(db, &k));
	k.organisation = first;
	k.key_id[0] = 'y';
	MUST_BE(store_key_add(db, &k), ERR_CONFLICT); /* one value a person */
	return ERR_CONFLICT;
}

#define ROWS_TEST(work, want) \
	static void test_##work(void **state) \
	{ \
		assert_int_equal(store_write(store, work, NULL), want); \
	}
ROWS_TEST(integrations, OK)
ROWS_TEST(overlap, OK)
ROWS_TEST(owners, OK)
ROWS_TEST(four_at_most, OK)
ROWS_TEST(addresses, OK)
ROWS_TEST(marks, OK)
ROWS_TEST(nonces, OK)
ROWS_TEST(people_keys, ERR_CONFLICT)

int main(void)
{
#define ROWS(f) cmocka_unit_test_setup_teardown(f, pair_setup, pair_teardown)
	const struct CMUnitTest tests[] = {
	    ROWS(test_integrations),
	    ROWS(test_overlap),
	    ROWS(test_owners),
	    ROWS(test_four_at_most),
	    ROWS(test_addresses),
	    ROWS(test_marks),
	    ROWS(test_nonces),
	    ROWS(test_people_keys),
	};
	log_threshold(LOG_LEVEL_ERROR + 1); /* the failures here are wanted */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
