/*
 * `chirograph jobs|incidents|outbox`: what waits for the operator. Jobs that were given up stay in
 * the table until he revives them; incidents are the numbers that callers were told with a 500; the
 * outbox holds the messages that no server carries. All of it can be read beside a running server.
 */
#include "main/command.h"

#include "base/clock.h"
#include "base/limits.h"
#include "store/incidents.h"
#include "store/jobs.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST_MAX 500
#define INCIDENT_DAYS 30
#define OUTBOX_MAX 10000

struct upkeep {
	struct tool tool;
	struct arena *arena;
	const char *data, *id;
	int64_t job; /* 0: every job that was given up */
	size_t count;
};

static bool upkeep_open(struct upkeep *u, int *argc, char **argv, const char *option)
{
	const struct option_spec specs[] = {
	    {.name = "--data", .value = &u->data}, {.name = option, .value = &u->id}};

	if (!options_take(argc, argv, specs, option != NULL ? 2 : 1))
		return false;
	u->arena = arena_new(4 * LIMIT_MB);
	return u->arena != NULL && tool_open(&u->tool, u->data, NULL) && tool_open_store(&u->tool);
}

static int upkeep_close(struct upkeep *u, enum err e)
{
	tool_close(&u->tool);
	arena_free(u->arena);
	return e == OK ? 0 : 1;
}

static enum err dead_list(struct db *db, void *ctx)
{
	struct upkeep *u = ctx;
	static struct job_dead rows[LIST_MAX];
	size_t count = LIST_MAX;

	TRY(store_jobs_dead(db, 0, u->arena, rows, &count));
	for (size_t i = 0; i < count; i++) {
		char when[CLOCK_TEXT_SIZE];
		clock_format_s(rows[i].dead_at, when);
		printf("%lld  %s  %s  attempts %d  envelope %lld  %s\n", (long long)rows[i].row,
		    when, rows[i].kind, rows[i].attempt, (long long)rows[i].envelope,
		    rows[i].error != NULL ? rows[i].error : "");
	}
	u->count = count;
	return OK;
}

static enum err dead_revive(struct db *db, void *ctx)
{
	struct upkeep *u = ctx;
	static struct job_dead rows[LIST_MAX];
	size_t count = LIST_MAX;

	u->count = 0;
	TRY(store_jobs_dead(db, 0, u->arena, rows, &count));
	for (size_t i = 0; i < count; i++) {
		if (u->job != 0 && rows[i].row != u->job)
			continue;
		TRY(store_job_revive(db, rows[i].organisation, rows[i].row, clock_now()));
		u->count++;
	}
	return u->job != 0 && u->count == 0 ? ERR_NOT_FOUND : OK;
}

static enum err jobs_retry(struct upkeep *u)
{
	enum err e;

	u->job = strtol(u->id, NULL, 10);
	if (u->job <= 0 && strcmp(u->id, "all") != 0) {
		complain_text("--job must be a number of chirograph jobs list, or all");
		return ERR_CONFIG;
	}
	e = store_write(u->tool.store, dead_revive, u);
	if (e == OK)
		printf("%zu jobs run again; a running server takes them within half a minute, at "
		       "once after kill -HUP\n",
		    u->count);
	else
		complain("jobs retry", e, NULL);
	return e;
}

static enum err jobs_list(struct upkeep *u)
{
	enum err e = store_read(u->tool.store, dead_list, u);

	if (e == OK && u->count == 0)
		printf("no job was given up\n");
	return e;
}

int command_jobs(int argc, char **argv)
{
	struct upkeep u = {.data = NULL};
	const char *verb = argc > 1 ? argv[1] : "";
	bool is_retry = strcmp(verb, "retry") == 0;

	if (!is_retry && strcmp(verb, "list") != 0) {
		complain_text("usage: chirograph jobs list|retry --data DIR [--job N|all]");
		return EXIT_USAGE;
	}
	if (!upkeep_open(&u, &argc, argv, "--job"))
		return upkeep_close(&u, ERR_CONFIG);
	if (is_retry && u.id == NULL)
		u.id = "all";
	return upkeep_close(&u, is_retry ? jobs_retry(&u) : jobs_list(&u));
}

