/*
 * Does keyd keep its promises? Wrapped keys open only under the right organisation, the seal signs
 * nothing but signed attributes, a key open to others is refused, a killed keyd is dialed again.
 */
#include "keyd_start.h"

#include "base/clock.h"
#include "keyd/keyring.h"

#include <fcntl.h>
#include <openssl/ess.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

static struct keyd_process process;
static struct keyd *keyd;

static int start(void **state)
{
	keyd_folder_make(&process);
	keyd_process_start(&process);
	return keyd_open(keyd_process_dial, &process, &keyd) == OK ? 0 : -1;
}

static int stop(void **state)
{
	keyd_close(keyd);
	keyd_process_stop(&process, 0);
	keyd_folder_remove(&process);
	return 0;
}

/* RFC 3394 §4.6: 256 bits of key data with a 256-bit KEK. */
static void wrap_is_the_rfcs(void **state)
{
	static const uint8_t expected[WRAP_SIZE] = {0x28, 0xC9, 0xF4, 0x04, 0xC4, 0xB8, 0x10, 0xF4,
	    0xCB, 0xCC, 0xB3, 0x5C, 0xFB, 0x87, 0xF8, 0x26, 0x3F, 0x57, 0x86, 0xE2, 0xD8, 0x0E,
	    0xD3, 0x26, 0xCB, 0xC7, 0xF0, 0xE7, 0x1A, 0x99, 0xF4, 0x3B, 0xFB, 0x98, 0x8B, 0x9B,
	    0x7A, 0x02, 0xDD, 0x21};
	static const uint8_t plain[KEY_SIZE] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
	    0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05,
	    0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F};
	uint8_t kek[KEY_SIZE], out[WRAP_SIZE], back[KEY_SIZE];

	for (size_t i = 0; i < KEY_SIZE; i++)
		kek[i] = (uint8_t)i;
	assert_int_equal(key_wrap(kek, plain, out), OK);
	assert_memory_equal(out, expected, WRAP_SIZE);
	assert_int_equal(key_unwrap(kek, span_of(out, WRAP_SIZE), back), OK);
	assert_memory_equal(back, plain, KEY_SIZE);
	out[7] ^= 1;
	assert_int_equal(key_unwrap(kek, span_of(out, WRAP_SIZE), back), ERR_DECRYPT);
}

static void data_keys_open_under_their_organisation_only(void **state)
{
	struct wrapped_key one, other, data;
	uint8_t key[KEY_SIZE], again[KEY_SIZE];

	assert_int_equal(keyd_organisation_key_new(keyd, &one), OK);
	assert_int_equal(keyd_organisation_key_new(keyd, &other), OK);
	assert_int_equal(one.size, 40);
	assert_int_equal(keyd_data_key_new(keyd, &one, &data, key), OK);
	assert_int_equal(keyd_data_key_open(keyd, &one, &data, again), OK);
	assert_memory_equal(key, again, KEY_SIZE);
	assert_int_equal(keyd_data_key_open(keyd, &other, &data, again), ERR_DECRYPT);
	data.data[3] ^= 1;
	assert_int_equal(keyd_data_key_open(keyd, &one, &data, again), ERR_DECRYPT);
}

#define CALLERS 4
#define KEYS_EACH 50

static struct wrapped_key crowd_organisations[CALLERS / 2];
static struct wrapped_key crowd_wrapped[CALLERS][KEYS_EACH];
static uint8_t crowd_keys[CALLERS][KEYS_EACH][KEY_SIZE];

static void *caller(void *ctx)
{
	const size_t *me = ctx;

	for (size_t i = 0; i < KEYS_EACH; i++)
		if (keyd_data_key_new(keyd, &crowd_organisations[*me / 2], &crowd_wrapped[*me][i],
			crowd_keys[*me][i]) != OK)
			return ctx;
	return NULL;
}

