/*
 * Which generation of a key is in use when. The files that init makes are generation 1; each
 * rotation makes CLASS.N.key (and CLASS.N.crt) and then, as the last step and by one rename, the
 * list keys/generations. A line of it:
 *
 *	CLASS NUMBER FROM UNTIL
 *
 * FROM: Unix seconds from which the generation is used; UNTIL: up to when the ones before it are
 * still published. A generation whose private key was removed has CLASS.N.pub in its place.
 */
#ifndef CHIROGRAPH_KEYD_GENERATIONS_H
#define CHIROGRAPH_KEYD_GENERATIONS_H

#include "base/bytes.h"

#include <stdint.h>

#define GENERATIONS_MAX 32 /* of a class; the oldest leave the list first */
#define GENERATIONS_FILE "generations"
#define GENERATION_NAME_MAX 64

struct generation {
	unsigned number;
	int64_t from;  /* Unix seconds; 0 for the first */
	int64_t until; /* Unix seconds when it is no longer published; 0: nothing follows it */
};

struct generations {
	struct generation list[GENERATIONS_MAX]; /* oldest first, from and number rising */
	size_t count;                            /* never 0 */
};

/* The classes, as their first files are called. */
#define CLASS_ES512 "response-p521"
#define CLASS_ED25519 "response-ed25519"
#define CLASS_WEBHOOK "webhook"
#define CLASS_SEAL "seal"
#define CLASS_TLS "tls"

/* A folder without a list has first generations only. ERR_CONFIG when the list cannot be read. */
enum err CHECKED generations_read(int keys, const char *class, struct generations *out);
/* ending: "key", "crt", "pub". */
void generation_file(
    const char *class, unsigned number, const char *ending, char out[GENERATION_NAME_MAX]);
/* Index of the newest whose time has come. */
size_t generation_at(const struct generations *g, int64_t seconds);
/* The files of the newest whose time has come. */
enum err CHECKED generation_names(int keys, const char *class,
    char certificate[GENERATION_NAME_MAX], char key[GENERATION_NAME_MAX]);

#endif
