/*
 * The verification page's JSON below /v/<code>. The code is printed on every dossier, so who
 * holds it holds the dossier: names are shown, CPFs masked, contacts not at all.
 */
#ifndef CHIROGRAPH_WEB_VERIFY_H
#define CHIROGRAPH_WEB_VERIFY_H

#include "http/http.h"

void verify_data(void *app, const struct http_request *req, struct http_reply *reply);
/* The body is a file: is it one of this envelope's, byte for byte? */
void verify_check(void *app, const struct http_request *req, struct http_reply *reply);

/* http_config.screen: is there such a code? */
bool verify_screen(void *app, const struct http_request *req, struct http_reply *reply);

#endif
