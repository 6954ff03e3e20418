/*
 * From a request's body to what the domain takes. Everything is judged before anything is
 * written, so a refused request leaves nothing behind.
 */
#ifndef CHIROGRAPH_API_DECODE_H
#define CHIROGRAPH_API_DECODE_H

#include "api/call.h"
#include "api/fields.h"

/* A file with its fields: JSON with base64, multipart/form-data, or the bytes themselves with
 * the fields in the query. */
struct upload {
	json_t *owner;
	struct fields fields;
	bool is_json;
	struct buf decoded;
	struct span bytes;
};
enum err CHECKED upload_read(struct call *call, struct upload *out);
void upload_free(struct upload *u);

enum err CHECKED decode_signer(struct call *call, const struct fields *f, struct signer_new *out);
/* POST /sign/envelope without its documents: *documents is that member, or NULL. */
enum err CHECKED decode_envelope(
    struct call *call, const struct fields *f, struct envelope_new *out, json_t **documents);

/* A document judged by press and written to the blobs. */
struct taken_document {
	struct document_new document;
	char blob[64], normalised_blob[64];
};
/* is_plain: the fields come from a query or a form, where document_type may be left out. */
enum err CHECKED document_judge(struct call *call, const struct fields *f, bool is_plain,
    struct span bytes, struct taken_document *out, struct buf *normalised);
enum err CHECKED document_keep(struct call *call, struct span bytes, const struct buf *normalised,
    const uint8_t key[KEY_SIZE], struct taken_document *out);
void document_drop(struct call *call, const struct taken_document *t); /* removes its blobs */

enum err CHECKED photo_fields(const struct fields *f, const char **template);
enum err CHECKED photo_judge(
    struct call *call, const struct fields *f, const char *member, struct span bytes);

/* signers[].personal_documents[] of a one-call creation. Zero-initialise; free whatever happened.
 */
struct taken_photo {
	struct photo_new photo;
	struct buf bytes;
	char blob[64];
};
struct photos_taken {
	struct taken_photo *items; /* arena */
	size_t count;
};
enum err CHECKED photos_take(struct call *call, const struct fields *f, struct photos_taken *p);
enum err CHECKED photos_keep(struct call *call, const uint8_t key[KEY_SIZE], struct photos_taken *p,
    const struct photo_new **out);
void photos_free(struct call *call, struct photos_taken *p, bool is_kept);

enum err CHECKED stored_file_of(struct span bytes, const char *blob, struct stored_file *out);

#endif
