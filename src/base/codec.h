/*
 * Text codings of bytes: hex, base64 (RFC 4648 §4) and base64url without padding (§5).
 * Decoders are strict: a character outside the alphabet, a wrong length or bits set
 * after the end are refused. The *_secret forms take the same time for every value.
 */
#ifndef CHIROGRAPH_BASE_CODEC_H
#define CHIROGRAPH_BASE_CODEC_H

#include "base/bytes.h"

void hex_encode(struct buf *out, struct span in);                       /* lower case */
void hex_text(char *out, const uint8_t *in, size_t size);               /* out: 2*size+1 */
int hex_value(uint8_t c);                                               /* -1: no digit */
enum err CHECKED hex_decode(struct span in, uint8_t *out, size_t size); /* exactly size bytes */
void b64_encode(struct buf *out, struct span in);                       /* padded */
enum err CHECKED b64_decode(
    struct buf *out, struct span in); /* padded or not; line ends are skipped; ERR_BASE64 */
void b64url_encode(struct buf *out, struct span in);
enum err CHECKED b64url_decode(struct buf *out, struct span in); /* padding refused; ERR_BASE64 */
void url_encode(struct buf *out, struct span in);                /* RFC 3986 unreserved kept */
enum err CHECKED url_decode(struct buf *out, struct span in, bool plus_is_space);

#endif
