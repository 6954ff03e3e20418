/*
 * Making organisations and keys from the command line. A server that runs beside it sees them at
 * its next read, since both go through the database.
 */
#ifndef CHIROGRAPH_MAIN_TENANT_H
#define CHIROGRAPH_MAIN_TENANT_H

#include "main/command.h"

#include "auth/auth.h"
#include "store/keys.h"
#include "store/organisations.h"

#define TENANT_KEY_TEXT 256

struct tenant_key {
	enum environment environment;
	const char *label;
	char text[TENANT_KEY_TEXT]; /* shown once; wiped by the caller */
	struct stored_key row;
};

struct tenant_new {
	const char *name;
	struct stored_organisation row;
	char external_id[UUID_TEXT_SIZE];
	struct wrapped_key wrapped, data_key;
	struct tenant_key production, sandbox;
};

/* Makes ids and keys in memory (keyd wraps), then tenant_store commits all of it at once. */
enum err CHECKED tenant_make(struct tool *t, const char *name, struct tenant_new *out);
enum err CHECKED tenant_store(struct tool *t, struct tenant_new *new);

enum err CHECKED tenant_key_make(struct tenant_key *key);

/* The names and addresses of a certificate of our own, NULL ended. */
#define INIT_HOSTS 5
void init_hosts(const char *hosts[INIT_HOSTS], char host[256]);

/* When an old key ends, counted from start: --overlap DAYS or --valid-until DATE, one at most;
 * neither: so many days. Says what is wrong. */
enum err CHECKED end_take(
    const char *overlap, const char *until, int64_t start, int64_t days, int64_t *out);

/* A new file of mode 0600, written whole. */
enum err CHECKED private_file_write(const char *path, struct span content);

#endif
