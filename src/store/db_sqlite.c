/*
 * Statements on SQLite. What always holds: a connection's first failure sticks until the work
 * ends, so a work that overlooks it cannot be committed; bound bytes are borrowed until
 * query_end and never stay bound; memory that SQLite gives back is wiped, since rows pass
 * through it.
 */
#include "store/engine.h"

#include "base/crypto.h"
#include "base/log.h"

#include <pthread.h>
#include <string.h>

static sqlite3_mem_methods plain_memory;
static pthread_once_t memory_once = PTHREAD_ONCE_INIT;

static void memory_wiped_free(void *p)
{
	if (p != NULL)
		secret_wipe(p, (size_t)plain_memory.xSize(p));
	plain_memory.xFree(p);
}

static void memory_setup(void)
{
	sqlite3_mem_methods wiping;
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain_memory) != SQLITE_OK)
		return;
	wiping = plain_memory;
	wiping.xFree = memory_wiped_free;
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &wiping) != SQLITE_OK)
		log_warn("sqlite memory is not wiped", NULL);
}

static enum err error_of(int rc)
{
	switch (rc) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID: return ERR_CONFLICT;
	default: break;
	}
	switch (rc & 0xff) {
	case SQLITE_NOMEM: return ERR_MEMORY;
	case SQLITE_BUSY: return ERR_BUSY;
	case SQLITE_FULL: return ERR_NO_SPACE;
	default: return ERR_STORE;
	}
}

static enum err db_fail(struct db *db, int rc, const char *name)
{
	enum err e = error_of(rc);
	if (e != ERR_CONFLICT)
		log_error("statement failed", "statement=%s code=%d reason=%s", name, rc,
		    sqlite3_errmsg(db->handle));
	if (db->failed == OK)
		db->failed = e;
	return e;
}

static enum err handle_setup(sqlite3 *handle, enum db_mode mode)
{
	int on = 1, off = 0, rc = SQLITE_OK;
	sqlite3_extended_result_codes(handle, 1);
	rc |= sqlite3_busy_timeout(handle, DB_BUSY_MS);
	rc |= sqlite3_db_config(handle, SQLITE_DBCONFIG_LOOKASIDE, NULL, 512, 64);
	rc |= sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_FKEY, on, NULL);
	rc |= sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, on, NULL);
	rc |= sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, off, NULL);
	rc |= sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, off, NULL);
	rc |= sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, off, NULL);
	rc |= sqlite3_wal_autocheckpoint(handle, mode == DB_WRITER ? DB_CHECKPOINT_PAGES : 0);
	return rc == SQLITE_OK ? OK : ERR_STORE;
}

enum err db_open(const char *path, enum db_mode mode, struct db **out)
{
	int flags = mode == DB_READER ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	(void)pthread_once(&memory_once, memory_setup);
	struct db *db = mem_alloc(sizeof(*db));
	ENSURE(db != NULL, ERR_MEMORY);
	int rc = sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK || handle_setup(db->handle, mode) != OK) {
		log_error("database cannot be opened", "code=%d reason=%s", rc,
		    db->handle == NULL ? "memory" : sqlite3_errmsg(db->handle));
		db_close(db);
		return rc == SQLITE_NOMEM ? ERR_MEMORY : ERR_STORE;
	}
	*out = db;
	return OK;
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (sqlite3_stmt *s; db->handle != NULL && (s = sqlite3_next_stmt(db->handle, NULL));)
		sqlite3_finalize(s);
	sqlite3_close(db->handle);
	mem_free(db, sizeof(*db));
}

enum err db_setup(struct db *db, enum db_mode mode)
{
	if (mode != DB_READER) {
		TRY(db_command(db, SQL_ENGINE_WAL));
		TRY(db_command(db, SQL_ENGINE_SYNCHRONOUS));
		TRY(db_command(db, SQL_ENGINE_WAL_LIMIT));
	}
	TRY(db_command(db, SQL_ENGINE_TEMPORARY));
	return db_command(db, SQL_ENGINE_CACHE);
}

enum err db_verify(struct db *db)
{
	for (int s = 0; s < SQL_COUNT_; s++) {
		sqlite3_stmt *stmt = NULL;
		int rc = sqlite3_prepare_v2(db->handle, statement_texts[s].text, -1, &stmt, NULL);
		sqlite3_finalize(stmt);
		if (rc != SQLITE_OK)
			return db_fail(db, rc, statement_texts[s].name);
	}
	return OK;
}

enum err db_command(struct db *db, enum statement s)
{
	struct query q;
	query_start(&q, db, s);
	return query_run(&q);
}

