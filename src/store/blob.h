/*
 * Files at rest: DIR/blobs/ab/<32 hex>, in chunks of 64 KiB each sealed by AES-256-GCM, so a
 * range can be read without the rest. Each chunk is bound to the blob's id, its index and the
 * whole plain size: truncation, reordering and swapping are found. A blob is written, synced
 * and renamed into place before the commit that names it; one that no row names is swept
 * after a day.
 */
#ifndef CHIROGRAPH_STORE_BLOB_H
#define CHIROGRAPH_STORE_BLOB_H

#include "base/bytes.h"
#include "base/crypto.h"

#define BLOB_ID_SIZE 33 /* 32 hex and the NUL */

/* data: DIR. The folder blobs/ is made when missing. */
enum err CHECKED blob_write(
    const char *data, const uint8_t key[KEY_SIZE], struct span plain, char id[BLOB_ID_SIZE]);
enum err CHECKED blob_read(const char *data, const uint8_t key[KEY_SIZE], const char *id,
    struct buf *out); /* ERR_NOT_FOUND, ERR_DECRYPT, ERR_IO */
/* Removing what is not there is fine. */
enum err CHECKED blob_remove(const char *data, const char *id);

/* Writing piece by piece; the size is known beforehand. */
struct blob_writer;
enum err CHECKED blob_writer_new(
    const char *data, const uint8_t key[KEY_SIZE], uint64_t plain_size, struct blob_writer **out);
enum err CHECKED blob_writer_put(struct blob_writer *w, struct span piece);
/* ERR_IO when the pieces are not plain_size bytes together. */
enum err CHECKED blob_writer_finish(struct blob_writer *w, char id[BLOB_ID_SIZE]);
void blob_writer_free(struct blob_writer *w); /* removes what was not finished; NULL is fine */

/* Reading by range. One thread at a time. */
struct blob;
enum err CHECKED blob_open(
    const char *data, const uint8_t key[KEY_SIZE], const char *id, struct blob **out);
uint64_t blob_size(const struct blob *b); /* plain bytes */
/* Appends up to size bytes from offset; fewer only at the end. */
enum err CHECKED blob_read_at(struct blob *b, uint64_t offset, size_t size, struct buf *out);
void blob_close(struct blob *b); /* NULL is fine */

/* Removes blobs older than min_age_ms that is_named denies, and unfinished ones of that age.
 * *removed may be NULL. */
typedef enum err (*blob_named)(void *ctx, const char *id, bool *is_named);
enum err CHECKED blob_sweep(const char *data, int64_t now, int64_t min_age_ms, blob_named is_named,
    void *ctx, size_t *removed);

#endif
