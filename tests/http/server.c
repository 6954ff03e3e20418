/*
 * A server of the http room alone, with a route for each thing that tests/http/ asks about.
 * Prints "ready PORT" and ends by SIGTERM. Every argument is NAME=NUMBER for http_config.
 */
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "http/http.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCE_BYTES 1000000

static struct http_server *server;
static atomic_int gate, running, handled, closed, pokes, sockets, turns;

static void put(struct json_writer *w, const char *name, struct span s)
{
	jw_span(w, name, s);
}

static void handle_echo(void *app, const struct http_request *req, struct http_reply *reply)
{
	struct json_writer w;
	struct span value;

	jw_init(&w, &reply->body);
	jw_object(&w, NULL);
	put(&w, "method", span_str(http_method_name(req->method)));
	put(&w, "target", req->target);
	put(&w, "path", req->path);
	put(&w, "query", req->query);
	put(&w, "param", req->params[0]);
	put(&w, "param2", req->params[1]);
	put(&w, "client", span_str(req->client));
	put(&w, "route", span_str(req->route->pattern));
	if (http_query(req, "q", &value))
		put(&w, "q", value);
	jw_int(&w, "size", (int64_t)req->body.size);
	if (req->body.size <= 256)
		put(&w, "body", req->body);
	jw_array(&w, "headers");
	for (size_t i = 0; i < req->header_count; i++) {
		jw_span(&w, NULL, req->headers[i].name);
		jw_span(&w, NULL, req->headers[i].value);
	}
	jw_end_array(&w);
	jw_end_object(&w);
	reply->content_type = "application/json";
	http_reply_header(reply, "X-Test", "good");
	http_reply_header(reply, "X-Bad", "a\r\nInjected: yes");
	atomic_fetch_add(&handled, 1);
}

static void handle_health(void *app, const struct http_request *req, struct http_reply *reply)
{
	reply->content_type = "text/plain";
	buf_put_str(&reply->body, "ok\n");
}

/* Says that it waits, and waits until SIGUSR1, so that tests decide how long a worker is busy. */
static void handle_wait(void *app, const struct http_request *req, struct http_reply *reply)
{
	fprintf(stderr, "waiting %d\n", atomic_fetch_add(&running, 1) + 1);
	while (atomic_load(&gate) == 0)
		usleep(1000);
	atomic_fetch_add(&handled, 1);
	buf_put_str(&reply->body, "waited\n");
}

static void handle_sleep(void *app, const struct http_request *req, struct http_reply *reply)
{
	struct span ms = SPAN_EMPTY;

	usleep(http_query(req, "ms", &ms) && ms.size > 1 ? 100000 : 5000);
	atomic_fetch_add(&handled, 1);
	buf_put_str(&reply->body, "slept\n");
}

static enum err source_read(void *ctx, uint64_t offset, size_t size, struct buf *out)
{
	for (size_t i = 0; i < size; i++)
		buf_put_byte(out, (uint8_t)((offset + i) * 7 % 251));
	return ctx != NULL && offset > 0 ? ERR_IO : OK;
}

static void source_close(void *ctx)
{
	atomic_fetch_add(&closed, 1);
}

static void handle_file(void *app, const struct http_request *req, struct http_reply *reply)
{
	reply->content_type = "application/pdf";
	reply->source = (struct http_source){source_read, source_close, NULL, SOURCE_BYTES};
	if (span_equal_str(req->params[0], "torn"))
		reply->source.ctx = &gate;
	if (span_equal_str(req->params[0], "empty"))
		reply->source.size = 0;
	http_reply_header(reply, "ETag", "\"v1\"");
}

static void handle_page(void *app, const struct http_request *req, struct http_reply *reply)
{
	reply->content_type = "text/html; charset=utf-8";
	http_reply_header(reply, "ETag", "W/\"page\"");
	http_reply_header(reply, "Content-Security-Policy", "default-src 'self'");
	http_reply_header(reply, "Cache-Control", "private");
	buf_put_str(&reply->body, "0123456789");
}

static void handle_large(void *app, const struct http_request *req, struct http_reply *reply)
{
	for (unsigned i = 0; i < 1000000; i++)
		buf_format(&reply->body, "%07u\n", i);
}

/* Says each text back; a few words make it do more. What each socket has seen stands in its ctx. */

struct seen {
	int pokes, more;
	bool was_opened;
};

static void turn_word(struct http_turn *t, struct seen *seen, struct span text)
{
	char word[64];
	unsigned number = 0;

	snprintf(word, sizeof(word), "%.*s", (int)text.size, (const char *)text.data);
	if (sscanf(word, "close %u", &number) == 1)
		t->close = number;
	else if (sscanf(word, "more %u", &number) == 1)
		seen->more = (int)number;
	else if (sscanf(word, "big %u", &number) == 1)
		for (; number > 0; number--)
			http_turn_text(t, span_of(word, 1));
	else
		http_turn_text(t, text);
}

