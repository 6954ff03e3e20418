/*
 * Signatures seen of late, in memory and bounded: under which method and field each one came, and
 * whether its effect was kept. A hint beside the durable marks of writes, and all there is for
 * reads. It says itself when it may have forgotten one.
 */
#ifndef CHIROGRAPH_AUTH_SEEN_H
#define CHIROGRAPH_AUTH_SEEN_H

#include "base/crypto.h"

struct seen;

enum seen_answer {
	SEEN_NEW,   /* it is noted now */
	SEEN_SAME,  /* under the same tag */
	SEEN_SPENT, /* the same, and its effect was kept */
	SEEN_OTHER, /* under another tag */
};

struct seen_mark {
	const uint8_t *mark; /* SHA256_SIZE bytes */
	unsigned tag;
	int64_t until, now; /* Unix ms */
};

enum err CHECKED seen_new(size_t limit, struct seen **out);
void seen_free(struct seen *s);
enum seen_answer seen_note(struct seen *s, const struct seen_mark *m);
/* Until then (Unix ms) a mark that was pushed out could have told; 0: none was. */
int64_t seen_lost_until(struct seen *s);
void seen_spend(struct seen *s, const uint8_t mark[SHA256_SIZE]);

#endif
