/*
 * Inside `chirograph organization`: what its verbs share.
 */
#ifndef CHIROGRAPH_MAIN_ORGANIZATION_H
#define CHIROGRAPH_MAIN_ORGANIZATION_H

#include "main/tenant.h"

#include "base/limits.h"
#include "store/public_keys.h"

struct organization_options {
	const char *data, *organization, *name, *environment, *url, *key_file, *label, *key;
	const char *language, *time_zone, *expiry, *support_email, *redirect_url;
	const char *envelope;
	const char *host, *port, *user, *password_file, *ca_file, *from, *from_name, *security;
	const char *scheme, *email, *role, *routes, *rate, *overlap, *valid_until, *mode, *window;
	bool is_active;
	const char *types[OPTION_LIST_MAX + 1], *allowed[OPTION_LIST_MAX + 1];
};
extern struct organization_options organization_options;

#define ORGANIZATION_WORDS 2

struct organization_run {
	struct tool tool;
	struct arena *arena;
	struct stored_organisation organisation; /* texts in the arena */
	enum environment environment;
	uint8_t data_key[KEY_SIZE];            /* after organization_data_key */
	const char *words[ORGANIZATION_WORDS]; /* what is no option, in order; NULL: not given */
};

struct organization_verb {
	const char *name, *arguments, *summary;
	enum err (*run)(struct organization_run *run);
	bool needs_organization;
	unsigned words;  /* how many of run->words it takes, all of them needed */
	bool is_awaited; /* returns when every server has seen it */
};

bool organization_open(
    struct organization_run *run, int argc, char **argv, const struct organization_verb *verb);
void organization_close(struct organization_run *run);
bool organization_find(struct organization_run *run);
enum err CHECKED organization_data_key(struct organization_run *run);
/* Opens a key that is wrapped under the organisation's: its data key, an envelope's. */
enum err CHECKED organization_key_open(
    struct organization_run *run, struct span wrapped, uint8_t key[KEY_SIZE]);
int organization_choose(
    const struct organization_verb *table, size_t count, const char *path, int argc, char **argv);

/* A file, or standard input for "-", of 16 KB at most. Says what is wrong. */
enum err CHECKED organization_file(const char *path, struct buf *out);
/* --routes and --rate, checked; what is not given stays as it is. */
enum err CHECKED organization_limits(char *routes, size_t routes_size, int64_t *rate);
/* The member that --user names: ERR_NOT_FOUND, said, when there is none. */
enum err CHECKED organization_member(
    struct organization_run *run, const char *email, struct stored_user *user, const char **role);

/* One public key, from a file, read and judged: ready for the store. Says what is wrong, and keeps
 * nothing of what it refuses. */
enum err CHECKED organization_public_key(
    const char *path, unsigned wanted, struct stored_public_key *out);
void organization_public_print(const struct stored_public_key *k, int64_t now);
/* ERR_NOT_FOUND: the owner has no such key, or it is revoked already. */
enum err CHECKED organization_public_revoke(
    struct db *db, const struct key_owner *owner, const char *fingerprint);
enum err CHECKED organization_platform_key(struct organization_run *run);

int organization_user(int argc, char **argv);
int organization_public(int argc, char **argv);
int organization_integration(int argc, char **argv);
int organization_address(int argc, char **argv);
int organization_key(int argc, char **argv);
int organization_webhook(int argc, char **argv);
int organization_smtp(int argc, char **argv);

#endif
