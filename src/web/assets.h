/*
 * What the program serves to browsers, linked in at build: pages written out per language and
 * the files they load. Read only, all of it static; nothing here depends on a request but the
 * headers that choose a variant.
 */
#ifndef CHIROGRAPH_WEB_ASSETS_H
#define CHIROGRAPH_WEB_ASSETS_H

#include "base/embedded.h"
#include "http/http.h"

/* The part of an asset's address that changes when any asset does. */
const char *assets_version(void);
/* folder and file as they stand in the address; NULL when there is none. */
const struct embedded *assets_find(struct span folder, struct span file);
/* A page ("signer", "404") in one of the languages of web_language; never NULL for ours. */
const struct embedded *assets_page(const char *name, const char *language);
/* By the ending of a name; "application/octet-stream" when unknown. */
const char *assets_content_type(const char *name);

/* "pt-BR", "en" or "es": the best for Accept-Language (RFC 9110 §12.5.4), "pt-BR" when none fits.
 */
const char *web_language(const struct http_request *req);

/* Body, type, ETag, Vary: gzip when the client takes it, 304 when it has the same bytes. */
void assets_reply(const struct http_request *req, const struct embedded *file, const char *name,
    struct http_reply *reply);

/* Does If-None-Match name it? RFC 9110 §13.1.2: weak comparison against a list. */
bool assets_has_etag(const struct http_request *req, const char *etag);

#endif
