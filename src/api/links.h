/*
 * Links to files: no row, no session. The link itself says what it opens and until when, and
 * carries a 128-bit MAC; it is worth 24 hours. A link that is wrong or dead is 404.
 */
#ifndef CHIROGRAPH_API_LINKS_H
#define CHIROGRAPH_API_LINKS_H

#include "api/app.h"
#include "http/http.h"

enum link_kind {
	LINK_DOSSIER = 1,
	LINK_SECOND = 2,
	LINK_PHOTO = 3,
	LINK_UPLOAD_OTHER = 4, /* no envelope: its place holds the upload's row */
	LINK_UPLOAD_PDF = 5,
	LINK_UPLOAD_JPEG = 6,
};

struct link {
	enum link_kind kind;
	int64_t organisation, envelope; /* rows */
	uint32_t item;                  /* index of the document, or link_photo_item */
	int64_t expires_at;
};

/* "https://host/f/<token>.pdf", in the arena; NULL when out of memory. */
const char *link_make(const struct app *app, const struct link *link, struct arena *arena);
enum err CHECKED link_open(const struct app *app, struct span token, int64_t now, struct link *out);

/* GET /f/:token */
void api_file(void *app, const struct http_request *req, struct http_reply *reply);

/* A blob that a row names. One that is not there is a fault of ours, not of the asker's. */
enum err CHECKED stored_blob_read(
    const struct app *app, const uint8_t *data_key, const char *blob, struct buf *out);
/* The same as the reply's body, read by ranges as the client takes it. */
enum err CHECKED reply_blob(struct app *app, const uint8_t *data_key, const char *blob,
    const char *content_type, struct http_reply *reply);

#endif
