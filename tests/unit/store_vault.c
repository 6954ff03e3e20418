/*
 * Does a sealed value open only where it was sealed, and does the cache of data keys hold the
 * right ones, never too many, and ask keyd only for those it lacks?
 */
#include "unit.h"

#include "store/vault.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_uint asked;
static enum err answer = OK;

static enum err unwrap(
    void *ctx, struct span organisation, struct span wrapped, uint8_t key[KEY_SIZE])
{
	atomic_fetch_add(&asked, 1);
	if (answer != OK)
		return answer;
	for (size_t i = 0; i < KEY_SIZE; i++)
		key[i] = (uint8_t)(wrapped.data[i % wrapped.size] ^ organisation.data[0]);
	return OK;
}

static void key_check(struct vault *v, int64_t organisation, int64_t envelope)
{
	uint8_t key[KEY_SIZE], want[KEY_SIZE];
	unsigned before = atomic_load(&asked);
	struct span o = span_of(&organisation, sizeof(organisation));
	struct span e = span_of(&envelope, sizeof(envelope));
	assert_int_equal(vault_key(v, organisation, envelope, o, e, key), OK);
	unsigned after = atomic_load(&asked);
	assert_int_equal(unwrap(NULL, o, e, want), OK);
	assert_memory_equal(key, want, KEY_SIZE);
	atomic_fetch_sub(&asked, 1);
	assert_true(after - before <= 1);
}

static void test_sealed_to_its_place(void **state)
{
	static const uint8_t key[KEY_SIZE] = {4}, other[KEY_SIZE] = {5};
	static const struct vault_place here = {"signer", "name", "e1/s1"};
	static const struct vault_place elsewhere[] = {{"signers", "name", "e1/s1"},
	    {"signer", "email", "e1/s1"}, {"signer", "name", "e1/s2"}, {"signe", "rname", "e1/s1"},
	    {"signer", "nam", "ee1/s1"}, {"signer", "name", ""}};
	struct buf sealed, plain;
	buf_init(&sealed, 1024);
	buf_init(&plain, 1024);
	assert_int_equal(vault_seal(key, here, span_str("Maria"), &sealed), OK);
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		assert_int_equal(
		    vault_open(key, elsewhere[i], buf_span(&sealed), &plain), ERR_DECRYPT);
	assert_int_equal(vault_open(other, here, buf_span(&sealed), &plain), ERR_DECRYPT);
	assert_int_equal(vault_open(key, here, buf_span(&sealed), &plain), OK);
	assert_true(span_equal_str(buf_span(&plain), "Maria"));
	sealed.data[sealed.size / 2] ^= 1;
	assert_int_equal(vault_open(key, here, buf_span(&sealed), &plain), ERR_DECRYPT);
	buf_free(&sealed);
	buf_free(&plain);
}

static void test_least_used_leaves(void **state)
{
	struct vault *v = NULL;
	assert_int_equal(vault_new(4, unwrap, NULL, &v), OK);
	atomic_store(&asked, 0);
	for (int64_t e = 0; e < 4; e++)
		key_check(v, 7, e);
	key_check(v, 7, 0); /* 1 is now the oldest */
	assert_int_equal(atomic_load(&asked), 4);
	key_check(v, 7, 9);
	assert_int_equal(atomic_load(&asked), 5);
	key_check(v, 7, 0);
	key_check(v, 7, 2);
	key_check(v, 7, 3);
	assert_int_equal(atomic_load(&asked), 5);
	key_check(v, 7, 1);
	assert_int_equal(atomic_load(&asked), 6);
	key_check(v, 8, 1); /* another organisation's envelope 1 */
	assert_int_equal(atomic_load(&asked), 7);
	vault_free(v);
}

/* One entry, so everything shares a bucket: the names alone tell keys apart. */
static void test_names_tell_keys_apart(void **state)
{
	struct vault *v = NULL;
	assert_int_equal(vault_new(1, unwrap, NULL, &v), OK);
	atomic_store(&asked, 0);
	key_check(v, 1, 5);
	key_check(v, 2, 5);
	key_check(v, 2, 6);
	assert_int_equal(atomic_load(&asked), 3);
	key_check(v, 2, 6);
	assert_int_equal(atomic_load(&asked), 3);
	vault_free(v);
}

static void test_remember_and_forget(void **state)
{
	static const uint8_t mine[KEY_SIZE] = {42};
	uint8_t key[KEY_SIZE];
	struct vault *v = NULL;
	assert_int_equal(vault_new(2, unwrap, NULL, &v), OK);
	atomic_store(&asked, 0);
	vault_remember(v, 1, 1, mine);
	assert_int_equal(vault_key(v, 1, 1, span_str("o"), span_str("e"), key), OK);
	assert_memory_equal(key, mine, KEY_SIZE);
	assert_int_equal(atomic_load(&asked), 0);
	vault_forget(v, 1, 1);
	vault_forget(v, 1, 1);
	answer = ERR_PEER_GONE;
	assert_int_equal(vault_key(v, 1, 1, span_str("o"), span_str("e"), key), ERR_PEER_GONE);
	answer = OK;
	key_check(v, 1, 1); /* a failure is not remembered */
	vault_free(v);
}

static void *thread_main(void *arg)
{
	struct vault *v = arg;
	for (int64_t i = 0; i < 20000; i++) {
		int64_t envelope = (i * 31) % 97;
		uint8_t key[KEY_SIZE], want[KEY_SIZE];
		struct span e = span_of(&envelope, sizeof(envelope)), o = span_str("o");
		if (vault_key(v, 1, envelope, o, e, key) != OK || unwrap(NULL, o, e, want) != OK ||
		    !ct_equal(key, want, KEY_SIZE))
			return NULL;
		if (i % 50 == 0)
			vault_forget(v, 1, envelope);
	}
	return v;
}

static void test_many_threads(void **state)
{
	pthread_t threads[4];
	void *result;
	struct vault *v = NULL;
	assert_int_equal(vault_new(16, unwrap, NULL, &v), OK);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, thread_main, v), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &result);
		assert_ptr_equal(result, v);
	}
	vault_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sealed_to_its_place),
	    cmocka_unit_test(test_least_used_leaves),
	    cmocka_unit_test(test_names_tell_keys_apart),
	    cmocka_unit_test(test_remember_and_forget),
	    cmocka_unit_test(test_many_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
