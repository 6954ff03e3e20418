/*
 * The configuration: a flag goes before the environment (CHIROGRAPH_SECTION_KEY), the environment
 * before DIR/chirograph.ini, the file before the default. Read once by the supervisor and handed to
 * every role as a sealed memory file, so no role opens the file again.
 */
#ifndef CHIROGRAPH_MAIN_CONFIG_H
#define CHIROGRAPH_MAIN_CONFIG_H

#include "base/bytes.h"

enum config_key {
#define CONFIG(id, name, kind, limits, standard, description) CONFIG_##id,
#include "main/config.def"
#undef CONFIG
	CONFIG_COUNT,
};

enum config_kind { CONFIG_TEXT, CONFIG_LIST, CONFIG_INT, CONFIG_CHOICE, CONFIG_PATH, CONFIG_ZONE };

struct config_row {
	const char *name; /* "server.listen" */
	enum config_kind kind;
	const char *limits; /* INT: "least most"; CHOICE: the words */
	const char *standard;
	const char *description;
};

extern const struct config_row config_rows[CONFIG_COUNT];

enum config_source {
	CONFIG_FROM_DEFAULT,
	CONFIG_FROM_FILE,
	CONFIG_FROM_ENVIRONMENT,
	CONFIG_FROM_FLAG
};

#define CONFIG_LIST_MAX 32

struct config_value {
	char *text;  /* never NULL once loaded */
	char *split; /* the list's own copy */
	const char *list[CONFIG_LIST_MAX + 1];
	enum config_source source;
};

struct config {
	char *data; /* DIR, absolute */
	struct config_value values[CONFIG_COUNT];
};

/* flags: "section.key=value", NULL ended, may be NULL. fault.detail says what is wrong and where.
 */
enum err CHECKED config_load(
    struct config *c, const char *data, const char *const *flags, struct fault *fault);
void config_free(struct config *c);
enum err CHECKED config_set(struct config *c, enum config_key key, const char *value,
    enum config_source source, struct fault *fault);

const char *config_text(const struct config *c, enum config_key key); /* "" when not set */
bool config_is_set(const struct config *c, enum config_key key);
int64_t config_int(const struct config *c, enum config_key key);
const char *const *config_list(const struct config *c, enum config_key key); /* NULL ended */
/* The content of the file that a *_file key names, without line ends; empty when the key is not
 * set. */
enum err CHECKED config_secret(const struct config *c, enum config_key key, struct buf *out);

/* Between supervisor and roles. */
enum err CHECKED config_pack(const struct config *c, struct buf *out);
enum err CHECKED config_unpack(struct config *c, struct span packed);

/* CHIROGRAPH_SERVER_LISTEN of "server.listen". */
void config_environment_name(const char *name, char out[64]);
const char *config_nearest(const char *name); /* the key most like it */

#endif