/* Keys that one trip brought, given to many: each once, each openable, each its organisation's. */
static void no_data_key_is_given_twice(void **state)
{
	static const size_t numbers[CALLERS] = {0, 1, 2, 3};
	const uint8_t(*keys)[KEY_SIZE] = (const uint8_t(*)[KEY_SIZE])crowd_keys;
	pthread_t threads[CALLERS];
	uint8_t again[KEY_SIZE];
	void *failed;

	for (size_t i = 0; i < CALLERS / 2; i++)
		assert_int_equal(keyd_organisation_key_new(keyd, &crowd_organisations[i]), OK);
	for (size_t i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, caller, (void *)&numbers[i]), 0);
	for (size_t i = 0; i < CALLERS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	for (size_t i = 0; i < CALLERS * KEYS_EACH; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j], KEY_SIZE);
	for (size_t i = 0; i < CALLERS * KEYS_EACH; i++) {
		const struct wrapped_key *w = &crowd_wrapped[i / KEYS_EACH][i % KEYS_EACH];
		assert_int_equal(
		    keyd_data_key_open(keyd, &crowd_organisations[i / KEYS_EACH / 2], w, again),
		    OK);
		assert_memory_equal(again, keys[i], KEY_SIZE);
	}
}

static void derived_keys_differ_and_stay(void **state)
{
	uint8_t a[KEY_SIZE], b[KEY_SIZE], again[KEY_SIZE];

	assert_int_equal(keyd_derive(keyd, KEYD_FILE_LINKS, a), OK);
	assert_int_equal(keyd_derive(keyd, KEYD_BLIND_INDEX, b), OK);
	assert_int_equal(keyd_derive(keyd, KEYD_FILE_LINKS, again), OK);
	assert_memory_equal(a, again, KEY_SIZE);
	assert_memory_not_equal(a, b, KEY_SIZE);
}

static X509 *leaf_of(struct buf *chain)
{
	const unsigned char *at = chain->data;
	X509 *leaf = d2i_X509(NULL, &at, (long)chain->size);

	assert_non_null(leaf);
	return leaf;
}

static void attribute_put(
    STACK_OF(X509_ATTRIBUTE) * set, int nid, int type, const void *data, int size)
{
	X509_ATTRIBUTE *a = X509_ATTRIBUTE_create_by_NID(NULL, nid, type, data, size);

	assert_non_null(a);
	assert_true(sk_X509_ATTRIBUTE_push(set, a) > 0);
}

enum fault_kind {
	NO_FAULT,
	SIGNING_TIME,
	NO_CERTIFICATE,
	WRONG_CERTIFICATE,
	WRONG_TYPE,
	SHORT_DIGEST
};

static void certificate_put(STACK_OF(X509_ATTRIBUTE) * set, X509 *leaf, bool is_wrong)
{
	ESS_SIGNING_CERT_V2 *ess;
	unsigned char *der = NULL;
	int size;

	ess = OSSL_ESS_signing_cert_v2_new_init(EVP_sha256(), leaf, NULL, 1);
	assert_non_null(ess);
	size = i2d_ESS_SIGNING_CERT_V2(ess, &der);
	assert_true(size > 40);
	if (is_wrong)
		der[size > 45 ? 20 : 10] ^= 0x55;
	attribute_put(set, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE, der, size);
	OPENSSL_free(der);
	ESS_SIGNING_CERT_V2_free(ess);
}

static void set_encode(STACK_OF(X509_ATTRIBUTE) * set, struct buf *out)
{
	unsigned char body[8192], head[8], *at = body, *start_at = head;

	for (int i = 0; i < sk_X509_ATTRIBUTE_num(set); i++)
		assert_true(i2d_X509_ATTRIBUTE(sk_X509_ATTRIBUTE_value(set, i), &at) > 0);
	ASN1_put_object(&start_at, 1, (int)(at - body), V_ASN1_SET, V_ASN1_UNIVERSAL);
	buf_put(out, head, (size_t)(start_at - head));
	buf_put(out, body, (size_t)(at - body));
}

