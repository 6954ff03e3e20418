/*
 * The server: accepting, the loop, deadlines and the drain. One thread runs all of it; other
 * threads reach it through three descriptors (finished jobs, stop, watched ones) and one lock.
 */
#include "http/internal.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <errno.h>
#include <event2/thread.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ACCEPTS_PER_TURN 64
#define TICK_MS 100
#define ADDRESS_SHARE 8

static void tick_start(struct http_server *s)
{
	const struct timeval period = {0, TICK_MS * 1000};

	if (!evtimer_pending(s->tick, NULL))
		(void)event_add(s->tick, &period);
}

static void accept_pause(struct http_server *s)
{
	s->accept_paused = true;
	(void)event_del(s->listen);
	tick_start(s);
}

static void accept_resume(struct http_server *s)
{
	if (!s->accept_paused || s->listen == NULL)
		return;
	s->accept_paused = false;
	(void)event_add(s->listen, NULL);
}

/* At the cap, the connection that has been idle longest makes room. */
static bool evict_idle(struct http_server *s)
{
	struct conn *c;

	TAILQ_FOREACH(c, &s->conns, link)
	{
		if (conn_is_idle(c)) {
			conn_free(c);
			return true;
		}
	}
	return false;
}

/* With half of the connections in use, no single address may hold more than its share. */
static bool is_greedy(const struct http_server *s, const struct address *peer)
{
	const struct conn *c;
	size_t held = 0;

	if (s->conn_count < s->config.connections / 2 || proxies_trust(s->proxies, peer))
		return false;
	TAILQ_FOREACH(c, &s->conns, link)
	held += memcmp(c->peer.bytes, peer->bytes, sizeof(peer->bytes)) == 0;
	return held >= s->config.connections / ADDRESS_SHARE;
}

static void accept_socket(struct http_server *s, int fd, struct address peer)
{
	const int on = 1;

	/* A reply in two records would wait for the peer's acknowledgement otherwise. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (is_greedy(s, &peer) || conn_new(s, fd, peer) != OK)
		close(fd);
	tick_start(s);
}

static bool accept_one(struct http_server *s)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);

	if (s->conn_count >= s->config.connections && !evict_idle(s)) {
		accept_pause(s);
		return false;
	}
	int fd =
	    accept4(s->listen_fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			accept_pause(s);
		return errno == ECONNABORTED || errno == EINTR;
	}
	accept_socket(s, fd, address_of((const struct sockaddr *)&from));
	return true;
}

static void on_listen(evutil_socket_t fd, short what, void *arg)
{
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		if (!accept_one(arg))
			return;
	}
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *s = arg;
	struct exchange_list done;
	uint64_t count;

	ssize_t n = read(s->wake_fd, &count, sizeof(count));
	(void)n;
	pool_finished(s->pool, &done);
	while (!STAILQ_EMPTY(&done)) {
		struct exchange *x = STAILQ_FIRST(&done);
		STAILQ_REMOVE_HEAD(&done, link);
		conn_resume(x->conn);
	}
	sockets_poke(s);
}

static void sweep(struct http_server *s, int64_t now)
{
	struct conn *next;

	for (struct conn *c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->deadline != 0 && now >= c->deadline)
			conn_expire(c);
	}
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *s = arg;
	int64_t now = clock_monotonic();
	bool draining = atomic_load(&s->draining);

	sweep(s, now);
	accept_resume(s);
	if (draining && (s->conn_count == 0 || now >= s->drain_deadline))
		event_base_loopbreak(s->base);
	if (!draining && s->conn_count == 0)
		(void)event_del(s->tick);
}

void server_conn_gone(struct http_server *s)
{
	accept_resume(s);
	if (atomic_load(&s->draining) && s->conn_count == 0)
		event_base_loopbreak(s->base);
}

/* Stop accepting, but take what the kernel has accepted for us; answer all that is in flight. */
static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *s = arg;
	int64_t now = clock_monotonic();
	struct conn *c;

	if (atomic_exchange(&s->draining, true))
		return;
	while (accept_one(s))
		;
	event_free(s->listen);
	s->listen = NULL;
	close(s->listen_fd);
	s->listen_fd = -1;
	s->drain_deadline = now + s->config.drain_ms;
	TAILQ_FOREACH(c, &s->conns, link)
	{
		if (conn_is_idle(c))
			c->deadline = now + s->config.drain_idle_ms;
	}
	sockets_drain(s);
	(void)event_del(s->stop);
	tick_start(s);
	log_info("draining", "connections=%zu", s->conn_count);
}

static void config_default_times(struct http_config *c)
{
	c->head_ms = c->head_ms != 0 ? c->head_ms : LIMIT_HEAD_MS;
	c->body_ms = c->body_ms != 0 ? c->body_ms : LIMIT_BODY_MS;
	c->keepalive_ms = c->keepalive_ms != 0 ? c->keepalive_ms : LIMIT_KEEPALIVE_MS;
	c->queue_ms = c->queue_ms != 0 ? c->queue_ms : LIMIT_QUEUE_MS;
	c->drain_ms = c->drain_ms != 0 ? c->drain_ms : LIMIT_DRAIN_MS;
	c->socket_ms = c->socket_ms != 0 ? c->socket_ms : LIMIT_SOCKET_MS;
	c->drain_idle_ms = c->drain_idle_ms != 0 ? c->drain_idle_ms : LIMIT_DRAIN_IDLE_MS;
}

