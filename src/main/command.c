/*
 * What subcommands share: options, help, opening the data folder.
 */
#include "main/command.h"

#include "base/log.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void complain(const char *what, enum err e, const struct fault *fault)
{
	bool has_detail = fault != NULL && fault->detail[0] != '\0';

	complain_text("%s%s%s", what, what[0] != '\0' ? ": " : "",
	    has_detail ? fault->detail : advice_for(e));
}

static void row_help(const struct subcommand *row, const char *program)
{
	printf("  %s %s%s%s\n      %s\n", program, row->name, row->arguments[0] != '\0' ? " " : "",
	    row->arguments, row->summary);
}

void command_help(const struct subcommand *table, size_t count, const char *program)
{
	printf("Usage:\n");
	for (size_t i = 0; i < count; i++)
		row_help(&table[i], program);
}

bool is_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int row_run(const struct subcommand *row, const char *program, int argc, char **argv)
{
	if (argc != 2 || !is_help(argv[1]) || row->has_own_help)
		return row->run(argc, argv);
	row_help(row, program);
	return 0;
}

int command_choose(
    const struct subcommand *table, size_t count, const char *program, int argc, char **argv)
{
	const char *wanted = argc < 2 ? "" : argv[1];

	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, wanted) == 0)
			return row_run(&table[i], program, argc - 1, argv + 1);
	if (is_help(wanted)) {
		command_help(table, count, program);
		return 0;
	}
	complain_text("%s%s%s; try %s help",
	    wanted[0] != '\0' ? "unknown command " : "which command?", wanted, "", program);
	return EXIT_USAGE;
}

bool tool_load(struct tool *t, const char *data, const char *const *flags)
{
	struct fault fault = {0};
	enum err e;

	if (data == NULL) {
		complain_text("--data DIR is missing");
		return false;
	}
	e = config_load(&t->config, data, flags, &fault);
	if (e != OK) {
		complain("configuration", e, &fault);
		return false;
	}
	e = privileges_drop(t->config.data);
	if (e != OK)
		complain("becoming the owner of the data folder", e, NULL);
	return e == OK;
}

bool tool_open(struct tool *t, const char *data, const char *const *flags)
{
	struct fault fault = {0};
	enum err e;

	if (data == NULL) {
		complain_text("--data DIR is missing");
		return false;
	}
	e = folder_check(data, &fault);
	if (e == OK)
		return tool_load(t, data, flags);
	complain("data folder", e, &fault);
	return false;
}

bool tool_open_keyd(struct tool *t)
{
	enum err e = broker_new_tool(&t->config, &t->broker);

	if (e == OK)
		e = keyd_open(broker_dial_keyd, t->broker, &t->keyd);
	if (e != OK)
		complain("keys", e, NULL);
	return e == OK;
}

bool tool_open_store(struct tool *t)
{
	struct store_config config = {.data = t->config.data, .is_tool = true};
	enum err e = store_open(&config, &t->store);

	if (e != OK)
		complain("database", e, NULL);
	return e == OK;
}

void tool_close(struct tool *t)
{
	store_close(t->store);
	keyd_close(t->keyd);
	broker_free(t->broker);
	config_free(&t->config);
}

/* Inside DIR everything belongs to its owner: a file that root left there would stop him later. */
static enum err owner_check(const char *data, const char *name, uid_t owner, struct fault *fault)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", data, name);
	if (lstat(path, &st) != 0 || st.st_uid == owner)
		return OK;
	return fault_set(fault, ERR_CONFIG, "",
	    "%s belongs to user %u, but the data folder to user %u: chown -R %u %s", path,
	    (unsigned)st.st_uid, (unsigned)owner, (unsigned)owner, data);
}

enum err folder_check(const char *data, struct fault *fault)
{
	static const char *const inside[] = {"keys", "db", "blobs", "outbox", "run",
	    "credentials.json", "keys/root.key", "keys/seal.key", "keys/tls.key",
	    "keys/webhook.key", "db/chirograph.db", "db/chirograph.db-wal"};
	struct stat st;

	if (stat(data, &st) != 0)
		return OK; /* config_load says what to do */
	if (geteuid() != 0 && geteuid() != st.st_uid)
		return fault_set(fault, ERR_CONFIG, "",
		    "%s belongs to user %u: run this as that user, or as root", data,
		    (unsigned)st.st_uid);
	if ((st.st_mode & 077) != 0)
		return fault_set(fault, ERR_CONFIG, "",
		    "%s has mode %o, so others may look into it: chmod 700 %s", data,
		    (unsigned)(st.st_mode & 0777), data);
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		TRY(owner_check(data, inside[i], st.st_uid, fault));
	return OK;
}

enum err privileges_drop(const char *data)
{
	struct stat st;

	if (geteuid() != 0)
		return OK;
	ENSURE(stat(data, &st) == 0, ERR_IO);
	if (st.st_uid == 0)
		return OK;
	ENSURE(setgroups(0, NULL) == 0, ERR_INTERNAL);
	ENSURE(setresgid(st.st_gid, st.st_gid, st.st_gid) == 0, ERR_INTERNAL);
	ENSURE(setresuid(st.st_uid, st.st_uid, st.st_uid) == 0, ERR_INTERNAL);
	ENSURE(setuid(0) != 0, ERR_INTERNAL);
	return OK;
}

enum err folders_make(const char *data)
{
	static const char *const folders[] = {"", "db", "blobs", "outbox", "run"};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", data, folders[i]);
		ENSURE(mkdir(path, 0700) == 0 || errno == EEXIST, ERR_IO);
	}
	return OK;
}
