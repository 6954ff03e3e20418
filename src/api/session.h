/*
 * A request whose caller is known: what hangs on it (http_request.context) from screen or admit
 * until its reply is written. Handlers get it through call.h; app_finish signs by it.
 */
#ifndef CHIROGRAPH_API_SESSION_H
#define CHIROGRAPH_API_SESSION_H

#include "api/app.h"
#include "auth/auth.h"
#include "store/exchanges.h"
#include "store/organisations.h"

/* Our signature on an answer, before it is part of the reply. */
#define ANSWER_HEADERS 3
struct answer_made {
	bool is_ahead; /* it was made before the commit */
	unsigned status;
	uint8_t sha256[SHA256_SIZE]; /* when is_ahead: of the body that was signed */
	struct buf body;             /* es512-wrapped: what is sent instead of it */
	struct {
		const char *name, *value;
	} headers[ANSWER_HEADERS];
	size_t header_count;
	char kid[KEYD_KID_SIZE];
};

/* A signed write on its way into the archive: api/archive.h. */
struct archived {
	struct stored_exchange row; /* row.row: 0 until the request's side is committed */
	char id[UUID_TEXT_SIZE];
	uint8_t key[KEY_SIZE]; /* the envelope's */
};

struct session {
	struct auth_session auth;
	struct fault fault; /* of the refusal */
	int64_t floor;      /* to be kept with the mark; 0: none */
	bool is_judged;     /* the head was good */
	bool is_marked;     /* what is accepted once is kept */
	bool is_unsigned;   /* the answer must not be signed: no worker is there for it */
	struct answer_made answer;
	struct archived archived;
};

static inline void answer_header(struct answer_made *a, const char *name, const char *value)
{
	if (a->header_count < ANSWER_HEADERS) {
		a->headers[a->header_count].name = name;
		a->headers[a->header_count++].value = value;
	}
}

struct session *session_of(const struct http_request *req); /* NULL: a route without schemes */
const struct stored_organisation *session_organisation(const struct session *s);

/* The head alone; once. */
enum err CHECKED session_head(struct app *app, struct http_request *req);
/* All of it, before the handler. What a read uses up (a nonce) is kept here. */
enum err CHECKED session_admit(struct app *app, struct http_request *req);
void session_release(void *app, struct http_request *req);

/* Is something to be kept before the answer leaves? */
bool session_is_owing(const struct session *s);
/* Keeps it, in the transaction of the effect. ERR_REPLAY. */
enum err CHECKED session_mark(struct session *s, struct db *db);
void session_marked(struct app *app, struct session *s); /* after the commit */
/* In a transaction of its own. */
enum err CHECKED session_settle(struct app *app, struct session *s);

/* auth_store of the app: rows of the store as auth wants them. */
enum err CHECKED session_load_key(
    void *app, enum auth_kind kind, struct span id, struct arena *arena, struct auth_key *out);

#endif
