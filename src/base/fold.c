/*
 * Names as people search for them: lower case, without accents, word by word. Latin letters are
 * folded by the two tables (made from the Unicode Character Database: NFKD without marks), Greek
 * and Cyrillic capitals by their distance; every other letter stands for itself. What always
 * holds: a text and its NFD form fold to the same words.
 */
#include "base/text.h"

#include <string.h>

/* U+00C0 to U+024F, two letters each; blanks: stays what it is. */
static const char latin[] = "a a a a a a aec e e e e i i i i d n o o o o o   o u u u u y thss"
			    "a a a a a a aec e e e e i i i i d n o o o o o   o u u u u y thy "
			    "a a a a a a c c c c c c c c d d d d e e e e e e e e e e g g g g "
			    "g g g g h h h h i i i i i i i i i i ijijj j k k k l l l l l l   "
			    "  l l n n n n n n   ngngo o o o o o oeoer r r r r r s s s s s s "
			    "s s t t t t t t u u u u u u u u u u u u w w y y y z z z z z z s "
			    "                                                                "
			    "o o                           u u                               "
			    "        dzdzdzljljljnjnjnja a i i o o u u u u u u u u u u   a a "
			    "a a aeae    g g k k o o o o     j dzdzdzg g     n n a a aeaeo o "
			    "a a a a e e e e i i i i o o o o r r r r u u u u s s t t     h h "
			    "            a a e e o o o o o o o o y y                         "
			    "                                ";

/* U+1E00 to U+1EFF, two letters each; blanks: stays what it is. */
static const char vietnamese[] = "a a b b b b b b c c d d d d d d d d d d e e e e e e e e e e f f "
				 "g g h h h h h h h h h h i i i i k k k k k k l l l l l l l l m m "
				 "m m m m n n n n n n n n o o o o o o o o p p p p r r r r r r r r "
				 "s s s s s s s s s s t t t t t t t t u u u u u u u u u u v v v v "
				 "w w w w w w w w w w x x x x y y z z z z z z h t w y   s     ss  "
				 "a a a a a a a a a a a a a a a a a a a a a a a a e e e e e e e e "
				 "e e e e e e e e i i i i o o o o o o o o o o o o o o o o o o o o "
				 "o o o o u u u u u u u u u u u u u u y y y y y y y y             ";

static const char *table_find(int32_t c)
{
	const char *entry = NULL;

	if (c >= 0xc0 && c < 0x250)
		entry = latin + 2 * (c - 0xc0);
	else if (c >= 0x1e00 && c < 0x1f00)
		entry = vietnamese + 2 * (c - 0x1e00);
	return entry != NULL && entry[0] != ' ' ? entry : NULL;
}

static bool is_mark(int32_t c)
{
	return c >= 0x300 && c < 0x370;
}

/* Letters and digits; beyond Latin-1 everything but the blocks of punctuation. */
static bool is_word(int32_t c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	if (c < 0xc0)
		return c == 0xaa || c == 0xb5 || c == 0xba;
	return c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c < 0x2c00) &&
	       !(c >= 0x3000 && c < 0x3005) && (c < 0xe000 || c >= 0x20000);
}

static int32_t lower(int32_t c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
		return c + 0x20;
	return c >= 0x400 && c < 0x410 ? c + 0x50 : c;
}

static void put_point(struct buf *out, int32_t c)
{
	if (c < 0x80) {
		buf_put_byte(out, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		buf_put_byte(out, (uint8_t)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_put_byte(out, (uint8_t)(0xe0 | c >> 12));
		} else {
			buf_put_byte(out, (uint8_t)(0xf0 | c >> 18));
			buf_put_byte(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_put_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_put_byte(out, (uint8_t)(0x80 | (c & 0x3f)));
}

void text_fold(struct span text, struct buf *out)
{
	bool is_inside = false;

	for (size_t at = 0; at < text.size;) {
		int32_t c = text_point(text, &at);
		if (c < 0)
			return;
		if (is_mark(c))
			continue;
		if (!is_word(c)) {
			is_inside = false;
			continue;
		}
		if (!is_inside && out->size > 0)
			buf_put_byte(out, ' ');
		is_inside = true;
		const char *letters = table_find(c);
		if (letters != NULL)
			buf_put(out, letters, letters[1] != ' ' ? 2 : 1);
		else
			put_point(out, lower(c));
	}
}
