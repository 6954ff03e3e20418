/* Inside courier's room: the pieces of a mail message. */
#ifndef CHIROGRAPH_COURIER_COMPOSE_H
#define CHIROGRAPH_COURIER_COMPOSE_H

#include "base/bytes.h"

/* RFC 2047 §2, §5: "Name: " and text that people wrote, whole characters per encoded-word, lines
 * folded at 76. Control characters become spaces. ERR_TEXT when it is not UTF-8. */
enum err CHECKED header_put_text(struct buf *out, const char *name, const char *text);
/* "Name: display <address>". ERR_EMAIL when the address is not one that is safe in a header. */
enum err CHECKED header_put_person(
    struct buf *out, const char *name, const char *display, const char *address);

/* A text/… body part: header lines and the body, quoted-printable or base64 (RFC 2045 §6.7, §6.8),
 * whichever is shorter. Line ends of any kind become CRLF. */
enum err CHECKED part_put(struct buf *out, const char *type, struct span text);

#endif
