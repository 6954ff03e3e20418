/*
 * The HTTP/1.1 server: one loop thread owns sockets and TLS, a pool of workers runs the
 * handlers, which may block. libevent and OpenSSL stay behind this header. One strict reader
 * (head.h) decides what a request is; what two readers could understand differently is refused.
 *
 * A request is immutable and lives, with its arena, until its reply has been written. Only what the
 * app hangs on it (context) is set on the way, by screen or admit.
 */
#ifndef CHIROGRAPH_HTTP_HTTP_H
#define CHIROGRAPH_HTTP_HTTP_H

#include "base/bytes.h"

#include <openssl/types.h>

enum http_method {
	HTTP_GET = 1,
	HTTP_HEAD = 2,
	HTTP_POST = 4,
	HTTP_PUT = 8,
	HTTP_PATCH = 16,
	HTTP_DELETE = 32,
};

const char *http_method_name(enum http_method m); /* "" for 0: the head could not be read */

#define HTTP_PARAMS_MAX 4
#define HTTP_ADDRESS_SIZE 46 /* INET6_ADDRSTRLEN */

struct http_header {
	struct span name, value;
};

struct http_route;

struct http_request {
	enum http_method method;
	struct span target;                  /* as received: path with query */
	struct span path;                    /* as received, before '?' */
	struct span query;                   /* after '?', or empty */
	struct span params[HTTP_PARAMS_MAX]; /* the route's ":name" parts, percent-decoded */
	const struct http_header *headers;   /* every line, in order, doubles included */
	size_t header_count;
	struct span body;
	char client[HTTP_ADDRESS_SIZE]; /* the client's address; through trusted proxies only */
	struct span forwarded; /* X-Forwarded-For as it came from a trusted proxy, or empty */
	const struct http_route *route; /* NULL in fault() when nothing matched */
	struct arena *arena;            /* capped at LIMIT_ARENA_REQUEST */
	int64_t now;                    /* Unix ms, read once when the request was complete */
	const char *detail;             /* in fault(): what exactly was wrong, or NULL */
	void *context;                  /* the app's: see http_config.release */
	bool may_upgrade;               /* RFC 9110 §7.8: not from HTTP/1.0 */
};

/* Where a large body comes from, piece by piece, so that it never stands in memory whole. */
struct http_source {
	enum err (*read)(
	    void *ctx, uint64_t offset, size_t size, struct buf *out); /* from a worker */
	void (*close)(void *ctx); /* once, whatever happened; may be NULL */
	void *ctx;
	uint64_t size; /* of the whole representation */
};

/* A turn of a WebSocket (RFC 6455), on a worker, one at a time per socket: the socket was opened,
 * texts came, it was poked, or turn_ms went by. The next one comes when what this one put is
 * written. */
#define HTTP_TURN_TEXTS 64

struct http_turn {
	struct span texts[HTTP_TURN_TEXTS]; /* received since the last turn; UTF-8 */
	size_t text_count;
	struct buf out; /* frames, see http_turn_text; limit LIMIT_SOCKET_OUT */
	bool is_more;   /* come again when it is written */
	unsigned close; /* RFC 6455 §7.4: end with this code after what was put; 0: go on */
};

struct http_upgrade {
	void (*turn)(void *ctx, struct http_turn *turn);
	void (*end)(void *ctx); /* once, whatever happened; must not block. May be NULL. */
	void *ctx;
	uint64_t tag;    /* of http_server_poke */
	int64_t ping_ms; /* 0: LIMIT_SOCKET_PING_MS */
	int64_t turn_ms; /* a turn at least as often; not 0 */
};

#define HTTP_REPLY_HEADERS_MAX 24

struct http_reply {
	unsigned status;             /* 200 unless set */
	const char *content_type;    /* NULL: none; "application/json" carries no charset */
	const char *tenant;          /* for the access log; arena or static string, NULL: none */
	struct buf body;             /* owned by the server; limit LIMIT_BODY_CREATE */
	struct http_source source;   /* used when source.read is set; Range is answered from it */
	struct http_upgrade upgrade; /* see http_upgrade */
	struct {
		const char *name, *value; /* arena or static strings */
	} headers[HTTP_REPLY_HEADERS_MAX];
	size_t header_count;
};

/* Add a header (values with CR, LF or NUL are refused: ERR_INTERNAL in the log, header dropped). */
void http_reply_header(struct http_reply *reply, const char *name, const char *value);

/* RFC 9110 §15: what a status is called, "Not Found"; "Status" for one we never send. */
const char *http_status_reason(unsigned status);

/* First value of a header, name in any case; empty when absent. *count (may be NULL): how many
 * lines. */
struct span http_header(const struct http_request *req, const char *name, size_t *count);
/* Percent-decoded value of a query parameter, from the request's arena; false when absent. */
bool http_query(const struct http_request *req, const char *name, struct span *out);
/* One part of a multipart/form-data body (RFC 7578). Lenient where real clients are: a leading
 * CRLF, no part Content-Type, no last CRLF. */