enum err db_script(struct db *db, const char *text)
{
	int rc = sqlite3_exec(db->handle, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? OK : db_fail(db, rc, "script");
}

enum err db_settle(struct db *db, enum err result)
{
	enum err failed = db->failed;
	if (db->open_queries > 0) {
		sqlite3_stmt *s = NULL;
		while ((s = sqlite3_next_stmt(db->handle, s)) != NULL)
			sqlite3_reset(s), sqlite3_clear_bindings(s);
		for (int i = 0; i < SQL_COUNT_; i++)
			db->slots[i].is_busy = false;
		db->open_queries = 0;
	}
	db->failed = OK;
	return result != OK ? result : failed;
}

bool db_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

int64_t db_total_changes(const struct db *db)
{
	return sqlite3_total_changes64(db->handle);
}

static sqlite3_stmt *query_handle(const struct query *q)
{
	return q->handle;
}

static void query_fail(struct query *q, int rc)
{
	enum err e = db_fail(q->db, rc, statement_texts[q->statement].name);
	if (q->failed == OK)
		q->failed = e;
}

/* A statement already running (a loop that calls itself) gets a copy of its own. */
void query_start(struct query *q, struct db *db, enum statement s)
{
	struct db_slot *slot = &db->slots[s];
	*q = (struct query){.db = db, .statement = s, .failed = db->failed};
	if (q->failed != OK)
		return;
	q->is_copy = slot->is_busy;
	if (slot->stmt == NULL || q->is_copy) {
		sqlite3_stmt *stmt = NULL;
		int rc = sqlite3_prepare_v3(db->handle, statement_texts[s].text, -1,
		    q->is_copy ? 0 : SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
		if (rc != SQLITE_OK) {
			query_fail(q, rc);
			return;
		}
		q->handle = stmt;
		if (!q->is_copy)
			slot->stmt = stmt;
	} else {
		q->handle = slot->stmt;
	}
	slot->is_busy = true;
	db->open_queries++;
}

static void query_bound(struct query *q, int rc)
{
	if (rc != SQLITE_OK)
		query_fail(q, rc);
}

void query_int(struct query *q, int64_t v)
{
	q->bound++;
	if (q->failed == OK)
		query_bound(q, sqlite3_bind_int64(query_handle(q), q->bound, v));
}

void query_text(struct query *q, const char *s)
{
	query_span(q, span_str(s));
}

void query_span(struct query *q, struct span text)
{
	q->bound++;
	if (q->failed == OK)
		query_bound(q, sqlite3_bind_text64(query_handle(q), q->bound,
				   (const char *)text.data, text.size, SQLITE_STATIC, SQLITE_UTF8));
}

void query_blob(struct query *q, struct span bytes)
{
	q->bound++;
	if (q->failed == OK)
		query_bound(q, sqlite3_bind_blob64(query_handle(q), q->bound, bytes.data,
				   bytes.size, SQLITE_STATIC));
}

void query_null(struct query *q)
{
	q->bound++;
	if (q->failed == OK)
		query_bound(q, sqlite3_bind_null(query_handle(q), q->bound));
}

void query_row(struct query *q, int64_t row)
{
	if (row == 0)
		query_null(q);
	else
		query_int(q, row);
}

bool query_next(struct query *q)
{
	if (q->failed != OK)
		return false;
	if (!q->is_stepped && q->bound != sqlite3_bind_parameter_count(query_handle(q))) {
		log_error("parameters bound", "statement=%s bound=%d",
		    statement_texts[q->statement].name, q->bound);
		query_fail(q, SQLITE_RANGE);
		return false;
	}
	q->is_stepped = true;
	int rc = sqlite3_step(query_handle(q));
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		query_fail(q, rc);
	return rc == SQLITE_ROW;
}

int64_t query_column_int(struct query *q, int column)
{
	return q->failed == OK ? sqlite3_column_int64(query_handle(q), column) : 0;
}

struct span query_column(struct query *q, int column)
{
	if (q->failed != OK)
		return SPAN_EMPTY;
	const void *data = sqlite3_column_blob(query_handle(q), column);
	return span_of(data, (size_t)sqlite3_column_bytes(query_handle(q), column));
}

bool query_column_is_null(struct query *q, int column)
{
	return q->failed != OK || sqlite3_column_type(query_handle(q), column) == SQLITE_NULL;
}

static void query_give_up(struct query *q, enum err e)
{
	if (q->failed == OK)
		q->failed = e;
	if (q->db->failed == OK)
		q->db->failed = e;
}

const char *query_column_text(struct query *q, int column, struct arena *arena)
{
	if (query_column_is_null(q, column))
		return NULL;
	const char *text = span_dup(arena, query_column(q, column));
	if (text == NULL)
		query_give_up(q, ERR_MEMORY);
	return text;
}

struct span query_column_copy(struct query *q, int column, struct arena *arena)
{
	struct span s = query_column(q, column);
	const char *copy = s.size == 0 ? NULL : span_dup(arena, s);
	if (s.size != 0 && copy == NULL)
		query_give_up(q, ERR_MEMORY);
	return copy == NULL ? SPAN_EMPTY : span_of(copy, s.size);
}

void query_column_bytes(struct query *q, int column, void *out, size_t size)
{
	struct span s = query_column(q, column);
	if (s.size == size)
		memcpy(out, s.data, size);
	else if (q->failed == OK)
		query_give_up(q, ERR_STORE);
}

enum err query_end(struct query *q)
{
	if (q->handle == NULL)
		return q->failed;
	if (q->db->open_queries > 0)
		q->db->open_queries--;
	if (q->is_copy) {
		sqlite3_finalize(query_handle(q));
	} else {
		sqlite3_reset(query_handle(q));
		sqlite3_clear_bindings(query_handle(q));
		q->db->slots[q->statement].is_busy = false;
	}
	q->handle = NULL;
	return q->failed;
}

enum err query_run(struct query *q)
{
	while (query_next(q))
		continue;
	return query_end(q);
}

enum err query_run_changing(struct query *q, enum err none)
{
	TRY(query_run(q));
	return query_changes(q->db) > 0 ? OK : none;
}

int64_t query_changes(struct db *db)
{
	return sqlite3_changes64(db->handle);
}
