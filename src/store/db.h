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
	int bound;
	enum err failed;
};

void query_start(struct query *q, struct db *db, enum statement s);
void query_int(struct query *q, int64_t v);
void query_text(struct query *q, const char *s); /* NULL binds null */
void query_span(struct query *q, struct span text);
void query_blob(
    struct query *q, struct span bytes); /* data NULL binds null; borrowed until query_end */
void query_null(struct query *q);
bool query_next(struct query *q); /* true: a row stands ready */
int64_t query_column_int(struct query *q, int column);
struct span query_column(
    struct query *q, int column); /* text or blob, borrowed until the next step */
bool query_column_is_null(struct query *q, int column);
enum err CHECKED query_end(
    struct query *q); /* ERR_CONFLICT on a unique constraint, ERR_STORE otherwise */
enum err CHECKED query_run(
    struct query *q);                 /* for statements without rows: step to the end, then end */
int64_t query_changes(struct db *db); /* rows changed by the last statement */

#endif
