/*
 * Documents of an envelope: taking them in (judged by press at once) and giving dossiers out.
 */
#ifndef CHIROGRAPH_API_DOCUMENTS_H
#define CHIROGRAPH_API_DOCUMENTS_H

#include "http/http.h"

void api_document_add(void *app, const struct http_request *req, struct http_reply *reply);
void api_document_report(void *app, const struct http_request *req, struct http_reply *reply);
void api_envelope_report(void *app, const struct http_request *req, struct http_reply *reply);

#endif
