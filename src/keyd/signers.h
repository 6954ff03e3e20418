/*
 * The keys that sign answers and webhooks, in all their generations: the one in use, those that
 * others may still hold, those announced. Read at start and whenever front asks which there are.
 */
#ifndef CHIROGRAPH_KEYD_SIGNERS_H
#define CHIROGRAPH_KEYD_SIGNERS_H

#include "keyd/generations.h"
#include "keyd/keyd.h"

#include <openssl/types.h>

#define SIGNER_LINES 3 /* enum keyd_line */

struct signers_key {
	EVP_PKEY *key;
	bool is_private; /* false: only published any more */
	struct generation when;
	char kid[KEYD_KID_SIZE];
};

struct signers_line {
	struct signers_key list[GENERATIONS_MAX]; /* oldest first */
	size_t count;
};

struct signers {
	struct signers_line lines[SIGNER_LINES];
};

/* ERR_CONFIG, with a line in the log, when a line has no key that signs now. */
enum err CHECKED signers_read(int keys, struct signers *out);
void signers_free(struct signers *s);
/* The key in use; NULL when there is none. Borrowed. */
const struct signers_key *signers_now(const struct signers *s, enum keyd_line line, int64_t now_s);

#endif
