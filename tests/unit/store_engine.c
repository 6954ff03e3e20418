/*
 * Is what a caller was told kept, and is what failed gone? Do many callers share a sync, and
 * does a sync that fails reach every one of them? The disk's part is played by the real disk;
 * fsync and fdatasync pass through this program, which counts them and can let them fail.
 */
#include "store_support.h"

#include "base/log.h"
#include "store/engine.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define CALLERS 32
#define EACH 50

static atomic_uint syncs;
static atomic_bool sync_fails;

__attribute__((visibility("default"))) int fdatasync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	if (atomic_load(&sync_fails)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	return fdatasync(fd);
}

struct note {
	char name[64];
	enum err then;  /* what the work says at its end */
	bool is_broken; /* and overlooks a failed statement before it */
};

static atomic_bool is_inside;
static atomic_uint overlaps; /* works that met another on the connection */

static enum err work_note(struct db *db, void *ctx)
{
	struct note *n = ctx;
	struct stored_setting s = {.name = n->name, .value = span_str("x")};
	bool is_met = atomic_exchange(&is_inside, true);
	enum err e = store_setting_set(db, organisation, &s);
	atomic_store(&is_inside, false);
	atomic_fetch_add(&overlaps, is_met);
	TRY(e);
	if (n->is_broken) {
		struct query q;
		query_start(&q, db, SQL_SETTING_SET);
		query_int(&q, organisation);
		query_null(&q);
		query_null(&q);
		query_null(&q);
		(void)query_next(&q);
	}
	return n->then;
}

static enum err work_look(struct db *db, void *ctx)
{
	struct arena *a CLEANUP(arena_freep) = arena_new(4096);
	struct stored_setting s;
	return store_setting_get(db, organisation, ctx, a, &s);
}

static void test_error_keeps_nothing(void **state)
{
	struct note n = {.name = "kept", .then = OK}, bad = {.name = "gone", .then = ERR_CPF_WRONG};
	assert_int_equal(store_write(store, work_note, &n), OK);
	assert_int_equal(store_write(store, work_note, &bad), ERR_CPF_WRONG);
	assert_int_equal(store_read(store, work_look, n.name), OK);
	assert_int_equal(store_read(store, work_look, bad.name), ERR_NOT_FOUND);
}

static void test_overlooked_failure_keeps_nothing(void **state)
{
	struct note bad = {.name = "gone", .then = OK, .is_broken = true};
	struct note n = {.name = "after", .then = OK};
	assert_int_equal(store_write(store, work_note, &bad), ERR_STORE);
	assert_int_equal(store_read(store, work_look, bad.name), ERR_NOT_FOUND);
	assert_int_equal(store_write(store, work_note, &n), OK);
	assert_int_equal(store_read(store, work_look, n.name), OK);
}

static enum err work_twice(struct db *db, void *ctx)
{
	struct stored_user u = {.external_id = "u1", .email = "a@b.c", .name = "A"};
	TRY(store_user_add(db, &u));
	return store_user_add(db, &u);
}

static void test_conflict_is_told(void **state)
{
	assert_int_equal(store_write(store, work_twice, NULL), ERR_CONFLICT);
}

static enum err work_unbound(struct db *db, void *ctx)
{
	struct query q;
	query_start(&q, db, SQL_SETTING_GET);
	query_int(&q, 1);
	return query_run(&q);
}

static void test_unbound_parameter_is_refused(void **state)
{
	assert_int_equal(store_read(store, work_unbound, NULL), ERR_STORE);
}

static enum err work_reader_writes(struct db *db, void *ctx)
{
	struct note n = {.name = "by a reader", .then = OK};
	return work_note(db, &n);
}

static void test_reader_cannot_write(void **state)
{
	assert_int_equal(store_read(store, work_reader_writes, NULL), ERR_STORE);
}

/* The same statement inside its own loop, and a query left open by a careless work. */
static enum err work_nested(struct db *db, void *ctx)
{
	struct query outer, inner;
	query_start(&outer, db, SQL_ORGANISATION_LIST);
	query_int(&outer, 0);
	query_int(&outer, 10);
	ENSURE(query_next(&outer), ERR_STORE);
	query_start(&inner, db, SQL_ORGANISATION_LIST);
	query_int(&inner, 0);
	query_int(&inner, 10);
	ENSURE(query_next(&inner), ERR_STORE);
	int64_t same = query_column_int(&inner, 0);
	TRY(query_end(&inner));
	ENSURE(same == query_column_int(&outer, 0), ERR_STORE);
	return OK;
}

