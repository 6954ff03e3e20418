/*
 * Does a server that cannot be made leave nothing behind? Every allocation on the way fails once.
 */
#include "http/http.h"

#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void on_fault(
    void *app, const struct http_request *req, enum err e, struct http_reply *reply)
{
}

static struct http_config config_new(SSL_CTX *tls, const char *const *proxies)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_int_equal(listen(fd, 1), 0);
	return (struct http_config){.listen_fd = fd,
	    .tls = tls,
	    .fault = on_fault,
	    .trusted_proxies = proxies,
	    .workers = 2};
}

static void test_every_allocation_fails_once(void **state)
{
	static const char *const proxies[] = {"127.0.0.1", NULL};
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	unsigned long n = 0;
	enum err e;

	do {
		struct http_server *s = NULL;
		struct http_config config = config_new(tls, proxies);
		mem_fail_at(++n);
		e = http_server_new(&config, &s);
		mem_fail_at(0);
		if (e != OK) {
			assert_int_equal(e, ERR_MEMORY);
			assert_null(s);
			assert_int_equal(close(config.listen_fd), 0);
		}
		http_server_free(s);
	} while (e != OK);
	assert_true(n > 3);
	SSL_CTX_free(tls);
}

static void test_wrong_configuration(void **state)
{
	static const char *const proxies[] = {"nonsense", NULL};
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	struct http_config config = config_new(tls, proxies);
	struct http_server *s = NULL;

	assert_int_equal(http_server_new(&config, &s), ERR_CONFIG);
	config.trusted_proxies = NULL;
	config.tls = NULL;
	assert_int_equal(http_server_new(&config, &s), ERR_CONFIG);
	assert_null(s);
	close(config.listen_fd);
	SSL_CTX_free(tls);
}

static void test_reply_headers(void **state)
{
	struct http_reply reply = {0};

	http_reply_header(&reply, "A", "b");
	http_reply_header(&reply, "A", "b\nc");
	http_reply_header(&reply, "A\r", "b");
	http_reply_header(&reply, "A", NULL);
	assert_int_equal(reply.header_count, 1);
	for (unsigned i = 0; i < HTTP_REPLY_HEADERS_MAX; i++)
		http_reply_header(&reply, "A", "b");
	assert_int_equal(reply.header_count, HTTP_REPLY_HEADERS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_allocation_fails_once),
	    cmocka_unit_test(test_wrong_configuration),
	    cmocka_unit_test(test_reply_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
