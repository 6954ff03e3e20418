/*
 * Inside `chirograph organization`: what its verbs share.
 */
#ifndef CHIROGRAPH_MAIN_ORGANIZATION_H
#define CHIROGRAPH_MAIN_ORGANIZATION_H

#include "main/tenant.h"

#include "base/limits.h"

struct organization_options {
	const char *data, *organization, *name, *environment, *url, *key_file, *label, *key;
	const char *language, *time_zone, *expiry, *support_email, *redirect_url;
	const char *envelope;
	const char *host, *port, *user, *password_file, *ca_file, *from, *from_name, *security;
	const char *types[OPTION_LIST_MAX + 1], *allowed[OPTION_LIST_MAX + 1];
};
extern struct organization_options organization_options;

struct organization_run {
	struct tool tool;
	struct arena *arena;
	struct stored_organisation organisation; /* texts in the arena */
	enum environment environment;
	uint8_t data_key[KEY_SIZE]; /* after organization_data_key */
};

struct organization_verb {
	const char *name, *arguments, *summary;
	enum err (*run)(struct organization_run *run);
	bool needs_organization;
};

bool organization_open(
    struct organization_run *run, int argc, char **argv, bool needs_organization);
void organization_close(struct organization_run *run);
bool organization_find(struct organization_run *run);
enum err CHECKED organization_data_key(struct organization_run *run);
/* Opens a key that is wrapped under the organisation's: its data key, an envelope's. */
enum err CHECKED organization_key_open(
    struct organization_run *run, struct span wrapped, uint8_t key[KEY_SIZE]);
int organization_choose(
    const struct organization_verb *table, size_t count, const char *path, int argc, char **argv);

int organization_key(int argc, char **argv);
int organization_webhook(int argc, char **argv);
int organization_smtp(int argc, char **argv);

#endif
