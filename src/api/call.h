/*
 * One API request on its way: who asks, for which organisation, and the three steps every
 * handler has: decode, decide (in the domain, inside the writer), encode.
 */
#ifndef CHIROGRAPH_API_CALL_H
#define CHIROGRAPH_API_CALL_H

#include "api/app.h"
#include "api/session.h"
#include "auth/auth.h"
#include "base/json.h"
#include "http/http.h"
#include "store/envelopes.h"
#include "store/idempotency.h"
#include "store/organisations.h"

struct call {
	struct app *app;
	const struct http_request *req;
	struct http_reply *reply;
	struct arena *arena; /* the request's */
	struct session *session;
	struct span body; /* the request's, as its scheme carries it */
	struct principal principal;
	struct stored_organisation organisation;
	struct fault fault;
	/* Idempotency-Key, when the request has one. */
	bool is_idempotent;
	struct idempotency_key idempotency;
	uint8_t body_hash[SHA256_SIZE];
};

/* A handler's body: OK when the reply is written. An error is answered by the wrapper. */
typedef enum err (*call_body)(struct call *call);

/* Takes the session, looks for a stored answer, runs the body, answers its error. Whatever comes
 * of it, what the request used up is kept before the answer leaves. */
void call_run(void *app, const struct http_request *req, struct http_reply *reply, call_body body);

/* http_config.screen for routes with a key: is it one? Else the reply is written. */
bool call_screen(void *app, struct http_request *req, struct http_reply *reply);

/* A write's effect and what its request used up (replay mark, nonce), in one transaction: every
 * effect of the API goes through here. ERR_REPLAY: it was accepted before. */
enum err CHECKED call_write(struct call *call, store_work work, void *ctx);
/* Inside the body's own call_write, after the reply was encoded: keeps the answer with its effect.
 */
enum err CHECKED call_keep_answer(struct call *call, struct db *db);

/* ---- what bodies use ---- */

struct loaded {
	struct envelope_record record;
	uint8_t key[KEY_SIZE]; /* data key, open; wiped by loaded_free */
};

/* The envelope that the path names, in the caller's organisation and environment. ERR_NOT_FOUND. */
enum err CHECKED call_load(struct call *call, struct loaded *out);
void loaded_free(struct loaded *l);

/* The data key of a record already read. */
enum err CHECKED app_data_key(struct app *app, const struct stored_organisation *organisation,
    int64_t envelope, struct span wrapped, uint8_t key[KEY_SIZE]);

/* Runs one command of the domain in the writer, keeps the answer that encode writes, wakes the
 * jobs. */
struct command_run {
	struct call *call;
	struct envelope_write write;
	enum err (*encode)(
	    struct call *call, const struct envelope_outcome *outcome, const void *context);
	const void *context; /* handed to encode */
	struct envelope_outcome outcome;
};
enum err CHECKED call_command(struct command_run *run);

/* ---- what one address may do how often (auth/rate.h) ---- */

/* Counts one of this kind: OK or ERR_RATE, with Retry-After on the reply. */
enum err CHECKED app_rate(
    struct app *app, const struct http_request *req, enum rate_kind kind, struct http_reply *reply);
/* The answer to what was not found: wrong itself, or ERR_RATE after too many. */
enum err app_guess(struct app *app, const struct http_request *req, enum rate_kind kind,
    enum err wrong, struct http_reply *reply);

/* ---- replies ---- */

/* Start a JSON object as the reply's body; status as given. */
void reply_json(struct http_reply *reply, unsigned status, struct json_writer *w);
/* The error in the form of the envelope API: title, description, translation, code, field. */
void reply_error(struct app *app, const struct http_request *req, struct http_reply *reply,
    enum err e, const struct fault *fault);
/* Keeps an error of status 500 and gives the id that the caller can quote to the operator ("" when
 * there is none). Waits for the store: never on the loop. */
void reply_incident(
    struct app *app, const struct http_request *req, enum err e, char id[UUID_TEXT_SIZE]);

#endif