static void test_nested_and_left_open(void **state)
{
	for (int i = 0; i < 3; i++) {
		assert_int_equal(store_write(store, work_nested, NULL), OK);
		assert_int_equal(store_read(store, work_nested, NULL), OK);
	}
}

struct caller {
	pthread_t thread;
	int number;
	unsigned ok, wrong;
};

static void *caller_main(void *arg)
{
	struct caller *c = arg;
	for (int i = 0; i < EACH; i++) {
		struct note n = {.then = i % 5 == 0 ? ERR_CPF_WRONG : OK};
		snprintf(
		    n.name, sizeof(n.name), "%s.%d.%d", n.then == OK ? "ok" : "no", c->number, i);
		enum err e = store_write(store, work_note, &n);
		c->ok += e == OK && e == n.then;
		c->wrong += e != n.then;
		enum err seen = store_read(store, work_look, n.name);
		c->wrong += (e == OK ? OK : ERR_NOT_FOUND) != seen;
	}
	return NULL;
}

static void callers_run(struct caller callers[CALLERS])
{
	for (int i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){.number = i};
		assert_int_equal(
		    pthread_create(&callers[i].thread, NULL, caller_main, &callers[i]), 0);
	}
	for (int i = 0; i < CALLERS; i++)
		pthread_join(callers[i].thread, NULL);
}

static void test_callers_share_syncs(void **state)
{
	struct caller callers[CALLERS];
	struct store_counts before, after;
	store_counts(store, &before);
	unsigned synced = atomic_load(&syncs);
	callers_run(callers);
	synced = atomic_load(&syncs) - synced;
	store_counts(store, &after);
	for (int i = 0; i < CALLERS; i++) {
		assert_int_equal(callers[i].wrong, 0);
		assert_int_equal(callers[i].ok, EACH - EACH / 5);
	}
	uint64_t kept = after.transactions - before.transactions;
	uint64_t commits = after.commits - before.commits;
	assert_int_equal(kept, CALLERS * (EACH - EACH / 5));
	assert_true(synced >= commits);   /* each commit that wrote reached the disk */
	assert_true(commits * 2 <= kept); /* loose: the bench measures, this only sees sharing */
	assert_int_equal(atomic_load(&overlaps), 0);
}

/* One caller runs its work itself, two may meet: they alternate here. */
static void test_one_and_two_callers(void **state)
{
	struct caller callers[2] = {{.number = 1}, {.number = 2}};
	struct store_counts before, after;
	store_counts(store, &before);
	for (int round = 0; round < 10; round++) {
		caller_main(&callers[0]);
		for (int i = 0; i < 2; i++)
			assert_int_equal(
			    pthread_create(&callers[i].thread, NULL, caller_main, &callers[i]), 0);
		for (int i = 0; i < 2; i++)
			pthread_join(callers[i].thread, NULL);
	}
	store_counts(store, &after);
	assert_int_equal(callers[0].wrong + callers[1].wrong, 0);
	assert_int_equal(after.transactions - before.transactions, callers[0].ok + callers[1].ok);
	assert_int_equal(callers[0].ok + callers[1].ok, 30 * (EACH - EACH / 5));
	assert_int_equal(atomic_load(&overlaps), 0);
}

static void test_failed_sync_fails_every_caller(void **state)
{
	struct caller callers[CALLERS];
	struct note n = {.name = "while the disk fails", .then = OK};
	atomic_store(&sync_fails, true);
	assert_int_equal(store_write(store, work_note, &n), ERR_STORE);
	callers_run(callers);
	atomic_store(&sync_fails, false);
	for (int i = 0; i < CALLERS; i++)
		assert_int_equal(callers[i].ok, 0);
	assert_int_equal(store_read(store, work_look, n.name), ERR_NOT_FOUND);
	assert_int_equal(store_write(store, work_note, &n), OK);
	assert_int_equal(store_read(store, work_look, n.name), OK);
}

