/*
 * The envelope itself (manual: Creating an Envelope, Envelope Submission, Querying Envelope
 * Data, Canceling an Envelope).
 */
#ifndef CHIROGRAPH_API_ENVELOPES_H
#define CHIROGRAPH_API_ENVELOPES_H

#include "http/http.h"

void api_envelope_create(void *app, const struct http_request *req, struct http_reply *reply);
void api_envelope_list(void *app, const struct http_request *req, struct http_reply *reply);
void api_envelope_get(void *app, const struct http_request *req, struct http_reply *reply);
void api_envelope_patch(void *app, const struct http_request *req, struct http_reply *reply);

#endif
