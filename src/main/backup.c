/*
 * `chirograph backup`: a copy that can be served, beside a running server. The root key stays out
 * unless it is asked for: a copy without it is bytes that nobody can read, and can be kept by
 * people who should not. Sessions, credentials and the outbox are not copied.
 */
#include "main/command.h"

#include "store/backup.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct backup_options {
	const char *data, *to;
	bool has_root_key;
};

static enum err copy_named(const char *data, const char *to, const char *name)
{
	char from[PATH_MAX], target[PATH_MAX];
	int a = snprintf(from, sizeof(from), "%s/%s", data, name);
	int b = snprintf(target, sizeof(target), "%s/%s", to, name);

	ENSURE(a > 0 && a < PATH_MAX && b > 0 && b < PATH_MAX, ERR_IO);
	return backup_file(from, target);
}

static enum err keys_copy(const struct backup_options *o)
{
	char folder[PATH_MAX], name[PATH_MAX];
	enum err e = OK;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/keys", o->to);
	ENSURE(mkdir(folder, 0700) == 0 || errno == EEXIST, ERR_IO);
	snprintf(folder, sizeof(folder), "%s/keys", o->data);
	dir = opendir(folder);
	ENSURE(dir != NULL, ERR_IO);
	for (struct dirent *d; e == OK && (d = readdir(dir)) != NULL;) {
		bool is_root = strcmp(d->d_name, "root.key") == 0;
		if (d->d_name[0] == '.' || (is_root && !o->has_root_key))
			continue;
		snprintf(name, sizeof(name), "keys/%s", d->d_name);
		e = copy_named(o->data, o->to, name);
	}
	closedir(dir);
	return e;
}

static enum err run(const struct backup_options *o, size_t *copied, size_t *kept)
{
	struct stat st;

	ENSURE(mkdir(o->to, 0700) == 0 || errno == EEXIST, ERR_IO);
	ENSURE(stat(o->to, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 077) == 0, ERR_IO);
	TRY(backup_database(o->data, o->to));
	TRY(backup_blobs(o->data, o->to, copied, kept));
	TRY(copy_named(o->data, o->to, "chirograph.ini"));
	return keys_copy(o);
}

static enum err backup(struct backup_options *o, const char *data)
{
	char target[PATH_MAX];
	size_t copied = 0, kept = 0;
	enum err e;

	o->data = data;
	if (realpath(o->to, target) != NULL && strcmp(target, data) == 0) {
		complain_text("--to must be another folder than --data");
		return ERR_CONFIG;
	}
	e = run(o, &copied, &kept);
	if (e != OK) {
		complain_text("backup: %s; --to must be a folder (0700) that the data folder's "
			      "owner may write to, on a disk with room",
		    advice_for(e));
		return e;
	}
	printf("%s holds the database, %zu new and %zu older files, and the keys%s.\n", o->to,
	    copied, kept,
	    o->has_root_key ? ", the root key too: keep it as safe as the server"
			    : " but keys/root.key: without its own copy nothing can be read");
	return OK;
}

int command_backup(int argc, char **argv)
{
	static struct tool tool;
	struct backup_options o = {0};
	const struct option_spec specs[] = {{.name = "--data", .value = &o.data},
	    {.name = "--to", .value = &o.to}, {.name = "--with-root-key", .flag = &o.has_root_key}};
	enum err e = ERR_CONFIG;

	if (!options_take(&argc, argv, specs, 3) || argc > 1 || o.data == NULL || o.to == NULL) {
		complain_text("usage: chirograph backup --data DIR --to DIR2 [--with-root-key]");
		return EXIT_USAGE;
	}
	if (tool_open(&tool, o.data, NULL))
		e = backup(&o, tool.config.data);
	tool_close(&tool);
	return e == OK ? 0 : 1;
}
