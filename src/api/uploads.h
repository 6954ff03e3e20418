/*
 * Documents uploaded before any envelope (manual 001): kept for LIMIT_UPLOAD_KEEP_MS under the
 * organisation's data key. "document_key" in the place of "document_b64" puts a copy into an
 * envelope, where it is judged like any other file; nothing is parsed here.
 */
#ifndef CHIROGRAPH_API_UPLOADS_H
#define CHIROGRAPH_API_UPLOADS_H

#include "api/call.h"
#include "api/fields.h"
#include "api/links.h"

void api_upload(void *app, const struct http_request *req, struct http_reply *reply);
void api_upload_url(void *app, const struct http_request *req, struct http_reply *reply);

/* The bytes that document_b64 holds or document_key names; exactly one of them. */
enum err CHECKED uploaded_or_sent(struct call *call, const struct fields *f, struct buf *out);
/* The file behind a LINK_UPLOAD. */
enum err CHECKED upload_answer(struct app *app, const struct http_request *req,
    const struct link *link, struct http_reply *reply);

#endif
