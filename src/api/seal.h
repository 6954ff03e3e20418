/*
 * Sealing one document of a fully signed envelope: evidence from the events, pages and seal in
 * press, the signature in keyd, verified by a second press, kept as blobs, and only then the
 * commit that publishes it. May be run again at any point: a document sealed already stays.
 */
#ifndef CHIROGRAPH_API_SEAL_H
#define CHIROGRAPH_API_SEAL_H

#include "api/app.h"

/* also: runs in the commit that publishes (the job's end); ctx is handed to it. */
enum err CHECKED seal_document(struct app *app, int64_t organisation, int64_t envelope,
    size_t document, store_work also, void *ctx);

#endif
