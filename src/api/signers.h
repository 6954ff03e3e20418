/*
 * One signer of an envelope (manual: Signer Object Definition, Checking Signer Status).
 */
#ifndef CHIROGRAPH_API_SIGNERS_H
#define CHIROGRAPH_API_SIGNERS_H

#include "http/http.h"

void api_signer_add(void *app, const struct http_request *req, struct http_reply *reply);
void api_signer_get(void *app, const struct http_request *req, struct http_reply *reply);

#endif