static void attributes_make(X509 *leaf, enum fault_kind wrong, struct buf *out)
{
	STACK_OF(X509_ATTRIBUTE) *set = sk_X509_ATTRIBUTE_new_null();
	uint8_t digest[32] = {1, 2, 3};

	attribute_put(set, NID_pkcs9_contentType, V_ASN1_OBJECT,
	    OBJ_nid2obj(wrong == WRONG_TYPE ? NID_pkcs7_signed : NID_pkcs7_data), -1);
	attribute_put(set, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING, digest,
	    wrong == SHORT_DIGEST ? 20 : 32);
	if (wrong != NO_CERTIFICATE)
		certificate_put(set, leaf, wrong == WRONG_CERTIFICATE);
	if (wrong == SIGNING_TIME)
		attribute_put(set, NID_pkcs9_signingTime, V_ASN1_UTCTIME, "260101000000Z", 13);
	set_encode(set, out);
	sk_X509_ATTRIBUTE_pop_free(set, X509_ATTRIBUTE_free);
}

static enum err seal_with(enum fault_kind wrong, struct buf *attributes, struct buf *signature)
{
	struct buf chain CLEANUP(buf_free);
	X509 *leaf;
	enum err e;

	buf_init(&chain, 65536);
	assert_int_equal(keyd_seal_chain(keyd, &chain), OK);
	leaf = leaf_of(&chain);
	attributes_make(leaf, wrong, attributes);
	e = keyd_seal_sign(keyd, buf_span(attributes), signature);
	if (e == OK) {
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		assert_int_equal(
		    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, X509_get0_pubkey(leaf)), 1);
		assert_int_equal(EVP_DigestVerify(ctx, signature->data, signature->size,
				     attributes->data, attributes->size),
		    1);
		EVP_MD_CTX_free(ctx);
	}
	X509_free(leaf);
	return e;
}

static void seal_signs_signed_attributes_only(void **state)
{
	for (int wrong = NO_FAULT; wrong <= SHORT_DIGEST; wrong++) {
		struct buf attributes CLEANUP(buf_free), signature CLEANUP(buf_free);
		buf_init(&attributes, 65536);
		buf_init(&signature, 4096);
		assert_int_equal(seal_with((enum fault_kind)wrong, &attributes, &signature),
		    wrong == NO_FAULT ? OK : ERR_BAD_REQUEST);
		buf_put_byte(&attributes, 0);
		assert_int_equal(
		    keyd_seal_sign(keyd, buf_span(&attributes), &signature), ERR_BAD_REQUEST);
	}
	struct buf signature CLEANUP(buf_free);
	buf_init(&signature, 4096);
	assert_int_equal(keyd_seal_sign(keyd, span_str("any bytes"), &signature), ERR_BAD_REQUEST);
}

