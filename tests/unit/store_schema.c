/*
 * Does the schema only go forward, one way, and does every statement find its rows by an
 * index? Migrations are tried on lists of this test's own; plans on the real schema.
 */
#include "store_support.h"

#include "base/log.h"
#include "store/engine.h"

#include <fcntl.h>
#include <pthread.h>

static const struct migration_text list[] = {
    {1, "one", "CREATE TABLE one (a INTEGER PRIMARY KEY);"},
    {2, "two", "CREATE TABLE two (b INTEGER); INSERT INTO one (a) VALUES (5);"},
    {3, "bad", "CREATE TABLE three (c INTEGER); INSERT INTO nowhere VALUES (1);"},
};

static struct db *db;

static int setup(void **state)
{
	char path[PATH_MAX + 16];
	folder_make();
	snprintf(path, sizeof(path), "%s/test.db", folder);
	int fd = open(path, O_CREAT | O_RDWR, 0600);
	if (fd < 0 || close(fd) != 0)
		return -1;
	return db_open(path, DB_WRITER, &db) == OK && db_setup(db, DB_WRITER) == OK ? 0 : -1;
}

static int teardown(void **state)
{
	db_close(db);
	db = NULL;
	folder_remove();
	return 0;
}

static bool table_exists(const char *name)
{
	return sqlite3_table_column_metadata(
		   db->handle, NULL, name, NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

static void test_forward_and_again(void **state)
{
	assert_int_equal(migrate_run(db, list, 1, 10), OK);
	assert_true(table_exists("one") && !table_exists("two"));
	assert_int_equal(migrate_run(db, list, 2, 20), OK);
	assert_true(table_exists("two"));
	assert_int_equal(
	    migrate_run(db, list, 2, 30), OK); /* again would fail: the tables are there */
}

static void test_changed_is_refused(void **state)
{
	struct migration_text changed[2] = {list[0], list[1]};
	changed[0].text = "CREATE TABLE one (a INTEGER PRIMARY KEY );";
	assert_int_equal(migrate_run(db, list, 1, 10), OK);
	assert_int_equal(migrate_run(db, changed, 2, 20), ERR_SCHEMA_CHANGED);
	assert_false(table_exists("two"));
	assert_int_equal(migrate_run(db, list, 2, 30), OK);
}

static void test_newer_is_refused(void **state)
{
	assert_int_equal(migrate_run(db, list, 2, 10), OK);
	assert_int_equal(migrate_run(db, list, 1, 20), ERR_SCHEMA_NEWER);
}

static void test_failed_migration_leaves_nothing(void **state)
{
	assert_int_equal(migrate_run(db, list, 3, 10), ERR_STORE);
	assert_false(db_in_transaction(db));
	assert_false(table_exists("one") || table_exists("two") || table_exists("three"));
	assert_int_equal(migrate_run(db, list, 2, 20), OK);
}

static enum err work_newer(struct db *d, void *ctx)
{
	struct query q;
	query_start(&q, d, SQL_SCHEMA_ADD);
	query_int(&q, MIGRATION_COUNT + 1);
	query_text(&q, "of tomorrow");
	query_blob(&q, span_str("sum"));
	query_int(&q, 1);
	return query_run(&q);
}

static void test_store_of_tomorrow(void **state)
{
	struct store_config config = {.data = folder};
	struct store *s = store_start(false);
	assert_int_equal(store_write(s, work_newer, NULL), OK);
	store_close(s);
	s = NULL;
	assert_int_equal(store_open(&config, &s), ERR_SCHEMA_NEWER);
	assert_null(s);
}

static void *open_main(void *arg)
{
	struct store_config config = {.data = folder, .is_tool = arg != NULL};
	struct store *s = NULL;
	enum err e = store_open(&config, &s);
	store_close(s);
	return e == OK ? folder : NULL;
}

static void test_opening_at_once(void **state)
{
	pthread_t threads[6];
	void *result;
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, open_main, i % 2 ? folder : NULL), 0);
	for (size_t i = 0; i < 6; i++) {
		pthread_join(threads[i], &result);
		assert_ptr_equal(result, folder);
	}
}

static void test_one_server_at_a_time(void **state)
{
	struct store_config config = {.data = folder};
	struct store *s = store_start(false), *second = NULL;
	assert_int_equal(store_open(&config, &second), ERR_CONFLICT);
	assert_null(second);
	store_close(s);
	assert_int_equal(store_open(&config, &second), OK);
	store_close(second);
}

/* "SCAN x" walks a whole table or index. Only the list of migrations may be walked, and the list of
 * tenants that job_waiting has made by a seek for each; and the archive's sweep takes so many rows
 * from its beginning. */
static bool plan_is_good(sqlite3 *handle, enum statement s)
{
	char text[16384];
	sqlite3_stmt *stmt = NULL;
	bool is_good = true;
	snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", statement_texts[s].text);
	if (sqlite3_prepare_v2(handle, text, -1, &stmt, NULL) != SQLITE_OK)
		return false;
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(stmt, 3);
		bool is_scan = strncmp(detail, "SCAN ", 5) == 0 &&
			       strcmp(detail, "SCAN CONSTANT ROW") != 0 &&
			       strcmp(detail, "SCAN tenant") != 0 &&
			       !(s == SQL_EXCHANGE_SWEEP && strcmp(detail, "SCAN exchange") == 0) &&
			       strncmp(detail, "SCAN schema_migration", 21) != 0;
		if (is_scan)
			print_error("%s: %s\n", statement_texts[s].name, detail);
		is_good = is_good && !is_scan;
	}
	sqlite3_finalize(stmt);
	return is_good;
}

static bool is_engine(enum statement s)
{
	return strncmp(statement_texts[s].name, "engine_", 7) == 0;
}

static void test_no_statement_scans(void **state)
{
	unsigned bad = 0;
	assert_int_equal(migrate_run(db, migration_texts, MIGRATION_COUNT, 1), OK);
	for (int s = 0; s < SQL_COUNT_; s++)
		bad +=
		    !is_engine((enum statement)s) && !plan_is_good(db->handle, (enum statement)s);
	assert_int_equal(bad, 0);
}

/* The check itself sees a scan: without its indices the next job is looked for in the whole table.
 */
static void test_scan_is_noticed(void **state)
{
	assert_int_equal(migrate_run(db, migration_texts, MIGRATION_COUNT, 1), OK);
	assert_true(plan_is_good(db->handle, SQL_JOB_NEXT_TIME));
	assert_int_equal(db_script(db, "DROP INDEX job_due; DROP INDEX job_turn;"), OK);
	assert_false(plan_is_good(db->handle, SQL_JOB_NEXT_TIME));
	assert_int_equal(db_script(db, "DROP TABLE job;"), OK);
	assert_int_not_equal(db_verify(db), OK);
}

int main(void)
{
#define SCHEMA_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    SCHEMA_TEST(test_forward_and_again),
	    SCHEMA_TEST(test_changed_is_refused),
	    SCHEMA_TEST(test_newer_is_refused),
	    SCHEMA_TEST(test_failed_migration_leaves_nothing),
	    SCHEMA_TEST(test_store_of_tomorrow),
	    SCHEMA_TEST(test_opening_at_once),
	    SCHEMA_TEST(test_one_server_at_a_time),
	    SCHEMA_TEST(test_no_statement_scans),
	    SCHEMA_TEST(test_scan_is_noticed),
	};
	log_threshold(LOG_LEVEL_ERROR + 1); /* the failures here are wanted */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