static void turn(void *ctx, struct http_turn *t)
{
	struct seen *seen = ctx;
	char word[64];

	atomic_fetch_add(&turns, 1);
	if (!seen->was_opened)
		http_turn_text(t, span_str("hello"));
	seen->was_opened = true;
	for (size_t i = 0; i < t->text_count; i++)
		turn_word(t, seen, t->texts[i]);
	if (seen->more > 0) {
		snprintf(word, sizeof(word), "more %d", seen->more--);
		http_turn_text(t, span_str(word));
		for (int i = 0; i < 60; i++)
			http_turn_text(t, span_of(t, 0));
	}
	t->is_more = seen->more > 0;
	if (seen->pokes != atomic_load(&pokes))
		http_turn_text(t, span_str("poked"));
	seen->pokes = atomic_load(&pokes);
}

static void turns_end(void *ctx)
{
	mem_free(ctx, sizeof(struct seen));
	atomic_fetch_sub(&sockets, 1);
}

static int64_t socket_ping_ms;

static void handle_socket(void *app, const struct http_request *req, struct http_reply *reply)
{
	struct seen *seen = mem_alloc(sizeof(*seen));
	struct http_upgrade upgrade = {.turn = turn,
	    .end = turns_end,
	    .ctx = seen,
	    .tag = req->query.size > 0 ? 2 : 1,
	    .ping_ms = socket_ping_ms,
	    .turn_ms = 3600000};
	struct fault fault = {0};
	enum err e;

	if (seen == NULL) {
		reply->status = 503;
		return;
	}
	seen->pokes = atomic_load(&pokes);
	atomic_fetch_add(&sockets, 1);
	e = http_upgrade(req, reply, &upgrade, &fault);
	if (e == OK)
		return;
	turns_end(seen);
	reply->status = err_row(e)->status;
	buf_put_str(&reply->body, fault.detail);
}

static void handle_created(void *app, const struct http_request *req, struct http_reply *reply)
{
	reply->status = 204;
}

static void handle_failed(void *app, const struct http_request *req, struct http_reply *reply)
{
	buf_init(&reply->body, 4);
	buf_put_str(&reply->body, "too long");
}

static void handle_counts(void *app, const struct http_request *req, struct http_reply *reply)
{
	struct json_writer w;

	jw_init(&w, &reply->body);
	jw_object(&w, NULL);
	jw_int(&w, "running", atomic_load(&running));
	jw_int(&w, "handled", atomic_load(&handled));
	jw_int(&w, "closed", atomic_load(&closed));
	jw_int(&w, "sockets", atomic_load(&sockets));
	jw_int(&w, "turns", atomic_load(&turns));
	jw_end_object(&w);
	reply->content_type = "application/json";
}

static void handle_parts(void *app, const struct http_request *req, struct http_reply *reply)
{
	struct http_part parts[4];
	struct json_writer w;
	size_t count = 0;

	enum err e = http_multipart(req, parts, 4, &count);
	jw_init(&w, &reply->body);
	jw_object(&w, NULL);
	put(&w, "result", span_str(err_symbol(e)));
	for (size_t i = 0; e == OK && i < count; i++)
		put(&w, parts[i].filename.size > 0 ? "file" : "field", parts[i].data);
	jw_end_object(&w);
}

/* Those who say so themselves are not let in. */
static bool screen(void *app, struct http_request *req, struct http_reply *reply)
{
	size_t count;

	(void)http_header(req, "X-Refuse", &count);
	reply->status = count > 0 ? 401 : 200;
	return count == 0;
}

static const struct http_route routes[] = {
    {HTTP_GET, "/health", "health", 0, 0, 0, 0, handle_health},
    {HTTP_GET, "/wait", "wait", 0, 0, 0, 0, handle_wait},
    {HTTP_POST, "/sleep", "sleep", 0, 0, 0, 1024, handle_sleep},
    {HTTP_GET, "/sleep", "sleep", 0, 0, 0, 0, handle_sleep},
    {HTTP_GET, "/counts", "counts", 0, 0, 0, 0, handle_counts},
    {HTTP_GET, "/echo", "echo", 0, 0, 0, 0, handle_echo},
    {HTTP_POST, "/echo", "echo_body", 0, 0, 0, LIMIT_BODY_DEFAULT, handle_echo},
    {HTTP_PATCH, "/echo", "echo_patch", 0, 0, 0, LIMIT_BODY_DEFAULT, handle_echo},
    {HTTP_PUT, "/put", "put", 0, 0, 0, LIMIT_BODY_DEFAULT, handle_echo},
    {HTTP_DELETE, "/put", "delete", 0, 0, 0, 0, handle_echo},
    {HTTP_POST, "/upload", "upload", 0, 0, 0, LIMIT_BODY_UPLOAD, handle_echo},
    {HTTP_GET, "/test/?", "test", 0, 0, 0, 0, handle_echo},
    {HTTP_GET, "/a/:one/b/:two", "params", 0, 0, 0, 0, handle_echo},
    {HTTP_GET, "/a/literal/b/x", "unreached", 0, 0, 0, 0, handle_echo},
    {HTTP_GET, "/file/:name", "file", 0, 0, 0, 0, handle_file},
    {HTTP_GET, "/page", "page", 0, 0, 0, 0, handle_page},
    {HTTP_GET, "/large", "large", 0, 0, 0, 0, handle_large},
    {HTTP_POST, "/created", "created", 0, 0, 0, 64, handle_created},
    {HTTP_GET, "/failed", "failed", 0, 0, 0, 0, handle_failed},
    {HTTP_GET, "/socket", "socket", 0, 0, 0, 1024, handle_socket},
    {HTTP_POST, "/parts", "parts", 0, 0, 0, LIMIT_BODY_DEFAULT, handle_parts},
};

