/*
 * Envelopes as JSON, member by member as the manual has them.
 */
#ifndef CHIROGRAPH_API_VIEW_H
#define CHIROGRAPH_API_VIEW_H

#include "api/call.h"

/* ETag of the envelope and of its signers, for pollers. */
void view_etag(struct call *call, const struct envelope *e);
enum err CHECKED view_envelope(struct call *call, const struct loaded *l);
enum err CHECKED view_signer(struct call *call, const struct loaded *l, size_t signer);
enum err CHECKED view_list(
    struct call *call, const struct envelope_row *rows, size_t count, const char *next);

#endif
