/*
 * Landlock (landlock(7)): which files a role may touch. Raw system calls, since libc has no
 * wrappers. A kernel without it is no fault: the seccomp filter stays.
 */
#include "main/sandbox.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_FILES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define LOAD_FILES (READ_FILES | LANDLOCK_ACCESS_FS_EXECUTE)
#define WRITE_FILES \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	    LANDLOCK_ACCESS_FS_MAKE_REG)
#define ALL_FILES ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1) /* everything of the first version */
#define OF_A_FILE \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)

struct rights {
	const char *path;
	uint64_t access;
};

static const struct rights courier_rights[] = {
    {"/etc/resolv.conf", READ_FILES},
    {"/etc/nsswitch.conf", READ_FILES},
    {"/etc/hosts", READ_FILES},
    {"/etc/host.conf", READ_FILES},
    {"/etc/gai.conf", READ_FILES},
    {"/etc/services", READ_FILES},
    {"/etc/ssl", READ_FILES},
    {"/etc/ld.so.cache", READ_FILES},
    {"/run/systemd/resolve", READ_FILES},
    {"/usr/share/ca-certificates", READ_FILES},
    {"/usr/lib", LOAD_FILES},
    {NULL, 0},
};

static const struct rights press_rights[] = {
    {"/etc/fonts", READ_FILES},
    {"/usr/share/fonts", READ_FILES},
    {"/usr/local/share/fonts", READ_FILES},
    {"/usr/share/fontconfig", READ_FILES},
    {"/usr/share/xml/fontconfig", READ_FILES},
    {"/var/cache/fontconfig", READ_FILES},
    {"/usr/share/zoneinfo", READ_FILES},
    {"/etc/ld.so.cache", READ_FILES},
    {"/usr/lib", LOAD_FILES},
    {NULL, 0},
};

static const struct rights front_rights[] = {
    {"/usr/share/zoneinfo", READ_FILES},
    {"/etc/localtime", READ_FILES},
    {NULL, 0},
};

static enum err allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	struct stat st;
	long done;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return OK; /* what is not there needs no right */
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_A_FILE;
	done = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
	return done == 0 ? OK : ERR_INTERNAL;
}

static enum err allow_all(int ruleset, const struct rights *rights)
{
	for (; rights->path != NULL; rights++)
		TRY(allow(ruleset, rights->path, rights->access));
	return OK;
}

static enum err allow_inside(int ruleset, const char *data, const char *folder, uint64_t access)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", data, folder);
	return allow(ruleset, path, access);
}

/* The folder of a file of the operator's, so that a renewed file put there by a rename is found;
 * and the folder its link points to (certbot keeps links). */
static enum err allow_folder_of(int ruleset, const char *file)
{
	char path[PATH_MAX], *slash;

	for (int is_real = 0; is_real < 2; is_real++) {
		if (is_real == 0)
			snprintf(path, sizeof(path), "%s", file);
		else if (realpath(file, path) == NULL)
			return OK;
		slash = strrchr(path, '/');
		if (slash == NULL || slash == path)
			continue;
		*slash = '\0';
		TRY(allow(ruleset, path, READ_FILES));
	}
	return OK;
}

static enum err front_allow(int ruleset, const struct sandbox *box)
{
	static const char *const folders[] = {"db", "blobs", "outbox", "run", NULL};

	for (size_t i = 0; folders[i] != NULL; i++)
		TRY(allow_inside(ruleset, box->data, folders[i], READ_FILES | WRITE_FILES));
	return allow_all(ruleset, front_rights);
}

static enum err keyd_allow(int ruleset, const struct sandbox *box)
{
	TRY(allow_inside(ruleset, box->data, "keys", READ_FILES));
	for (const char *const *file = box->operator_files; file != NULL && *file != NULL; file++)
		if ((*file)[0] != '\0')
			TRY(allow_folder_of(ruleset, *file));
	return OK;
}

static enum err press_allow(int ruleset, const struct sandbox *box)
{
	for (const char *const *folder = box->fonts; folder != NULL && *folder != NULL; folder++)
		TRY(allow(ruleset, *folder, READ_FILES));
	return allow_all(ruleset, press_rights);
}

static enum err rules_add(int ruleset, const struct sandbox *box)
{
	switch (box->role) {
	case ROLE_FRONT: return front_allow(ruleset, box);
	case ROLE_KEYD: return keyd_allow(ruleset, box);
	case ROLE_PRESS: return press_allow(ruleset, box);
	case ROLE_COURIER: return allow_all(ruleset, courier_rights);
	case ROLE_COUNT: break;
	}
	return ERR_INTERNAL;
}

/* LeakSanitizer lists threads; a report names functions of the programs. */
static enum err sanitizers_allow(int ruleset)
{
#ifdef CHIROGRAPH_SANITIZED
	static const struct rights rights[] = {{"/proc", READ_FILES},
	    {"/proc/self/exe", READ_FILES}, {"/usr/lib", READ_FILES}, {NULL, 0}};

	return allow_all(ruleset, rights);
#else
	return OK;
#endif
}

enum err landlock_enter(const struct sandbox *box)
{
	struct landlock_ruleset_attr attributes = {.handled_access_fs = ALL_FILES};
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	enum err e;

	if (ruleset < 0) {
		log_debug("no Landlock on this kernel", "errno=%d", errno);
		return OK;
	}
	e = rules_add(ruleset, box);
	if (e == OK)
		e = sanitizers_allow(ruleset);
	if (e == OK && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		e = ERR_INTERNAL;
	close(ruleset);
	return e;
}