static void on_fault(
    void *app, const struct http_request *req, enum err e, struct http_reply *reply)
{
	struct json_writer w;

	jw_init(&w, &reply->body);
	jw_object(&w, NULL);
	jw_string(&w, "code", err_row(e)->code);
	jw_string(&w, "symbol", err_symbol(e));
	jw_string(&w, "detail", req->detail);
	jw_end_object(&w);
	reply->content_type = "application/json";
}

static void on_finish(
    void *app, const struct http_request *req, struct http_reply *reply, int64_t micros)
{
	http_reply_header(
	    reply, "X-Finish", arena_format(req->arena, "%u %zu", reply->status, reply->body.size));
}

static void on_signal(int number)
{
	if (number == SIGUSR1)
		atomic_store(&gate, 1);
	else
		http_server_stop(server);
}

static SSL_CTX *tls_new(void)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_use_certificate(tls, cert);
	SSL_CTX_use_PrivateKey(tls, key);
	X509_free(cert);
	EVP_PKEY_free(key);
	return tls;
}

/* One byte a command: 'p' pokes the sockets, 't' takes a new certificate, 'm' fails an allocation,
 * each time a later one, 'o' none any more; the end of the pipe ends the watch. */
static void on_command(void *ctx, int fd)
{
	static unsigned long nth;
	char command = 0;

	if (read(fd, &command, 1) == 1 && command == 'p') {
		atomic_fetch_add(&pokes, 1);
		http_server_poke(server, 1);
		return;
	}
	if (command != 0 && command != 't') {
		fprintf(stderr, "command %c %lu\n", command, command == 'm' ? ++nth : 0);
		mem_fail_at(command == 'm' ? nth : 0);
		return;
	}
	if (command == 't') {
		SSL_CTX *tls = tls_new();
		http_server_tls(server, tls);
		SSL_CTX_free(tls);
	} else {
		http_server_unwatch(server, fd);
		command = 'e';
	}
	fprintf(stderr, "command %c\n", command);
}

static int listen_new(unsigned *port)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = in6addr_any};
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, size) != 0 || listen(fd, 1024) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &size) != 0)
		exit(2);
	*port = ntohs(a.sin6_port);
	return fd;
}

static void configure(struct http_config *c, const char *text)
{
	const char *value = strchr(text, '=');
	size_t n = value != NULL ? (size_t)(value - text) : 0;
	long v = value != NULL ? strtol(value + 1, NULL, 10) : 0;
	const struct {
		const char *name;
		int64_t *ms;
		size_t *size;
	} all[] = {
	    {"head_ms", &c->head_ms, NULL},
	    {"body_ms", &c->body_ms, NULL},
	    {"keepalive_ms", &c->keepalive_ms, NULL},
	    {"queue_ms", &c->queue_ms, NULL},
	    {"drain_ms", &c->drain_ms, NULL},
	    {"drain_idle_ms", &c->drain_idle_ms, NULL},
	    {"socket_ms", &c->socket_ms, NULL},
	    {"ping_ms", &socket_ping_ms, NULL},
	    {"body_rate", NULL, &c->body_rate},
	    {"connections", NULL, &c->connections},
	    {"queue", NULL, &c->queue},
	    {"buffered_bytes", NULL, &c->buffered_bytes},
	};

	if (strncmp(text, "workers", n) == 0)
		c->workers = (unsigned)v;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strlen(all[i].name) != n || strncmp(text, all[i].name, n) != 0)
			continue;
		if (all[i].ms != NULL)
			*all[i].ms = v;
		else
			*all[i].size = (size_t)v;
	}
}

int main(int argc, char **argv)
{
	static const char *const trusted[] = {"127.0.0.0/8", "10.1.2.3", "2001:db8::/32", NULL};
	struct http_config config = {.routes = routes,
	    .route_count = sizeof(routes) / sizeof(routes[0]),
	    .screen = screen,
	    .fault = on_fault,
	    .finish = on_finish,
	    .trusted_proxies = trusted,
	    .workers = 4};
	unsigned port;

	for (int i = 1; i < argc; i++)
		configure(&config, argv[i]);
	config.tls = tls_new();
	config.listen_fd = listen_new(&port);
	if (http_server_new(&config, &server) != OK)
		return 2;
	if (http_server_watch(server, STDIN_FILENO, on_command, NULL) != OK)
		return 2;
	signal(SIGTERM, on_signal);
	signal(SIGUSR1, on_signal);
	fprintf(stderr, "ready %u\n", port);
	enum err e = http_server_run(server);
	http_server_free(server);
	SSL_CTX_free(config.tls);
	return e == OK ? 0 : 1;
}
