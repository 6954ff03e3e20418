/*
 * The part of structured fields (RFC 8941) that signatures and digests need, in canonical form
 * only: what serializes differently from what was sent is refused, so that the bytes on the wire
 * are the bytes that were signed. The cursor is a span; each reader takes its piece off the front
 * and says false, with the cursor anywhere, when the piece is not there.
 */
#ifndef CHIROGRAPH_SIGN_STRUCTURED_H
#define CHIROGRAPH_SIGN_STRUCTURED_H

#include "base/bytes.h"

#define SF_NAME_SIZE 64

bool sf_byte(struct span *at, char c);                   /* exactly this byte */
bool sf_key(struct span *at, char out[SF_NAME_SIZE]);    /* §3.1.2 */
bool sf_string(struct span *at, char *out, size_t room); /* §3.3.3, unescaped, NUL ended */
bool sf_integer(struct span *at, int64_t *out);          /* §3.3.1 */
bool sf_bytes(struct span *at, struct span *base64);     /* §3.3.5, not yet decoded */
bool sf_skip_item(struct span *at);                      /* any bare item */
bool sf_comma(struct span *at);                          /* OWS "," OWS; a member must follow */
bool sf_put_string(struct buf *out, const char *text);   /* false: has no such form */

#endif
