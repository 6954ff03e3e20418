/*
 * Pages and their files. Every handler here answers a GET and changes nothing: what a signer
 * does goes through the JSON routes below the same address. Each page carries a policy that
 * lets it load from this server only, be framed by nobody, and send no Referer, so that the
 * link in its address stays with its reader.
 *
 *   GET /                               pages_root
 *   GET /s/:token                       pages_signer
 *   GET /v/:code                        pages_verify
 *   GET /v                              pages_code: a form; ?code= goes on to its page
 *   GET /assets/:version/:folder/:file  pages_asset
 */
#ifndef CHIROGRAPH_WEB_PAGES_H
#define CHIROGRAPH_WEB_PAGES_H

#include "http/http.h"

void pages_root(void *app, const struct http_request *req, struct http_reply *reply);
void pages_signer(void *app, const struct http_request *req, struct http_reply *reply);
void pages_verify(void *app, const struct http_request *req, struct http_reply *reply);
void pages_code(void *app, const struct http_request *req, struct http_reply *reply);
void pages_asset(void *app, const struct http_request *req, struct http_reply *reply);

/* Is this an address a person types or taps: "/", "/s/…", "/v/…", asked for as HTML? */
bool pages_is_page(const struct http_request *req);
/* The page for an error: not found, maintenance or busy, or failed (with the incident's id,
 * which may be NULL). Sets the status from the error. */
void pages_fault(
    const struct http_request *req, enum err e, const char *incident, struct http_reply *reply);

#endif
