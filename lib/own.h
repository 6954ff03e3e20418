/*
 * What the files of libchirograph share. Objects own an arena for the texts that they were told;
 * bodies are borrowed. `struct said` is the first mistake of an object, as status and sentence.
 */
#ifndef CHIROGRAPH_LIB_OWN_H
#define CHIROGRAPH_LIB_OWN_H

#include "chirograph.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "sign/key.h"
#include "sign/sign.h"

#define OBJECT_BYTES LIMIT_MB        /* texts of one object */
#define BODY_BYTES (256u * LIMIT_MB) /* one body, wrapped or not */
#define FIELDS_MAX 128               /* header lines of one message */
#define WINDOW_SECONDS 300

struct chg_key {
	EVP_PKEY *pkey;
	enum key_kind kind;
	bool is_private;
};

struct said {
	enum chg_status status;
	char text[256];
};

enum chg_status status_of(enum err e);
/* Keeps the first; returns the status that is kept. */
enum chg_status say(struct said *s, enum chg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* OK, or the words for an error of the rooms below. */
enum chg_status say_err(struct said *s, enum err e, const char *what);

/* Copies into the arena; a failure is said. text NULL or empty gives NULL. */
const char *text_keep(struct arena *a, struct said *s, const char *text);

/* Header lines, names in lower case. Spans live in the arena of their owner. */
struct fields {
	struct message_header items[FIELDS_MAX];
	size_t count;
};

void fields_add(
    struct fields *f, struct arena *a, struct said *s, struct span name, struct span value);
void fields_add_line(struct fields *f, struct arena *a, struct said *s, struct span line);
/* Value of the one line with this name. false: absent; twice is said as CHG_ERR_FORM. */
bool fields_find(const struct fields *f, const char *name, struct span *value, struct said *s);
bool fields_has(const struct fields *f, const char *name);

/* A URL in parts. target: path and query, at least "/". authority: lower case, without the default
 * port. */
struct target {
	struct span url, scheme, authority, path;
};
enum chg_status target_read(const char *url, struct arena *a, struct target *out, struct said *s);

int64_t now_seconds(void);

#endif
