/*
 * Our answers signed in the form of the scheme the request came by.
 */
#ifndef CHIROGRAPH_API_ANSWER_H
#define CHIROGRAPH_API_ANSWER_H

#include "api/session.h"

/* Signs the reply as it stands ahead of its commit, so that the signature can stand in the effect's
 * own transaction. A reply that changes afterwards is signed anew. */
enum err CHECKED answer_prepare(
    struct app *app, const struct http_request *req, struct http_reply *reply);
/* Before the answer leaves, on a worker. An answer that cannot be signed becomes a 503. */
void answer_sign(struct app *app, const struct http_request *req, struct http_reply *reply);

/* The public half of the key that signed; kid as it came with the signature. */
enum err CHECKED answer_key(struct app *app, const char *kid, struct keyd_public *out);
/* The keys that sign, read again: at start and at SIGHUP. */
enum err CHECKED answer_keys_read(struct app *app, size_t *count);

#endif