static void sealing_certificate_has_its_profile(void **state)
{
	struct buf chain CLEANUP(buf_free);
	char name[128] = "";
	X509 *leaf;

	buf_init(&chain, 65536);
	assert_int_equal(keyd_seal_chain(keyd, &chain), OK);
	leaf = leaf_of(&chain);
	assert_int_equal(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
	assert_int_equal(X509_check_ca(leaf), 0);
	X509_NAME_get_text_by_NID(
	    X509_get_subject_name(leaf), NID_organizationName, name, sizeof(name));
	assert_string_equal(name, "Órgão de Testes Ltda");
	X509_free(leaf);
}

static void webhook_signature_verifies(void **state)
{
	struct span content = span_str("msg_1.1700000000.{}");
	struct keyd_webhook_signatures signatures;
	uint8_t public_key[32];
	EVP_PKEY *key;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_int_equal(keyd_webhook_public(keyd, public_key), OK);
	assert_int_equal(keyd_webhook_sign(keyd, content, &signatures), OK);
	assert_int_equal(signatures.count, 1);
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(
	    EVP_DigestVerify(ctx, signatures.data[0], 64, content.data, content.size), 1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

static size_t public_of(enum keyd_line line, struct keyd_public out[KEYD_PUBLIC_MAX])
{
	size_t n = KEYD_PUBLIC_MAX, found = 0;

	assert_int_equal(keyd_response_public(keyd, out, &n), OK);
	for (size_t i = 0; i < n; i++)
		if (out[i].line == line)
			out[found++] = out[i];
	return found;
}

static bool webhook_verifies(const struct keyd_public *k, const uint8_t signature[64])
{
	const unsigned char *at = k->spki;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)k->spki_size);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool fits = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestVerify(ctx, signature, 64, (const uint8_t *)"a", 1) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return fits;
}

static enum err rotate(enum keyd_class class, int64_t from, int64_t until)
{
	static const char *const hosts[] = {"localhost", NULL};
	struct keyd_rotation r = {class, clock_now(), from, until, hosts};

	return keyd_keys_rotate(process.data, &r);
}

static void a_webhook_is_signed_for_old_and_new(void **state)
{
	struct keyd_public before[KEYD_PUBLIC_MAX], after[KEYD_PUBLIC_MAX];
	struct keyd_webhook_signatures s;
	int64_t now = clock_now();

	assert_int_equal(public_of(KEYD_WEBHOOK, before), 1);
	assert_int_equal(rotate(KEYD_CLASS_WEBHOOK, now, now + CLOCK_DAY), OK);
	assert_int_equal(keyd_webhook_sign(keyd, span_str("a"), &s), OK);
	assert_int_equal(s.count, 1); /* not before it is told to look */
	assert_int_equal(public_of(KEYD_WEBHOOK, after), 2);
	assert_string_equal(after[1].kid, before[0].kid);
	assert_int_equal(after[1].until, (now + CLOCK_DAY) / 1000 * 1000);
	assert_int_equal(keyd_webhook_sign(keyd, span_str("a"), &s), OK);
	assert_int_equal(s.count, 2);
	assert_true(webhook_verifies(&after[0], s.data[0]));
	assert_true(webhook_verifies(&before[0], s.data[1]));
	assert_false(webhook_verifies(&before[0], s.data[0]));
}

static void an_announced_key_waits(void **state)
{
	struct keyd_public all[KEYD_PUBLIC_MAX];
	struct keyring ring;
	struct keyd_config config = {.data = process.data};
	EVP_PKEY *key = NULL;
	char kid[KEYD_KID_SIZE];
	int64_t later = clock_now() + CLOCK_DAY;

	assert_int_equal(rotate(KEYD_CLASS_RESPONSE, later, later + CLOCK_DAY), OK);
	assert_int_equal(rotate(KEYD_CLASS_RESPONSE, clock_now(), later), ERR_CONFLICT);
	assert_int_equal(public_of(KEYD_RESPONSE_ES512, all), 2);
	assert_int_equal(public_of(KEYD_RESPONSE_ED25519, all), 2);
	assert_int_equal(keyring_load(&ring, &config), OK);
	assert_int_equal(keyring_signer(&ring, KEYD_RESPONSE_ED25519, &key, kid), OK);
	assert_string_equal(kid, all[1].kid);
	assert_int_equal(all[1].from, 0);
	EVP_PKEY_free(key);
	keyring_free(&ring);
}

static void a_key_that_nobody_holds_loses_its_private_half(void **state)
{
	struct keyd_public all[KEYD_PUBLIC_MAX];
	char path[128], reason[FAULT_DETAIL_MAX];
	int64_t now = clock_now();

	assert_int_equal(rotate(KEYD_CLASS_SEAL, now, now), OK);
	assert_int_equal(rotate(KEYD_CLASS_SEAL, now, now), OK);
	assert_int_equal(rotate(KEYD_CLASS_WEBHOOK, now, now), OK);
	assert_int_equal(rotate(KEYD_CLASS_WEBHOOK, now, now), OK);
	snprintf(path, sizeof(path), "%s/keys/webhook.2.key", process.data);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "%s/keys/webhook.2.pub", process.data);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(public_of(KEYD_WEBHOOK, all), 4);
	assert_int_equal(keyd_keys_create(process.data, "X", NULL), OK);
	snprintf(path, sizeof(path), "%s/keys/seal.key", process.data);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(keyd_seal_test(keyd, reason), OK);
}

