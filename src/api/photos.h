/*
 * Photos of a signer: identity documents sent by the partner, face photos made on the
 * signer's way.
 */
#ifndef CHIROGRAPH_API_PHOTOS_H
#define CHIROGRAPH_API_PHOTOS_H

#include "http/http.h"

void api_photo_add(void *app, const struct http_request *req, struct http_reply *reply);
void api_photo_get(void *app, const struct http_request *req, struct http_reply *reply);
void api_face_get(void *app, const struct http_request *req, struct http_reply *reply);

#endif
