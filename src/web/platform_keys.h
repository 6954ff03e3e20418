/*
 * GET /keys: the public halves of the keys that sign our answers and webhooks, as a JWK set (RFC
 * 7517) with PEM beside, for whoever wants to check a signature. Public, cacheable.
 */
#ifndef CHIROGRAPH_WEB_PLATFORM_KEYS_H
#define CHIROGRAPH_WEB_PLATFORM_KEYS_H

#include "api/app.h"
#include "http/http.h"

void platform_keys_get(void *app, const struct http_request *req, struct http_reply *reply);
/* Asks keyd which keys there are now; at SIGHUP, and by itself once a minute. */
enum err CHECKED platform_keys_reload(struct app *app);

#endif
