/*
 * What the parts of the server share. A `conn` lives on the loop thread. An `exchange` is one
 * request and its reply: the loop fills it, one worker at a time owns it while the connection
 * is in CONN_WORK, and it comes back through the pool. Nothing else crosses threads.
 */
#ifndef CHIROGRAPH_HTTP_INTERNAL_H
#define CHIROGRAPH_HTTP_INTERNAL_H

#include "http/frame.h"
#include "http/head.h"
#include "http/proxy.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#define HTTP_RECORD_BYTES (16 * 1024) /* the largest TLS record */
#define HTTP_PIECE_BYTES (256 * 1024) /* of an http_source, read at a time */

struct conn;
struct http_server;

enum exchange_job { JOB_SCREEN, JOB_HANDLE, JOB_PIECE, JOB_TURN };

struct exchange {
	struct http_server *server;
	struct conn *conn;
	struct http_request req;
	struct http_reply reply;
	struct http_head head;
	struct http_chunk chunk;
	struct buf body;     /* of the request */
	size_t body_counted; /* bytes of both bodies, in server->buffered */
	struct buf out;      /* head of the reply, with the body when that is small */
	struct buf piece;    /* of reply.source */
	struct span slice;   /* what follows out on the wire */
	size_t out_at, slice_at;
	uint64_t from, to; /* the part of the representation to send */
	uint64_t next;     /* of the source: next offset to read */
	uint64_t sending;  /* bytes of the reply's body */
	enum err fault;    /* answer this instead of the handler */
	unsigned allow;    /* methods that this path has */
	bool close;        /* last exchange of its connection */
	bool broken;       /* the source failed midway: cut the connection */
	bool is_refused;   /* by JOB_SCREEN: its reply is written */
	bool is_slow;      /* a large body's handler: see pool.c */
	uint64_t share;    /* of a slow one: whose it is, see http_config.share */
	enum exchange_job job;
	int64_t began_us; /* monotonic */
	int64_t queued_ms;
	STAILQ_ENTRY(exchange) link;
};

STAILQ_HEAD(exchange_list, exchange);

/* exchange.c */
struct exchange *exchange_new(struct http_server *s, struct conn *c);
void exchange_free(struct exchange *x);
void exchange_run(struct exchange *x);         /* worker: the whole way to a reply */
void exchange_refuse_busy(struct exchange *x); /* on the loop: the queue is full */
int64_t monotonic_us(void);

/* reply.c */
struct span reply_find(const struct http_reply *r, const char *name);
bool reply_not_modified(const struct http_request *req, struct http_reply *r);
enum err CHECKED reply_range(
    const struct http_request *req, struct http_reply *r, uint64_t *from, uint64_t *to);
void reply_head(struct exchange *x);

/* request.c: the address behind trusted proxies, and what they said of it */
void request_client(struct http_request *req, const struct proxies *p, const struct address *peer);

/* route.c */
const struct http_route *route_find(
    const struct http_config *config, struct http_request *req, unsigned *allow);
void route_allow(unsigned methods, struct buf *out); /* "GET, HEAD, POST" */

/* pool.c */
struct pool;
enum err CHECKED pool_new(unsigned workers, size_t limit, int wake_fd, struct pool **out);
bool pool_submit(struct pool *p, struct exchange *x); /* false: the queue is full */
void pool_finished(struct pool *p, struct exchange_list *out);
void pool_free(struct pool *p); /* waits for the running jobs; the caller frees the exchanges */

enum conn_state {
	CONN_TLS,
	CONN_HEAD,
	CONN_CONTINUE, /* sending 100 Continue */
	CONN_BODY,
	CONN_WORK, /* a worker owns the exchange */
	CONN_WRITE,
	CONN_SOCKET, /* upgraded: see socket.c */
	CONN_LINGER, /* answered and half closed: what still comes is thrown away */
};

struct conn {
	struct http_server *server;
	int fd;
	SSL *ssl;
	struct event io;
	short armed; /* EV_READ, EV_WRITE or 0 */
	enum conn_state state;
	int64_t deadline; /* monotonic ms; 0: none */
	struct buf in;    /* received, not yet consumed */
	size_t in_at, scanned;
	bool head_begun;
	bool first_line_seen;
	bool unread; /* the client may still be sending what nobody will read */
	bool empty_line_skipped;
	unsigned reads_left; /* of this turn of the loop */
	int64_t body_began, reply_deadline;
	struct address peer;
	struct exchange *exchange;
	struct http_socket *socket; /* after an upgrade; its exchange stays */
	TAILQ_ENTRY(conn) link, socket_link;
};

TAILQ_HEAD(conn_list, conn);

/* What a step of a connection comes to: go on, wait for the socket, or it is dead. */
enum step { STEP_AGAIN, STEP_WAIT, STEP_DEAD };

#define CONN_READS_PER_TURN 64 /* then other connections get theirs */

/* conn_io.c */
enum step conn_wait(struct conn *c, short what);
enum step conn_tls_step(struct conn *c, int result); /* what a TLS call that failed means */
enum step conn_read(struct conn *c, uint8_t *data, size_t room, size_t *got);
enum step conn_write(struct conn *c, struct span data, size_t *at);
enum step conn_fill(struct conn *c); /* read more into c->in */
struct span conn_pending(const struct conn *c);
void conn_consume(struct conn *c, size_t n);
void conn_compact(struct conn *c);

/* conn.c */
void conn_advance(struct conn *c);
enum step conn_say_goodbye(struct conn *c);
enum err CHECKED conn_new(struct http_server *s, int fd, struct address peer);
void conn_free(struct conn *c);
void conn_resume(struct conn *c); /* its exchange came back */
void conn_expire(struct conn *c); /* its deadline has passed */
bool conn_is_idle(const struct conn *c);

/* socket.c */
enum step socket_begin(struct conn *c);
enum step socket_step(struct conn *c);
void socket_run(struct exchange *x); /* worker: a turn */
void socket_resume(struct conn *c);  /* its turn is over */
void socket_expire(struct conn *c);
void socket_end(struct conn *c);
void sockets_poke(struct http_server *s);
void sockets_drain(struct http_server *s);

#define HTTP_POKES 64

struct pokes {
	uint64_t tags[HTTP_POKES];
	size_t count;
	bool is_all; /* there were more */
};

struct watch {
	struct event *event;
	int fd;
	void (*on_ready)(void *ctx, int fd);
	void *ctx;
	TAILQ_ENTRY(watch) link;
};

TAILQ_HEAD(watch_list, watch);

struct http_server {
	struct http_config config;
	struct event_base *base;
	struct event *listen, *wake, *stop, *tick;
	int listen_fd, wake_fd, stop_fd;
	pthread_mutex_t lock; /* guards tls, watches and pokes */
	SSL_CTX *tls;
	struct watch_list watches;
	struct pool *pool;
	struct proxies *proxies;
	struct conn_list conns, sockets; /* every connection; those upgraded */
	struct pokes pokes;              /* under lock */
	size_t conn_count;
	bool accept_paused;
	size_t buffered;
	atomic_bool draining;
	int64_t drain_deadline;
	uint8_t scratch[HTTP_RECORD_BYTES];
};

void server_conn_gone(struct http_server *s);

#endif
