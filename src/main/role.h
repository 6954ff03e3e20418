/*
 * The roles and how one is started: this same program, executed again with `--role=NAME`, with
 * nothing but its socket (3), the configuration (4), for front the listening socket (5), and
 * standard error.
 */
#ifndef CHIROGRAPH_MAIN_ROLE_H
#define CHIROGRAPH_MAIN_ROLE_H

#include "main/config.h"

#include <sys/types.h>

enum role { ROLE_FRONT = 1, ROLE_KEYD, ROLE_PRESS, ROLE_COURIER, ROLE_COUNT };

#define ROLE_SOCKET 3
#define ROLE_CONFIG 4
#define ROLE_LISTENER 5

#define ROLE_EXIT_CONFIG 78 /* sysexits' EX_CONFIG: starting it again cannot help */

const char *role_name(enum role role);
bool role_find(const char *name, enum role *out);

struct role_start {
	enum role role;
	int socket;   /* becomes ROLE_SOCKET */
	int config;   /* becomes ROLE_CONFIG */
	int listener; /* becomes ROLE_LISTENER; -1: none */
};

/* fork, drop what the role does not need, exec. Descriptors stay the caller's. */
enum err CHECKED role_start(const struct role_start *start, pid_t *pid);

/* What main() does when it is started as a role; the process's exit status. */
int role_main(const char *name);

int role_keyd(const struct config *config);
int role_courier(const struct config *config);
int role_press(const struct config *config);

#endif