static void config_default_sizes(struct http_config *c)
{
	c->body_rate = c->body_rate != 0 ? c->body_rate : LIMIT_BODY_RATE;
	c->connections = c->connections != 0 ? c->connections : LIMIT_CONNECTIONS;
	c->queue = c->queue != 0 ? c->queue : LIMIT_QUEUE;
	c->buffered_bytes = c->buffered_bytes != 0 ? c->buffered_bytes : LIMIT_BUFFERED_BYTES;
	c->workers = c->workers != 0 ? c->workers : 4;
	c->workers = c->workers < LIMIT_WORKERS ? c->workers : LIMIT_WORKERS;
}

static struct event *server_event(struct http_server *s, int fd, event_callback_fn f)
{
	struct event *e = event_new(s->base, fd, EV_READ | EV_PERSIST, f, s);

	if (e != NULL && fd >= 0 && event_add(e, NULL) != 0) {
		event_free(e);
		return NULL;
	}
	return e;
}

static enum err server_loop(struct http_server *s)
{
	s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	s->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ENSURE(s->wake_fd >= 0 && s->stop_fd >= 0, ERR_IO);
	s->base = event_base_new();
	ENSURE(s->base != NULL, ERR_MEMORY);
	s->listen = server_event(s, s->listen_fd, on_listen);
	s->wake = server_event(s, s->wake_fd, on_wake);
	s->stop = server_event(s, s->stop_fd, on_stop);
	s->tick = server_event(s, -1, on_tick);
	ENSURE(
	    s->listen != NULL && s->wake != NULL && s->stop != NULL && s->tick != NULL, ERR_MEMORY);
	return pool_new(s->config.workers, s->config.queue, s->wake_fd, &s->pool);
}

enum err http_server_new(const struct http_config *config, struct http_server **out)
{
	ENSURE(evthread_use_pthreads() == 0, ERR_INTERNAL);
	ENSURE(config->fault != NULL && config->tls != NULL, ERR_CONFIG);
	struct http_server *s = mem_alloc(sizeof(*s));
	ENSURE(s != NULL, ERR_MEMORY);
	s->config = *config;
	config_default_times(&s->config);
	config_default_sizes(&s->config);
	s->listen_fd = config->listen_fd;
	s->wake_fd = s->stop_fd = -1;
	TAILQ_INIT(&s->conns);
	TAILQ_INIT(&s->sockets);
	TAILQ_INIT(&s->watches);
	pthread_mutex_init(&s->lock, NULL);
	http_server_tls(s, config->tls);
	enum err e = proxies_new(config->trusted_proxies, &s->proxies);
	if (e == OK)
		e = server_loop(s);
	if (e != OK) {
		s->listen_fd = -1;
		http_server_free(s);
		return e;
	}
	*out = s;
	return OK;
}

enum err http_server_run(struct http_server *s)
{
	signal(SIGPIPE, SIG_IGN);
	return event_base_dispatch(s->base) < 0 ? ERR_IO : OK;
}

void http_server_stop(struct http_server *s)
{
	int before = errno;
	ssize_t n = write(s->stop_fd, &(uint64_t){1}, sizeof(uint64_t));

	(void)n;
	errno = before;
}

void http_server_tls(struct http_server *s, SSL_CTX *tls)
{
	SSL_CTX_up_ref(tls);
	pthread_mutex_lock(&s->lock);
	SSL_CTX *before = s->tls;
	s->tls = tls;
	pthread_mutex_unlock(&s->lock);
	SSL_CTX_free(before);
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;

	w->on_ready(w->ctx, w->fd);
}

static void watch_free(struct watch *w)
{
	if (w->event != NULL)
		event_free(w->event);
	mem_free(w, sizeof(*w));
}

enum err http_server_watch(
    struct http_server *s, int fd, void (*on_ready)(void *ctx, int fd), void *ctx)
{
	struct watch *w = mem_alloc(sizeof(*w));

	ENSURE(w != NULL, ERR_MEMORY);
	*w = (struct watch){.fd = fd, .on_ready = on_ready, .ctx = ctx};
	w->event = event_new(s->base, fd, EV_READ | EV_PERSIST, on_watch, w);
	if (w->event == NULL || event_add(w->event, NULL) != 0) {
		watch_free(w);
		return ERR_MEMORY;
	}
	pthread_mutex_lock(&s->lock);
	TAILQ_INSERT_TAIL(&s->watches, w, link);
	pthread_mutex_unlock(&s->lock);
	return OK;
}

void http_server_unwatch(struct http_server *s, int fd)
{
	struct watch *w;

	pthread_mutex_lock(&s->lock);
	TAILQ_FOREACH(w, &s->watches, link)
	{
		if (w->fd == fd)
			break;
	}
	if (w != NULL)
		TAILQ_REMOVE(&s->watches, w, link);
	pthread_mutex_unlock(&s->lock);
	if (w != NULL)
		watch_free(w);
}

static void server_drop_conns(struct http_server *s)
{
	while (!TAILQ_EMPTY(&s->conns))
		conn_free(TAILQ_FIRST(&s->conns));
	while (!TAILQ_EMPTY(&s->watches)) {
		struct watch *w = TAILQ_FIRST(&s->watches);
		TAILQ_REMOVE(&s->watches, w, link);
		watch_free(w);
	}
}

static void server_drop_events(struct http_server *s)
{
	struct event *events[] = {s->listen, s->wake, s->stop, s->tick};
	int fds[] = {s->listen_fd, s->wake_fd, s->stop_fd};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (events[i] != NULL)
			event_free(events[i]);
	}
	if (s->base != NULL)
		event_base_free(s->base);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

void http_server_free(struct http_server *s)
{
	if (s == NULL)
		return;
	pool_free(s->pool);
	server_drop_conns(s);
	server_drop_events(s);
	proxies_free(s->proxies);
	SSL_CTX_free(s->tls);
	pthread_mutex_destroy(&s->lock);
	mem_free(s, sizeof(*s));
}
