/*
 * Are keys at hand believed no longer than they may be, shared whole, and forgotten when they are
 * gone? And is a key let through as often as its rate says?
 */
#include "auth/ring.h"
#include "base/clock.h"

#include "unit.h"

#include <openssl/x509.h>
#include <time.h>

#define ENTRY_MS 80

static struct {
	unsigned loads;
	bool is_there, is_away;
	int64_t revoked_at, floor;
	unsigned char *spki;
	int spki_size;
} row;
static struct ring *ring;

static enum err load(
    void *ctx, enum auth_kind kind, struct span id, struct arena *arena, struct auth_key *out)
{
	row.loads++;
	if (row.is_away)
		return ERR_STORE;
	if (!row.is_there || id.size == 0 || id.data[0] != 'k')
		return ERR_NOT_FOUND;
	*out =
	    (struct auth_key){.row = row.loads, .revoked_at = row.revoked_at, .floor = row.floor};
	out->public_keys[0] = (struct auth_public_key){
	    .row = 9, .kind = KEY_P256, .spki = span_of(row.spki, (size_t)row.spki_size)};
	out->public_key_count = 1;
	return OK;
}

static int start(void **state)
{
	struct ring_config config = {.store = {NULL, load}, .limit = 64, .entry_ms = ENTRY_MS};
	EVP_PKEY *key = EVP_EC_gen("P-256");

	memset(&row, 0, sizeof(row));
	row.is_there = true;
	row.spki_size = i2d_PUBKEY(key, &row.spki);
	EVP_PKEY_free(key);
	return row.spki_size > 0 && ring_new(&config, &ring) == OK ? 0 : -1;
}

static int stop(void **state)
{
	ring_free(ring);
	OPENSSL_free(row.spki);
	return 0;
}

static struct auth_entry *get(const char *id)
{
	struct auth_entry *e = NULL;

	assert_int_equal(ring_get(ring, AUTH_KIND_KEY, span_str(id), &e), OK);
	assert_non_null(e);
	return e;
}

static void wait_over(void)
{
	const struct timespec pause = {0, (ENTRY_MS + 20) * 1000000L};

	nanosleep(&pause, NULL);
}

static void a_row_is_read_once_in_its_time(void **state)
{
	int64_t begin = clock_monotonic();
	unsigned rounds = 0;

	while (clock_monotonic() - begin < 4 * ENTRY_MS) {
		auth_entry_release(get("key"));
		rounds++;
	}
	int64_t took = clock_monotonic() - begin;
	assert_true(row.loads >= 2 && row.loads <= rounds);
	assert_true((int64_t)row.loads <= took / ENTRY_MS + 1);
}

static void a_revoked_key_is_known_when_the_time_is_over(void **state)
{
	struct auth_entry *old = get("key"), *now;

	row.revoked_at = 5;
	wait_over();
	now = get("key");
	assert_int_equal(now->key.revoked_at, 5);
	assert_int_equal(old->key.revoked_at, 0); /* who holds it keeps it whole */
	assert_ptr_equal(old->live, now->live);
	assert_ptr_equal(old->key.public_keys[0].pkey, now->key.public_keys[0].pkey);
	auth_entry_release(old);
	assert_int_equal(now->key.revoked_at, 5);
	auth_entry_release(now);
}

static void a_key_that_is_gone_is_gone(void **state)
{
	struct auth_entry *e = NULL;

	auth_entry_release(get("key"));
	row.is_there = false;
	wait_over();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ring_get(ring, AUTH_KIND_KEY, span_str("key"), &e), ERR_NOT_FOUND);
		assert_null(e);
	}
	assert_int_equal(row.loads, 4); /* what is not there is not remembered */
	row.is_there = true;
	auth_entry_release(get("key"));
}

/* An old row is no answer while the store is away: it may have been revoked. */
static void without_a_store_nobody_is_let_in(void **state)
{
	struct auth_entry *e = NULL;

	auth_entry_release(get("key"));
	row.is_away = true;
	wait_over();
	assert_int_equal(ring_get(ring, AUTH_KIND_KEY, span_str("key"), &e), ERR_STORE);
	assert_null(e);
	row.is_away = false;
	auth_entry_release(get("key"));
}

static void kinds_do_not_mix(void **state)
{
	struct auth_entry *one = get("key"), *other = NULL;

	assert_int_equal(ring_get(ring, AUTH_KIND_INTEGRATION, span_str("key"), &other), OK);
	assert_ptr_not_equal(one, other);
	auth_entry_release(one);
	auth_entry_release(other);
}

static void more_keys_than_places_all_work(void **state)
{
	struct auth_entry *held[300];
	char id[16];

	for (int i = 0; i < 300; i++) {
		snprintf(id, sizeof(id), "k%d", i);
		held[i] = get(id);
	}
	for (int i = 0; i < 300; i++) {
		snprintf(id, sizeof(id), "k%d", i);
		assert_true(span_equal_str(held[i]->id, id));
		assert_int_equal(EVP_PKEY_get_bits(held[i]->key.public_keys[0].pkey), 256);
		auth_entry_release(held[i]);
	}
}

static void a_public_key_that_is_none_is_refused(void **state)
{
	struct auth_entry *e = NULL;

	row.spki_size -= 3;
	assert_int_not_equal(ring_get(ring, AUTH_KIND_KEY, span_str("key"), &e), OK);
	assert_null(e);
}

static void a_rate_is_kept(void **state)
{
	struct auth_entry *e = get("key");
	int64_t now = 1000;
	unsigned passed = 0;

	for (int i = 0; i < 100; i++)
		passed += live_take(e->live, 60, now) == 0;
	assert_int_equal(passed, 10); /* ten seconds' worth at once */
	assert_in_range(live_take(e->live, 60, now), 1, 2);
	for (int i = 0; i < 600; i++) /* ten a second for a minute */
		passed += live_take(e->live, 60, now += 100) == 0;
	assert_in_range(passed, 69, 71);
	auth_entry_release(e);
}

static void a_use_is_due_once_a_minute_and_key(void **state)
{
	struct auth_entry *e = get("key");

	assert_true(live_use(e->live, 1, 0));
	assert_false(live_use(e->live, 1, 59999));
	assert_true(live_use(e->live, 2, 59999));
	assert_true(live_use(e->live, 0, 59999));
	assert_true(live_use(e->live, 1, 60001));
	assert_false(live_use(e->live, 1, 60002));
	assert_false(live_use(e->live, 2, 60002));
	for (int64_t row_id = 3; row_id < 9;
	     row_id++) /* more than are ever valid: the oldest goes */
		assert_true(live_use(e->live, row_id, 60003));
	auth_entry_release(e);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_row_is_read_once_in_its_time),
	    TEST(a_revoked_key_is_known_when_the_time_is_over),
	    TEST(a_key_that_is_gone_is_gone),
	    TEST(without_a_store_nobody_is_let_in),
	    TEST(kinds_do_not_mix),
	    TEST(more_keys_than_places_all_work),
	    TEST(a_public_key_that_is_none_is_refused),
	    TEST(a_rate_is_kept),
	    TEST(a_use_is_due_once_a_minute_and_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
