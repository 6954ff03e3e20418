/*
 * Do callers that share a trip to keyd each get their own answer? Good requests and wrong ones
 * together, signatures checked against what each caller asked to be signed.
 */
#include "keyd_start.h"

#include "sign/sign.h"

#include <openssl/x509.h>
#include <pthread.h>
#include <time.h>

#define CALLERS 12
#define ASKED 40

static struct keyd_process process;
static struct keyd *keyd;
static EVP_PKEY *public_key;
static char kid[KEYD_KID_SIZE];

static int start(void **state)
{
	struct keyd_public all[KEYD_PUBLIC_MAX];
	size_t n = KEYD_PUBLIC_MAX;

	keyd_folder_make(&process);
	keyd_process_start(&process);
	if (keyd_open(keyd_process_dial, &process, &keyd) != OK ||
	    keyd_response_public(keyd, all, &n) != OK)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const unsigned char *at = all[i].spki;
		if (all[i].line != KEYD_RESPONSE_ED25519)
			continue;
		public_key = d2i_PUBKEY(NULL, &at, (long)all[i].spki_size);
		memcpy(kid, all[i].kid, sizeof(kid));
	}
	return public_key != NULL ? 0 : -1;
}

static int stop(void **state)
{
	EVP_PKEY_free(public_key);
	keyd_close(keyd);
	keyd_process_stop(&process, 0);
	keyd_folder_remove(&process);
	return 0;
}

static enum err ask(const char *with_kid, const char *base, struct buf *signature)
{
	struct keyd_message form = {keyd, with_kid};
	struct signer signer = keyd_response_message(&form);

	buf_reset(signature);
	return signer.sign(signer.ctx, span_str(base), signature);
}

/* What caller me must get the nth time: every seventh is no base, every fifth a key not in use. */
static bool is_answered_rightly(size_t me, size_t n, struct buf *signature)
{
	char base[128];

	snprintf(base, sizeof(base),
	    "%s\"@status\": %zu\n\"@signature-params\": (\"@status\");created=%zu",
	    n % 7 == 3 ? "x" : "", me, n);
	enum err e = ask(n % 5 == 2 ? "other" : kid, base, signature);
	if (n % 7 == 3)
		return e == ERR_BAD_REQUEST;
	if (n % 5 == 2)
		return e == ERR_NOT_READY;
	return e == OK &&
	       sign_verify(public_key, SIGN_ED25519, span_str(base), buf_span(signature)) == OK;
}

static void *caller(void *ctx)
{
	const size_t *me = ctx;
	struct buf signature CLEANUP(buf_free);

	buf_init(&signature, SIGN_SIGNATURE_MAX);
	for (size_t n = 0; n < ASKED; n++)
		if (!is_answered_rightly(*me, n, &signature))
			return ctx;
	return NULL;
}

/* keyd stands still at first, so that most of them are on one trip. */
static void each_gets_its_own_answer(void **state)
{
	static const struct timespec moment = {0, 50000000};
	static size_t numbers[CALLERS];
	pthread_t threads[CALLERS];
	void *failed;

	kill(process.pid, SIGSTOP);
	for (size_t i = 0; i < CALLERS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, caller, &numbers[i]), 0);
	}
	nanosleep(&moment, NULL);
	kill(process.pid, SIGCONT);
	for (size_t i = 0; i < CALLERS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
}

static void send_several(struct wire_writer *request)
{
	struct wire_writer w CLEANUP(wire_writer_free);
	int status = 0, sock = keyd_process_dial(&process);

	wire_writer_init(&w);
	wire_put_u32(&w, 16);
	wire_put_bytes(&w, buf_span(&request->body));
	assert_int_equal(wire_send(sock, &w, 1000), OK);
	assert_int_equal(waitpid(process.pid, &status, 0), process.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 70);
	close(sock);
	close(process.control);
	process.pid = 0;
}

static void several_are_not_nested(void **state)
{
	struct wire_writer w CLEANUP(wire_writer_free);

	wire_writer_init(&w);
	wire_put_u32(&w, 16);
	send_several(&w);
}

static void a_malformed_one_among_several_ends_keyd(void **state)
{
	struct wire_writer w CLEANUP(wire_writer_free);

	wire_writer_init(&w);
	wire_put_u32(&w, 4);
	send_several(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_gets_its_own_answer),
	    cmocka_unit_test(several_are_not_nested),
	    cmocka_unit_test(a_malformed_one_among_several_ends_keyd),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
