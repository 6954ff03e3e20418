/*
 * Do TLS 1.2 and 1.3 handshakes work with the private key in another process, and are older
 * versions refused?
 */
#include "keyd_start.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

static struct keyd_process process;
static struct keyd *keyd;
static SSL_CTX *server_ctx;

static int start(void **state)
{
	keyd_folder_make(&process);
	keyd_process_start(&process);
	if (keyd_open(keyd_process_dial, &process, &keyd) != OK)
		return -1;
	return keyd_tls_context(keyd, &server_ctx) == OK ? 0 : -1;
}

static int stop(void **state)
{
	SSL_CTX_free(server_ctx);
	keyd_close(keyd);
	keyd_process_stop(&process, 0);
	keyd_folder_remove(&process);
	return 0;
}

static SSL_CTX *client_context(int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	char path[128];

	snprintf(path, sizeof(path), "%s/keys/tls.crt", process.data);
	assert_int_equal(SSL_CTX_load_verify_locations(ctx, path, NULL), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_security_level(ctx, 0);
	assert_int_equal(SSL_CTX_set_min_proto_version(ctx, version), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
	return ctx;
}

/* Both ends in one thread, over a pair of memory buffers. */
static bool handshake(SSL_CTX *client_ctx, SSL_SESSION **session, bool *is_resumed)
{
	SSL *client = SSL_new(client_ctx), *server = SSL_new(server_ctx);
	BIO *one = NULL, *two = NULL;
	char byte;
	bool done = false;

	assert_int_equal(BIO_new_bio_pair(&one, 0, &two, 0), 1);
	SSL_set_bio(client, one, one);
	SSL_set_bio(server, two, two);
	assert_int_equal(SSL_set1_host(client, "localhost"), 1);
	if (session != NULL && *session != NULL)
		SSL_set_session(client, *session);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (int i = 0; i < 8 && !done; i++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
		done = SSL_is_init_finished(client) && SSL_is_init_finished(server);
	}
	if (done && session != NULL) {
		SSL_read(client, &byte, 1); /* the ticket of TLS 1.3 comes after the handshake */
		*is_resumed = SSL_session_reused(client) == 1;
		SSL_SESSION_free(*session);
		*session = SSL_get1_session(client);
	}
	SSL_shutdown(client); /* or libssl forgets the session */
	SSL_free(client);
	SSL_free(server);
	ERR_clear_error();
	return done;
}

static void check_version(int version, bool works)
{
	SSL_CTX *client = client_context(version);

	assert_int_equal(handshake(client, NULL, NULL), works);
	SSL_CTX_free(client);
}

static void versions(void **state)
{
	check_version(TLS1_2_VERSION, true);
	check_version(TLS1_3_VERSION, true);
	check_version(TLS1_1_VERSION, false);
	check_version(TLS1_VERSION, false);
}

static void tickets_resume(void **state)
{
	int tried[] = {TLS1_2_VERSION, TLS1_3_VERSION};

	for (size_t i = 0; i < 2; i++) {
		SSL_CTX *client = client_context(tried[i]);
		SSL_SESSION *session = NULL;
		bool is_resumed = true;
		assert_true(handshake(client, &session, &is_resumed));
		assert_false(is_resumed);
		assert_true(handshake(client, &session, &is_resumed));
		assert_true(is_resumed);
		SSL_SESSION_free(session);
		SSL_CTX_free(client);
	}
}

static void works_after_keyd_was_killed(void **state)
{
	keyd_process_stop(&process, SIGKILL);
	check_version(TLS1_3_VERSION, true);
}

static void a_new_certificate_is_taken_and_the_old_key_still_signs(void **state)
{
	static const char *const hosts[] = {"localhost", NULL};
	SSL_CTX *old = server_ctx;
	char path[128];

	snprintf(path, sizeof(path), "%s/keys/tls.key", process.data);
	unlink(path);
	snprintf(path, sizeof(path), "%s/keys/tls.crt", process.data);
	SSL_CTX *client = client_context(TLS1_3_VERSION);
	unlink(path);
	assert_int_equal(keyd_keys_create(process.data, "x", hosts), OK);
	assert_int_equal(keyd_tls_context(keyd, &server_ctx), OK);
	check_version(TLS1_3_VERSION, true);
	check_version(TLS1_2_VERSION, true);
	assert_false(handshake(client, NULL, NULL)); /* it trusts the old certificate only */
	SSL_CTX_free(server_ctx);
	server_ctx = old;
	assert_true(handshake(client, NULL, NULL));
	SSL_CTX_free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(versions),
	    cmocka_unit_test(tickets_resume),
	    cmocka_unit_test(works_after_keyd_was_killed),
	    cmocka_unit_test(a_new_certificate_is_taken_and_the_old_key_still_signs),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
