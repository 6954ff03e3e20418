/*
 * Inside the store room: one SQLite connection. A connection is used by one thread at a time;
 * it owns its prepared statements, made when first needed. Nothing outside src/store includes
 * this file.
 */
#ifndef CHIROGRAPH_STORE_ENGINE_H
#define CHIROGRAPH_STORE_ENGINE_H

#include "store/db.h"

#include <sqlite3.h>

#define DB_BUSY_MS 10000         /* how long a connection waits for another process */
#define DB_CHECKPOINT_PAGES 4000 /* log pages before a commit folds them into the database */

struct db_slot {
	sqlite3_stmt *stmt;
	bool is_busy;
};

#define DB_ANNOUNCEMENTS 64

struct db {
	sqlite3 *handle;
	struct db_slot slots[SQL_COUNT_];
	unsigned open_queries;
	enum err failed; /* first failure of the running work: it cannot be committed any more */
	uint64_t announced[DB_ANNOUNCEMENTS]; /* by the works of this transaction */
	size_t announced_count;               /* above DB_ANNOUNCEMENTS: some have no room */
	struct db *next;                      /* in the pool of idle readers */
};

/* The log is folded into the database by one connection, the server's writer: releases of SQLite
 * before 3.51.3 can lose pages when two connections do it at once. */
enum db_mode { DB_WRITER, DB_TOOL, DB_READER };

enum err CHECKED db_open(const char *path, enum db_mode mode, struct db **out);
void db_close(struct db *db); /* NULL is fine */
enum err CHECKED db_setup(
    struct db *db, enum db_mode mode);     /* journal, sync and cache; after db_open */
enum err CHECKED db_verify(struct db *db); /* every statement prepares against this schema */
enum err CHECKED db_command(struct db *db, enum statement s); /* a statement without parameters */
enum err CHECKED db_script(struct db *db, const char *text);  /* a migration's statements */
/* Ends the queries that a work left open, and gives what the work's error must be. */
enum err db_settle(struct db *db, enum err result);
bool db_in_transaction(const struct db *db);
int64_t db_total_changes(const struct db *db);

/* Brings the schema to the last of the list. ERR_SCHEMA_NEWER, ERR_SCHEMA_CHANGED. */
enum err CHECKED migrate_run(
    struct db *db, const struct migration_text *list, size_t count, int64_t now);

#endif
