/*
 * Our answers signed in the form of the scheme the request came by.
 */
#ifndef CHIROGRAPH_API_ANSWER_H
#define CHIROGRAPH_API_ANSWER_H

#include "api/session.h"

/* Before the answer leaves, on a worker. An answer that cannot be signed becomes a 503. */
void answer_sign(struct app *app, const struct http_request *req, struct http_reply *reply);

/* The keys that sign, read again: at start and at SIGHUP. */
enum err CHECKED answer_keys_read(struct app *app, size_t *count);

#endif
