/*
 * GET and POST /test, with or without the integration key.
 */
#ifndef CHIROGRAPH_API_HANDSHAKE_H
#define CHIROGRAPH_API_HANDSHAKE_H

#include "http/http.h"

void api_test_get(void *app, const struct http_request *req, struct http_reply *reply);
void api_test_post(void *app, const struct http_request *req, struct http_reply *reply);

#endif
