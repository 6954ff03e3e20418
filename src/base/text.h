/*
 * Text from people: UTF-8, names, addresses, numbers with check digits, and how they are
 * masked where a page travels.
 */
#ifndef CHIROGRAPH_BASE_TEXT_H
#define CHIROGRAPH_BASE_TEXT_H

#include "base/bytes.h"

bool text_is_utf8(struct span s);  /* RFC 3629: no surrogates, no overlong forms */
bool text_is_clean(struct span s); /* UTF-8 without C0/C1 control characters and bidi overrides */
size_t text_length(struct span s); /* code points of valid UTF-8 */
int32_t text_point(struct span s, size_t *at); /* the code point at *at, which moves on; -1 */
/* Appends the words of valid UTF-8 with blanks between: lower case, without accents. */
void text_fold(struct span text, struct buf *out);
bool text_is_id(struct span s); /* 1–64 of [A-Za-z0-9._-], not "." or ".." */
bool text_is_email(
    struct span s); /* the address form of HTML's e-mail input, ≤ 254 bytes, safe in a header */

#define CPF_SIZE 12 /* 11 digits and the NUL */
/* Digits of a CPF with or without its punctuation. ERR_CPF: length, other characters or check
 * digits. repeated (111.111.111-11) is set when all digits are equal: the caller decides about
 * those. */
enum err CHECKED cpf_parse(struct span in, char out[CPF_SIZE], bool *repeated);
void cpf_mask(const char *cpf, char out[15]);        /* "***.456.789-**" */
void email_mask(const char *email, struct buf *out); /* "j***@t***.com" */
void phone_mask(const char *dial, const char *area, const char *number,
    struct buf *out); /* "+55 11 *****-8722" */

/* The name when s begins with a placeholder of a template: '{', lower case letters, digits and '_',
 * '}'. Empty when it does not. */
struct span text_placeholder(struct span s);

#endif