static void test_tool_beside_server(void **state)
{
	struct note a = {.name = "by the tool", .then = OK},
		    b = {.name = "by the server", .then = OK};
	struct store *tool = store_start(true);
	assert_int_equal(store_write(tool, work_note, &a), OK);
	assert_int_equal(store_write(store, work_note, &b), OK);
	assert_int_equal(store_read(store, work_look, a.name), OK);
	assert_int_equal(store_read(tool, work_look, b.name), OK);
	store_close(tool);
}

#define BIG_VALUE (5000u * 4096u) /* more pages than the log may gather */

static enum err work_big(struct db *db, void *ctx)
{
	struct stored_setting s = {.name = "big", .value = span_of(ctx, BIG_VALUE)};
	return store_setting_set(db, organisation, &s);
}

static off_t database_size(void)
{
	char path[PATH_MAX + 64];
	struct stat st;
	snprintf(path, sizeof(path), "%s/db/chirograph.db", folder);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void test_only_the_server_folds_the_log(void **state)
{
	struct note n = {.name = "by the server", .then = OK};
	struct store *tool = store_start(true);
	uint8_t *big = mem_alloc(BIG_VALUE);
	assert_non_null(big);
	assert_int_equal(store_write(tool, work_big, big), OK);
	mem_free(big, BIG_VALUE);
	assert_true(database_size() < (off_t)BIG_VALUE);
	assert_int_equal(store_write(store, work_note, &n), OK);
	assert_true(database_size() >= (off_t)BIG_VALUE);
	store_close(tool);
}

static void test_files_are_private(void **state)
{
	static const char *const names[] = {
	    "chirograph.db", "chirograph.db-wal", "chirograph.db-shm"};
	char path[PATH_MAX + 64];
	struct stat st;
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/db/%s", folder, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 077, 0);
	}
}

/* The child writes and says each number only after its commit; then it is killed in the middle. */
static void child_write(int out)
{
	struct store *s = store_start(false);
	for (uint32_t i = 0;; i++) {
		struct note n = {.then = OK};
		snprintf(n.name, sizeof(n.name), "killed.%u", i);
		if (store_write(s, work_note, &n) != OK || write(out, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

static void test_kill_loses_nothing(void **state)
{
	int fds[2], status;
	uint32_t i, last = 0, count = 0;
	char name[64];
	store_close(store);
	store = NULL;
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0)
		child_write(fds[1]);
	close(fds[1]);
	while (count < 200 && read(fds[0], &i, sizeof(i)) == sizeof(i))
		last = i, count++;
	kill(child, SIGKILL);
	while (read(fds[0], &i, sizeof(i)) == sizeof(i))
		last = i;
	waitpid(child, &status, 0);
	close(fds[0]);
	assert_true(WIFSIGNALED(status) && last >= 199);
	store = store_start(false);
	for (i = 0; i <= last; i++) {
		snprintf(name, sizeof(name), "killed.%u", i);
		assert_int_equal(store_read(store, work_look, name), OK);
	}
}

/* Every allocation of an open and a write fails once: an error, never a crash, never half. */
static void test_every_allocation_fails_once(void **state)
{
	struct note n = {.name = "torture", .then = OK};
	store_close(store);
	store = NULL;
	enum err e = ERR_MEMORY;
	for (unsigned long nth = 1; e != OK && nth < 100; nth++) {
		struct store_config config = {.data = folder};
		mem_fail_at(nth);
		e = store_open(&config, &store);
		mem_fail_at(0);
		assert_true(e == OK || e == ERR_MEMORY);
	}
	assert_int_equal(e, OK);
	assert_int_equal(store_write(store, work_note, &n), OK);
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
	log_threshold(LOG_LEVEL_ERROR + 1); /* the failures here are wanted */
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_error_keeps_nothing),
	    STORE_TEST(test_overlooked_failure_keeps_nothing),
	    STORE_TEST(test_conflict_is_told),
	    STORE_TEST(test_unbound_parameter_is_refused),
	    STORE_TEST(test_reader_cannot_write),
	    STORE_TEST(test_nested_and_left_open),
	    STORE_TEST(test_callers_share_syncs),
	    STORE_TEST(test_one_and_two_callers),
	    STORE_TEST(test_failed_sync_fails_every_caller),
	    STORE_TEST(test_tool_beside_server),
	    STORE_TEST(test_only_the_server_folds_the_log),
	    STORE_TEST(test_files_are_private),
	    STORE_TEST(test_kill_loses_nothing),
	    STORE_TEST(test_every_allocation_fails_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
