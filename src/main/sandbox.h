/*
 * The walls of a role: resource limits, Landlock where the kernel has it, a seccomp filter whose
 * default is to kill the process. Entered after the role has opened what it needs and before it
 * reads a byte of its peers. Sanitizer builds have a relaxed filter: only the acts that name a role
 * are forbidden.
 */
#ifndef CHIROGRAPH_MAIN_SANDBOX_H
#define CHIROGRAPH_MAIN_SANDBOX_H

#include "main/role.h"

struct sandbox {
	enum role role;
	const char *data; /* DIR */
	int keys;         /* keyd: descriptor of DIR/keys; else -1 */
	const char *const
	    *operator_files;      /* keyd: paths that may be read again; NULL ended, "" skipped */
	const char *const *fonts; /* press: folders beside the system's; NULL ended */
};

enum err CHECKED sandbox_enter(const struct sandbox *box);

/* Landlock alone: OK also when the kernel has none. */
enum err CHECKED landlock_enter(const struct sandbox *box);

#ifdef CHIROGRAPH_TEST_SEAMS
/* "ROLE:ACT": enter that role's sandbox and do the act; exit status 0 means it was allowed. */
int sandbox_probe(const char *what);
#endif

#endif