struct http_part {
	struct span name, filename, content_type, data;
};
enum err CHECKED http_multipart(
    const struct http_request *req, struct http_part *parts, size_t room, size_t *count);

/* Makes the reply the answer to a WebSocket's opening handshake; the request, with what the app
 * hung on it, then lives as long as the socket. ERR_UPGRADE, ERR_BAD_REQUEST: the request does not
 * ask for one; upgrade->end is not called then. */
enum err CHECKED http_upgrade(const struct http_request *req, struct http_reply *reply,
    const struct http_upgrade *upgrade, struct fault *fault);
/* One message to the peer. */
void http_turn_text(struct http_turn *t, struct span text);

typedef void (*http_handler)(void *app, const struct http_request *req, struct http_reply *reply);

/* One row of the one route table. Router, OpenAPI check, isolation tests and header tests read it.
 */
struct http_route {
	enum http_method method; /* GET answers HEAD too */
	const char *pattern;     /* "/sign/envelope/:envelope/document"; "/?" at the end: with or
				  * without the slash. The first row that fits wins. */
	const char *name;        /* operation id */
	unsigned schemes;        /* AUTH_* bits of auth/auth.h; 0: public */
	unsigned tenant;         /* TENANT_* of auth/auth.h: how rows are bound to the caller */
	unsigned form;           /* FORM_* of auth/auth.h: what its errors look like */
	size_t body_limit;       /* bytes; 0: a body is refused */
	http_handler handle;
};

struct http_config {
	int listen_fd; /* bound and listening, non-blocking; owned after http_server_new is OK */
	SSL_CTX *tls;  /* borrowed */
	const struct http_route *routes;
	size_t route_count;
	/* "/prefix" under which the rows with schemes answer as well, or NULL. The request's path
	 * stays as it came. */
	const char *alias;
	void *app;
	/* Asked before a route's handler, on a worker: an error is answered by fault. May be NULL.
	 */
	enum err (*admit)(void *app, struct http_request *req);
	/* What the server itself must answer (no route, wrong method, too large, busy, draining):
	 * the app writes it in the form of the route's family. reply->status is set; Allow and
	 * Retry-After are added. On a worker, except for ERR_BUSY when the queue is full: that runs
	 * on the loop and must not block. req->method may be 0. */
	void (*fault)(
	    void *app, const struct http_request *req, enum err e, struct http_reply *reply);
	/* May this request's large body (of more than LIMIT_BODY_DEFAULT) be read? On a worker,
	 * when the head is in. False: the reply is written. NULL: always. */
	bool (*screen)(void *app, struct http_request *req, struct http_reply *reply);
	/* Whose is this request's slow work (large bodies)? Requests with the same answer share
	 * their part of the workers. On the loop: must not block. NULL: everything is one's. */
	uint64_t (*share)(void *app, const struct http_request *req);
	/* Sees every reply, cut to its range, before it is sent (signatures, access log). May be
	 * NULL. On a worker, except for ERR_BUSY when the queue is full. */
	void (*finish)(
	    void *app, const struct http_request *req, struct http_reply *reply, int64_t micros);
	/* A request with a context is over; once, before its arena is freed. On the loop: must not
	 * block. May be NULL. */
	void (*release)(void *app, struct http_request *req);
	const char *const *trusted_proxies; /* addresses or CIDR, NULL ended */
	unsigned workers;
	/* 0: the value of limits.h. */
	int64_t head_ms, body_ms, keepalive_ms, queue_ms, drain_ms, drain_idle_ms, socket_ms;
	size_t body_rate, connections, queue, buffered_bytes;
};

struct http_server;

enum err CHECKED http_server_new(const struct http_config *config, struct http_server **out);
/* Runs the loop on the calling thread until http_server_stop; then drains (LIMIT_DRAIN_MS).
 * Ignores SIGPIPE for the process; workers block all signals. */
enum err CHECKED http_server_run(struct http_server *s);
void http_server_stop(struct http_server *s);              /* async-signal-safe */
void http_server_tls(struct http_server *s, SSL_CTX *tls); /* new connections use it; thread-safe */
/* Every socket that was opened with this tag, or with any when it is 0, gets a turn. Any thread;
 * does not block. */
void http_server_poke(struct http_server *s, uint64_t tag);
/* Add a descriptor to the loop: on_ready is called on the loop thread while it is readable or at
 * its end: there, unwatch it before closing it. Any thread. */
enum err CHECKED http_server_watch(
    struct http_server *s, int fd, void (*on_ready)(void *ctx, int fd), void *ctx);
void http_server_unwatch(
    struct http_server *s, int fd);           /* on the loop thread, or when it does not run */
void http_server_free(struct http_server *s); /* waits for running handlers */

#endif
