/*
 * The one route table. Router, `chirograph routes`, the OpenAPI check and the isolation tests
 * read it.
 */
#ifndef CHIROGRAPH_MAIN_ROUTES_H
#define CHIROGRAPH_MAIN_ROUTES_H

#include "http/http.h"

extern const struct http_route app_routes[];
extern const size_t app_route_count;
#define APP_ALIAS "/api/v1/p" /* every row with schemes answers below it too */

/* ERR_MAINTENANCE for routes that touch anybody's data, while it lasts. */
enum err app_admit(void *app, struct http_request *req);
/* Numbers every reply and writes the access log. */
void app_finish(
    void *app, const struct http_request *req, struct http_reply *reply, int64_t micros);
/* What the server itself answers (no route, wrong method, too large …): JSON for the API, a page
 * for people. */
void app_fault(void *app, const struct http_request *req, enum err e, struct http_reply *reply);

/* Who a large body's work is done for: http_config.share. */
uint64_t app_share(void *app, const struct http_request *req);

/* Whose large body is read: a key, a link or a code must be good before its bytes are kept. */
bool app_screen(void *app, struct http_request *req, struct http_reply *reply);

#endif