static void incident_print(const struct incident *i)
{
	char when[CLOCK_TEXT_SIZE];

	clock_format_s(i->created_at, when);
	printf(
	    "%s  %s  %s  %s\n", i->external_id, when, i->route, i->detail != NULL ? i->detail : "");
}

static enum err incidents_work(struct db *db, void *ctx)
{
	struct upkeep *u = ctx;
	static struct incident rows[LIST_MAX];
	size_t count = LIST_MAX;

	if (u->id != NULL) {
		TRY(store_incident_find(db, u->id, u->arena, &rows[0]));
		incident_print(&rows[0]);
		return OK;
	}
	TRY(store_incident_list(
	    db, clock_now() - INCIDENT_DAYS * CLOCK_DAY, u->arena, rows, &count));
	for (size_t i = 0; i < count; i++)
		incident_print(&rows[i]);
	if (count == 0)
		printf("no incident in %d days\n", INCIDENT_DAYS);
	return OK;
}

int command_incidents(int argc, char **argv)
{
	struct upkeep u = {.data = NULL};
	enum err e = ERR_CONFIG;

	if (upkeep_open(&u, &argc, argv, "--id")) {
		e = store_read(u.tool.store, incidents_work, &u);
		if (e != OK)
			complain("incidents", e, NULL);
	}
	return upkeep_close(&u, e);
}

static int name_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum err names_read(const char *folder, struct arena *arena, const char **names, size_t *n)
{
	DIR *dir = opendir(folder);
	struct dirent *d;

	ENSURE(dir != NULL, ERR_IO);
	for (*n = 0; *n < OUTBOX_MAX && (d = readdir(dir)) != NULL;)
		if (d->d_name[0] != '.' &&
		    (names[*n] = arena_string(arena, d->d_name, strlen(d->d_name))) != NULL)
			(*n)++;
	closedir(dir);
	qsort(names, *n, sizeof(*names), name_order);
	return OK;
}

static enum err outbox_list(const char *folder)
{
	static const char *names[OUTBOX_MAX];
	struct arena *arena = arena_new(4 * LIMIT_MB);
	size_t count = 0;
	enum err e = arena != NULL ? names_read(folder, arena, names, &count) : ERR_MEMORY;

	for (size_t i = 0; i < count; i++)
		printf("%s\n", names[i]);
	if (e == OK && count == 0)
		printf("the outbox is empty\n");
	arena_free(arena);
	return e;
}

static enum err outbox_show(const char *folder, const char *name)
{
	char path[PATH_MAX], piece[4096];
	ssize_t got = -1;
	int fd, size = snprintf(path, sizeof(path), "%s/%s", folder, name);

	ENSURE(size > 0 && size < PATH_MAX, ERR_NOT_FOUND);
	ENSURE(strchr(name, '/') == NULL && name[0] != '.', ERR_NOT_FOUND);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ENSURE(fd >= 0, ERR_NOT_FOUND);
	while ((got = read(fd, piece, sizeof(piece))) > 0)
		fwrite(piece, 1, (size_t)got, stdout);
	close(fd);
	return got == 0 ? OK : ERR_IO;
}

int command_outbox(int argc, char **argv)
{
	struct tool tool = {0};
	const char *data = NULL, *show = NULL;
	const struct option_spec specs[] = {
	    {.name = "--data", .value = &data}, {.name = "--show", .value = &show}};
	char folder[PATH_MAX];
	enum err e = ERR_CONFIG;

	if (options_take(&argc, argv, specs, 2) && argc == 1 && tool_open(&tool, data, NULL)) {
		snprintf(folder, sizeof(folder), "%s/outbox", tool.config.data);
		e = show != NULL ? outbox_show(folder, show) : outbox_list(folder);
		if (e != OK)
			complain("outbox", e, NULL);
	}
	tool_close(&tool);
	return e == OK ? 0 : 1;
}
