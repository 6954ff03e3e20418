/*
 * The one route table. Router, `chirograph routes`, the OpenAPI check and the isolation tests
 * read it.
 */
#ifndef CHIROGRAPH_MAIN_ROUTES_H
#define CHIROGRAPH_MAIN_ROUTES_H

#include "http/http.h"

extern const struct http_route app_routes[];
extern const size_t app_route_count;

/* What the server itself answers (no route, wrong method, too large …): JSON for the API, a page
 * for people. */
void app_fault(void *app, const struct http_request *req, enum err e, struct http_reply *reply);

#endif
