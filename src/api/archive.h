/*
 * The archive of signed traffic: what changed an envelope is kept with it, as the partner signed
 * it, and our answer as we signed it; docs/proof.md. The request's side stands in the transaction
 * of the effect; the answer's side beside it when the answer was signed ahead (answer_prepare),
 * else in a commit of its own before the answer leaves.
 */
#ifndef CHIROGRAPH_API_ARCHIVE_H
#define CHIROGRAPH_API_ARCHIVE_H

#include "api/call.h"

/* Seals what the request was, and the answer that was signed ahead. Outside of the writer. */
enum err CHECKED archive_prepare(struct call *call, const uint8_t key[KEY_SIZE]);
/* Inside the writer, with the effect. */
enum err CHECKED archive_keep(struct call *call, struct db *db, int64_t envelope);
/* Keeps the answer's side where it is missing. The effect stands, so a failure is only logged. */
void archive_answer(struct app *app, struct session *s, const struct http_reply *reply);

/* GET …/proof */
void api_proof(void *app, const struct http_request *req, struct http_reply *reply);

/* A request's side in clear: method, URL and scheme, a line each, then its members as JSON. An
 * answer's side is its members as JSON. */

#endif