static void a_killed_keyd_is_dialed_again(void **state)
{
	uint8_t before[KEY_SIZE], after[KEY_SIZE];
	unsigned starts = process.starts;

	assert_int_equal(keyd_derive(keyd, KEYD_IDEMPOTENCY, before), OK);
	keyd_process_stop(&process, SIGKILL);
	assert_int_equal(keyd_derive(keyd, KEYD_IDEMPOTENCY, after), OK);
	assert_memory_equal(before, after, KEY_SIZE);
	assert_int_equal(process.starts, starts + 1);
}

static void a_malformed_request_ends_keyd(void **state)
{
	struct wire_writer w CLEANUP(wire_writer_free);
	int status = 0, sock = keyd_process_dial(&process);

	wire_writer_init(&w);
	wire_put_u32(&w, 4711);
	assert_int_equal(wire_send(sock, &w, 1000), OK);
	assert_int_equal(waitpid(process.pid, &status, 0), process.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 70);
	close(sock);
	close(process.control);
	keyd_process_start(&process);
}

static void seal_test_sees_an_other_certificate(void **state)
{
	struct keyd_process other;
	struct keyd *k;
	char path[128], reason[FAULT_DETAIL_MAX];
	struct stat st;

	keyd_folder_make(&other);
	keyd_process_start(&other);
	assert_int_equal(keyd_open(keyd_process_dial, &other, &k), OK);
	assert_int_equal(keyd_seal_test(k, reason), OK);
	snprintf(path, sizeof(path), "%s/keys/seal.key", other.data);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(keyd_seal_test(k, reason), ERR_NOT_READY);
	assert_string_equal(reason, "seal.key: there is no such file");
	assert_int_equal(
	    keyd_keys_create(other.data, "x", NULL), OK); /* a new key, the old certificate */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(keyd_seal_test(k, reason), ERR_NOT_READY);
	assert_string_equal(reason, "the sealing key does not match its certificate");
	keyd_close(k);
	assert_int_equal(keyd_process_stop(&other, 0), 0);
	keyd_folder_remove(&other);
}

static void a_root_key_open_to_others_is_refused(void **state)
{
	struct keyd_process other;
	char path[128];
	int status;

	keyd_folder_make(&other);
	snprintf(path, sizeof(path), "%s/keys/root.key", other.data);
	assert_int_equal(chmod(path, 0640), 0);
	keyd_process_start(&other);
	waitpid(other.pid, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == KEYD_EXIT_CONFIG);
	close(other.control);
	keyd_folder_remove(&other);
}

static void create_twice_changes_nothing(void **state)
{
	struct keyd_process other;
	char path[128];
	struct stat before, after;

	keyd_folder_make(&other);
	snprintf(path, sizeof(path), "%s/keys/seal.crt", other.data);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(keyd_keys_create(other.data, "x", NULL), OK);
	assert_int_equal(stat(path, &after), 0);
	assert_true(
	    before.st_ino == after.st_ino && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	keyd_folder_remove(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wrap_is_the_rfcs),
	    cmocka_unit_test(data_keys_open_under_their_organisation_only),
	    cmocka_unit_test(no_data_key_is_given_twice),
	    cmocka_unit_test(derived_keys_differ_and_stay),
	    cmocka_unit_test(seal_signs_signed_attributes_only),
	    cmocka_unit_test(sealing_certificate_has_its_profile),
	    cmocka_unit_test(webhook_signature_verifies),
	    cmocka_unit_test(a_webhook_is_signed_for_old_and_new),
	    cmocka_unit_test(an_announced_key_waits),
	    cmocka_unit_test(a_key_that_nobody_holds_loses_its_private_half),
	    cmocka_unit_test(a_killed_keyd_is_dialed_again),
	    cmocka_unit_test(a_malformed_request_ends_keyd),
	    cmocka_unit_test(seal_test_sees_an_other_certificate),
	    cmocka_unit_test(a_root_key_open_to_others_is_refused),
	    cmocka_unit_test(create_twice_changes_nothing),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
