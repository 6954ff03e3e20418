/*
 * The schema's way forward. Migrations are numbered, applied once, never changed: the table
 * keeps each one's checksum and a store whose history differs from the program's is refused,
 * as is one that a newer program made. All missing migrations go in with one transaction, so a
 * store is never between two schemas.
 */
#include "store/engine.h"

#include "base/crypto.h"
#include "base/log.h"

static enum err migration_known(
    struct query *q, const struct migration_text *list, size_t count, size_t applied)
{
	uint8_t sum[SHA256_SIZE];
	int64_t number = query_column_int(q, 0);
	struct span kept = query_column(q, 2);
	if (number > (int64_t)count)
		log_error("the store was made by a newer version", "migration=%lld known=%zu",
		    (long long)number, count);
	ENSURE(number <= (int64_t)count, ERR_SCHEMA_NEWER);
	ENSURE(number == (int64_t)applied + 1, ERR_SCHEMA_CHANGED);
	TRY(sha256(span_str(list[applied].text), sum));
	if (kept.size != sizeof(sum) || !ct_equal(kept.data, sum, sizeof(sum))) {
		log_error("an applied migration was changed since", "migration=%u name=%s",
		    list[applied].number, list[applied].name);
		return ERR_SCHEMA_CHANGED;
	}
	return OK;
}

static enum err migrations_applied(
    struct db *db, const struct migration_text *list, size_t count, size_t *applied)
{
	struct query q;
	enum err e = OK;
	*applied = 0;
	query_start(&q, db, SQL_SCHEMA_LIST);
	while (e == OK && query_next(&q)) {
		e = migration_known(&q, list, count, *applied);
		*applied += 1;
	}
	enum err ended = query_end(&q);
	return e != OK ? e : ended;
}

static enum err migration_apply(struct db *db, const struct migration_text *m, int64_t now)
{
	struct query q;
	uint8_t sum[SHA256_SIZE];
	TRY(sha256(span_str(m->text), sum));
	TRY(db_script(db, m->text));
	query_start(&q, db, SQL_SCHEMA_ADD);
	query_int(&q, m->number);
	query_text(&q, m->name);
	query_blob(&q, span_of(sum, sizeof(sum)));
	query_int(&q, now);
	return query_run(&q);
}

static enum err migrations_apply(
    struct db *db, const struct migration_text *list, size_t count, int64_t now)
{
	size_t applied;
	TRY(db_command(db, SQL_SCHEMA_TABLE));
	TRY(migrations_applied(db, list, count, &applied));
	for (size_t i = applied; i < count; i++) {
		TRY(migration_apply(db, &list[i], now));
		log_info("migration applied", "number=%u name=%s", list[i].number, list[i].name);
	}
	return OK;
}

enum err migrate_run(struct db *db, const struct migration_text *list, size_t count, int64_t now)
{
	TRY(db_command(db, SQL_ENGINE_BEGIN_EXCLUSIVE));
	enum err e = db_settle(db, migrations_apply(db, list, count, now));
	if (e == OK)
		e = db_command(db, SQL_ENGINE_COMMIT);
	if (e != OK && db_in_transaction(db)) {
		enum err undone = db_settle(db, db_command(db, SQL_ENGINE_ROLLBACK));
		if (undone != OK)
			log_error("migration not rolled back", "error=%s", err_symbol(undone));
	}
	return db_settle(db, e);
}
