/*
 * A load generator that is not the bottleneck: one thread a client, each with one kept-alive TLS
 * connection, sending the same request again as soon as its answer is complete. Says how many
 * answers came, how many were not wanted, and how long they took.
 *
 * usage: load HOST PORT CLIENTS SECONDS METHOD PATH [KEY [BODY.json]]
 */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 512
#define SLOWEST_US 2000000
#define ANSWER_MAX (1 << 20)

static struct {
	const char *host, *port;
	char *request;
	size_t request_size;
	SSL_CTX *tls;
	atomic_bool is_over;
	atomic_ulong answers, failed;
	atomic_uint took[SLOWEST_US + 1]; /* answers by microseconds */
} load;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int dial(void)
{
	struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM};
	int on = 1;
	if (getaddrinfo(load.host, load.port, &hints, &found) != 0)
		return -1;
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void leave(SSL *tls)
{
	if (tls == NULL)
		return;
	int fd = SSL_get_fd(tls);
	SSL_free(tls);
	close(fd);
}

static SSL *enter(void)
{
	int fd = dial();
	if (fd < 0)
		return NULL;
	SSL *tls = SSL_new(load.tls);
	if (tls != NULL && SSL_set_fd(tls, fd) == 1 && SSL_connect(tls) == 1)
		return tls;
	ERR_clear_error();
	SSL_free(tls);
	close(fd);
	return NULL;
}

/* Bytes of the whole answer once its head is there; 0 while it is not. */
static size_t answer_size(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = end != NULL ? strcasestr(text, "\r\ncontent-length:") : NULL;
	if (end == NULL)
		return 0;
	size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
	return (size_t)(end - text) + 4 + body;
}

/* The status; 0 when the connection ended first. */
static int exchange(SSL *tls, char *text)
{
	size_t size = 0, want = 0;
	if (SSL_write(tls, load.request, (int)load.request_size) <= 0)
		return 0;
	while (want == 0 || size < want) {
		int n = SSL_read(tls, text + size, (int)(ANSWER_MAX - 1 - size));
		if (n <= 0)
			return 0;
		size += (size_t)n;
		text[size] = '\0';
		want = want != 0 ? want : answer_size(text);
		if (want >= ANSWER_MAX)
			return 0;
	}
	return (int)strtol(text + 9, NULL, 10);
}

static void count(int status, double took)
{
	unsigned us = took * 1e6 < SLOWEST_US ? (unsigned)(took * 1e6) : SLOWEST_US;
	if (status < 200 || status > 299)
		atomic_fetch_add(&load.failed, 1);
	else
		atomic_fetch_add(&load.answers, 1);
	atomic_fetch_add(&load.took[us], 1);
}

static void *client(void *unused)
{
	char *text = malloc(ANSWER_MAX);
	SSL *tls = enter();
	while (text != NULL && !atomic_load(&load.is_over)) {
		double start = now();
		int status = tls != NULL ? exchange(tls, text) : 0;
		count(status, now() - start);
		if (status == 0) {
			leave(tls);
			tls = enter();
		}
	}
	leave(tls);
	free(text);
	return unused;
}

static char *file_read(const char *path)
{
	static char text[1 << 20];
	FILE *f = path != NULL ? fopen(path, "rb") : NULL;
	size_t n = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;
	text[n] = '\0';
	if (f != NULL)
		fclose(f);
	return text;
}

static bool request_make(const char *method, const char *path, const char *key, const char *body)
{
	int n = asprintf(&load.request,
	    "%s %s HTTP/1.1\r\nHost: %s:%s\r\n%s%s%s%sContent-Length: %zu\r\n\r\n%s", method, path,
	    load.host, load.port, key != NULL ? "Authorization: " : "", key != NULL ? key : "",
	    key != NULL ? "\r\n" : "", body[0] != '\0' ? "Content-Type: application/json\r\n" : "",
	    strlen(body), body);
	load.request_size = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static unsigned percentile(double part)
{
	unsigned long all = atomic_load(&load.answers) + atomic_load(&load.failed), seen = 0;
	for (unsigned us = 0; us <= SLOWEST_US; us++) {
		seen += atomic_load(&load.took[us]);
		if (all > 0 && (double)seen >= part * (double)all)
			return us;
	}
	return SLOWEST_US;
}

static void run(unsigned long clients, double seconds)
{
	static pthread_t threads[CLIENTS_MAX];
	double start = now();
	for (unsigned long i = 0; i < clients; i++)
		if (pthread_create(&threads[i], NULL, client, NULL) != 0)
			exit(1);
	usleep((useconds_t)(seconds * 1e6));
	atomic_store(&load.is_over, true);
	for (unsigned long i = 0; i < clients; i++)
		pthread_join(threads[i], NULL);
	double took = now() - start;
	printf("{\"answers\":%lu,\"failed\":%lu,\"rate\":%.1f,\"p50_us\":%u,\"p99_us\":%u}\n",
	    load.answers, load.failed, (double)load.answers / took, percentile(.5),
	    percentile(.99));
}

int main(int argc, char **argv)
{
	unsigned long clients = argc > 6 ? strtoul(argv[3], NULL, 10) : 0;
	if (clients < 1 || clients > CLIENTS_MAX) {
		fprintf(stderr,
		    "usage: load HOST PORT CLIENTS SECONDS METHOD PATH [KEY [BODY.json]]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	load.host = argv[1];
	load.port = argv[2];
	load.tls = SSL_CTX_new(TLS_client_method());
	if (load.tls != NULL)
		SSL_CTX_set_read_ahead(load.tls, 1);
	if (load.tls == NULL || !request_make(argv[5], argv[6], argc > 7 ? argv[7] : NULL,
				    file_read(argc > 8 ? argv[8] : NULL)))
		return 1;
	run(clients, strtod(argv[4], NULL));
	SSL_CTX_free(load.tls);
	free(load.request);
	return 0;
}
