/*
 * Running statements, the same for SQLite and (later) PostgreSQL. A query has a sticky
 * error: bind, step, read columns, and look once at the end.
 *
 *	struct query q;
 *	query_start(&q, db, SQL_ENVELOPE_FIND);
 *	query_int(&q, organisation);
 *	query_text(&q, id);
 *	if (query_next(&q))
 *		row = query_column_int(&q, 0);
 *	TRY(query_end(&q));
 */
#ifndef CHIROGRAPH_STORE_DB_H
#define CHIROGRAPH_STORE_DB_H

#include "store/store.h"
#include "statements.h" /* generated: enum statement { SQL_… } */

struct query {
	struct db *db;
	void *handle;
	enum statement statement;
	int bound;
	bool is_copy, is_stepped;
	enum err failed;
};

void query_start(struct query *q, struct db *db, enum statement s);
void query_int(struct query *q, int64_t v);
/* Texts and bytes are borrowed until query_end. NULL data binds null. */
void query_text(struct query *q, const char *s);
void query_span(struct query *q, struct span text);
void query_blob(struct query *q, struct span bytes);
void query_null(struct query *q);
void query_row(struct query *q, int64_t row); /* 0 binds null */
/* True: a row stands ready. */
bool query_next(struct query *q);
int64_t query_column_int(struct query *q, int column);
/* Text or blob, borrowed until the next step; empty for null. */
struct span query_column(struct query *q, int column);
bool query_column_is_null(struct query *q, int column);
/* Copies that outlive the query: text NUL ended, NULL for null. Out of memory fails the query. */
const char *query_column_text(struct query *q, int column, struct arena *arena);
struct span query_column_copy(struct query *q, int column, struct arena *arena);
/* Exactly size bytes, as hashes and keys are; another size fails the query (ERR_STORE). */
void query_column_bytes(struct query *q, int column, void *out, size_t size);
/* ERR_CONFLICT on a unique constraint, ERR_STORE otherwise. Any failure also condemns the whole
 * work (as PostgreSQL would): to expect a conflict, write ON CONFLICT and look at query_changes. */
enum err CHECKED query_end(struct query *q);
/* For statements without rows: step to the end, then end. */
enum err CHECKED query_run(struct query *q);
/* The same, and `none` when no row was changed. */
enum err CHECKED query_run_changing(struct query *q, enum err none);
/* Whoever listens (store_listen) hears of this channel when the work is committed. */
void db_announce(struct db *db, uint64_t channel);
/* Rows changed by the last statement. */
int64_t query_changes(struct db *db);

#endif
