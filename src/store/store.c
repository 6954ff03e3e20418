/*
 * The writer thread and the readers' pool. Callers queue their work and sleep; the writer takes
 * what is queued, runs each piece in a savepoint of one transaction, commits once and wakes them.
 * While one batch is being synced the next one gathers, and a batch waits a moment until it is as
 * large as the last one was, so the number of syncs falls as the load grows; a lone caller waits
 * for company once at most. Where nobody shares commits, a caller that finds the writer idle runs
 * its work itself, which spares two wake-ups. What always holds: one thread at a time has the
 * connection; a caller hears OK only after the commit that holds its work is on disk, and a failed
 * commit is every caller's failure.
 */
#include "store/engine.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BATCH_MAX 256
#define GATHER_NS 1000000 /* how long a batch waits to be as large as the last */
#define READERS_MAX 8
#define PATH_SIZE 4096
#define GUARD_WAIT_MS 5000

struct work_item {
	store_work work;
	void *ctx;
	enum err result;
	bool is_run;
	sem_t done;
	struct work_item *next;
};

struct store {
	struct db *writer;
	bool is_tool, has_thread;
	int guard; /* locked while a server has the store; -1: a tool */
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below; in a tool, also the writer */
	pthread_cond_t queued;
	struct work_item *first, *last;
	unsigned queued_count, last_batch;
	bool is_busy; /* a batch runs: the writer's, or a caller's own */
	bool is_closing;
	pthread_cond_t reader_free;
	struct db *idle;
	unsigned readers;
	atomic_uint_fast64_t transactions, commits;
	void (*heard)(void *ctx, uint64_t channel);
	void *heard_ctx;
	char path[PATH_SIZE];
};

/* One work in its savepoint. Its error, or that of a statement it overlooked. */
static enum err work_run(struct db *db, struct work_item *item)
{
	TRY(db_settle(db, db_command(db, SQL_ENGINE_SAVEPOINT)));
	enum err e = db_settle(db, item->work(db, item->ctx));
	ENSURE(db_in_transaction(db), e != OK ? e : ERR_STORE);
	enum err undone = OK;
	if (e != OK)
		undone = db_settle(db, db_command(db, SQL_ENGINE_ROLLBACK_WORK));
	enum err released = db_settle(db, db_command(db, SQL_ENGINE_RELEASE));
	if (undone != OK || released != OK)
		(void)db_settle(db, db_command(db, SQL_ENGINE_ROLLBACK));
	return e != OK ? e : released;
}

/* Runs the works of an open transaction and commits. Not OK: nothing of the batch was kept. */
static enum err batch_commit(struct store *s, struct work_item *batch)
{
	struct db *db = s->writer;
	uint64_t kept = 0;
	int64_t before = db_total_changes(db);
	for (struct work_item *i = batch; i != NULL; i = i->next) {
		i->result = work_run(db, i);
		i->is_run = true;
		ENSURE(db_in_transaction(db), ERR_STORE);
		kept += i->result == OK;
	}
	TRY(db_settle(db, db_command(db, SQL_ENGINE_COMMIT)));
	atomic_fetch_add(&s->transactions, kept);
	if (db_total_changes(db) != before)
		atomic_fetch_add(&s->commits, 1);
	return OK;
}

void db_announce(struct db *db, uint64_t channel)
{
	for (size_t i = 0; i < db->announced_count && i < DB_ANNOUNCEMENTS; i++)
		if (db->announced[i] == channel)
			return;
	if (db->announced_count < DB_ANNOUNCEMENTS)
		db->announced[db->announced_count] = channel;
	db->announced_count++;
}

void store_listen(struct store *s, void (*heard)(void *ctx, uint64_t channel), void *ctx)
{
	pthread_mutex_lock(&s->lock);
	s->heard = heard;
	s->heard_ctx = ctx;
	pthread_mutex_unlock(&s->lock);
}

/* What a work announced that came to nothing is told too: whoever hears it looks, and finds none.
 */
static void announcements_tell(struct store *s)
{
	struct db *db = s->writer;
	pthread_mutex_lock(&s->lock);
	void (*heard)(void *ctx, uint64_t channel) = s->heard;
	void *ctx = s->heard_ctx;
	pthread_mutex_unlock(&s->lock);
	if (heard == NULL)
		return;
	if (db->announced_count > DB_ANNOUNCEMENTS)
		heard(ctx, 0);
	else
		for (size_t i = 0; i < db->announced_count; i++)
			heard(ctx, db->announced[i]);
}

static void batch_run(struct store *s, struct work_item *batch)
{
	struct db *db = s->writer;
	db->announced_count = 0;
	enum err e = db_settle(db, db_command(db, SQL_ENGINE_BEGIN_WRITE));
	if (e == OK)
		e = batch_commit(s, batch);
	if (e != OK && db_in_transaction(db))
		(void)db_settle(db, db_command(db, SQL_ENGINE_ROLLBACK));
	if (e == OK && db->announced_count > 0 && !s->is_tool)
		announcements_tell(s);
	if (e == OK)
		return;
	log_error("batch not committed", "error=%s", err_symbol(e));
	for (struct work_item *i = batch; i != NULL; i = i->next)
		if (!i->is_run || i->result == OK)
			i->result = e == ERR_BUSY || e == ERR_NO_SPACE ? e : ERR_STORE;
}

/* Waits for work, then for as many works as the last batch had: they are likely on their way. */
static void batch_await(struct store *s)
{
	struct timespec until;
	while (s->is_busy || (s->first == NULL && !s->is_closing))
		pthread_cond_wait(&s->queued, &s->lock);
	if (s->queued_count >= s->last_batch || s->is_closing)
		return;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GATHER_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	/* While it gathers, nobody finds it idle: the queue is not empty. */
	while (s->queued_count < s->last_batch && !s->is_closing)
		if (pthread_cond_timedwait(&s->queued, &s->lock, &until) != 0)
			return;
}

/* NULL when the store closes and nothing is left. */
static struct work_item *batch_take(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	s->is_busy = false;
	batch_await(s);
	struct work_item *batch = s->first, *end = batch;
	unsigned n = batch != NULL;
	for (; end != NULL && end->next != NULL && n < BATCH_MAX; n++)
		end = end->next;
	if (end != NULL) {
		s->first = end->next;
		end->next = NULL;
	}
	s->queued_count -= n;
	s->last_batch = n;
	s->is_busy = n > 0;
	pthread_mutex_unlock(&s->lock);
	return batch;
}

static void *writer_main(void *arg)
{
	struct store *s = arg;
	for (struct work_item *batch; (batch = batch_take(s)) != NULL;) {
		batch_run(s, batch);
		while (batch != NULL) {
			struct work_item *next =
			    batch->next; /* an item is gone once its caller wakes */
			sem_post(&batch->done);
			batch = next;
		}
	}
	return NULL;
}

/* True: nobody else writes now or did with the last one, and the connection is the caller's. */
static bool writer_borrow(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	bool is_alone = !s->is_busy && s->first == NULL && s->last_batch <= 1;
	if (is_alone)
		s->is_busy = true;
	pthread_mutex_unlock(&s->lock);
	return is_alone;
}

/* The writer looks again when this is over. */
static enum err write_alone(struct store *s, struct work_item *item)
{
	batch_run(s, item);
	pthread_mutex_lock(&s->lock);
	s->is_busy = false;
	if (s->first != NULL || s->is_closing)
		pthread_cond_signal(&s->queued);
	pthread_mutex_unlock(&s->lock);
	return item->result;
}

static enum err write_queued(struct store *s, struct work_item *item)
{
	ENSURE(sem_init(&item->done, 0, 0) == 0, ERR_STORE);
	pthread_mutex_lock(&s->lock);
	if (s->first == NULL)
		s->first = item;
	else
		s->last->next = item;
	s->last = item;
	s->queued_count++;
	if (s->queued_count == 1 || s->queued_count >= s->last_batch)
		pthread_cond_signal(&s->queued);
	pthread_mutex_unlock(&s->lock);
	while (sem_wait(&item->done) != 0 && errno == EINTR)
		continue;
	sem_destroy(&item->done);
	return item->result;
}

enum err store_write(struct store *s, store_work work, void *ctx)
{
	struct work_item item = {.work = work, .ctx = ctx, .result = ERR_STORE};
	if (!s->is_tool)
		return writer_borrow(s) ? write_alone(s, &item) : write_queued(s, &item);
	pthread_mutex_lock(&s->lock);
	batch_run(s, &item);
	pthread_mutex_unlock(&s->lock);
	return item.result;
}

static enum err reader_open(struct store *s, struct db **out)
{
	TRY(db_open(s->path, DB_READER, out));
	enum err e = db_setup(*out, DB_READER);
	if (e != OK)
		db_close(*out);
	return e;
}

/* The reader last used comes first, so a quiet store touches one connection's memory. */
static enum err reader_take(struct store *s, struct db **out)
{
	pthread_mutex_lock(&s->lock);
	while (s->idle == NULL && s->readers == READERS_MAX)
		pthread_cond_wait(&s->reader_free, &s->lock);
	*out = s->idle;
	if (*out != NULL)
		s->idle = (*out)->next;
	else
		s->readers++;
	pthread_mutex_unlock(&s->lock);
	if (*out != NULL)
		return OK;
	enum err e = reader_open(s, out);
	if (e == OK)
		return OK;
	pthread_mutex_lock(&s->lock);
	s->readers--;
	pthread_cond_signal(&s->reader_free);
	pthread_mutex_unlock(&s->lock);
	return e;
}

static void reader_give(struct store *s, struct db *db)
{
	pthread_mutex_lock(&s->lock);
	db->next = s->idle;
	s->idle = db;
	pthread_cond_signal(&s->reader_free);
	pthread_mutex_unlock(&s->lock);
}

enum err store_read(struct store *s, store_work work, void *ctx)
{
	struct db *db = NULL;
	TRY(reader_take(s, &db));
	enum err e = db_settle(db, db_command(db, SQL_ENGINE_BEGIN_READ));
	if (e == OK)
		e = db_settle(db, work(db, ctx));
	if (db_in_transaction(db)) {
		enum err ended = db_settle(db, db_command(db, SQL_ENGINE_ROLLBACK));
		e = e != OK ? e : ended;
	}
	reader_give(s, db);
	return e;
}

void store_counts(struct store *s, struct store_counts *out)
{
	out->transactions = atomic_load(&s->transactions);
	out->commits = atomic_load(&s->commits);
}

static enum err file_create(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ENSURE(fd >= 0, ERR_IO);
	int closed = close(fd);
	ENSURE(closed == 0, ERR_IO);
	return OK;
}

/* Held while the schema is looked at, so that two programs starting at once take turns. */
static enum err schema_lock(const char *data, int *out)
{
	char path[PATH_SIZE];
	int n = snprintf(path, sizeof(path), "%s/db/lock", data);
	ENSURE(n > 0 && (size_t)n < sizeof(path), ERR_IO);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ENSURE(fd >= 0, ERR_IO);
	int rc;
	while ((rc = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
		continue;
	if (rc != 0)
		close(fd);
	ENSURE(rc == 0, ERR_IO);
	*out = fd;
	return OK;
}

/*
 * One server has a store at a time: leases of a dead one are given out anew, which must not happen
 * while it lives. The one before may still be dying.
 */
static enum err guard_take(struct store *s, const char *data)
{
	static const struct timespec moment = {0, 20 * 1000000};
	int64_t end = clock_monotonic() + GUARD_WAIT_MS;
	char path[PATH_SIZE];
	int n = snprintf(path, sizeof(path), "%s/db/server", data);
	ENSURE(n > 0 && (size_t)n < sizeof(path), ERR_IO);
	s->guard = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ENSURE(s->guard >= 0, ERR_IO);
	while (flock(s->guard, LOCK_EX | LOCK_NB) != 0) {
		ENSURE(errno == EWOULDBLOCK || errno == EINTR, ERR_IO);
		ENSURE(clock_monotonic() < end, ERR_CONFLICT);
		nanosleep(&moment, NULL);
	}
	return OK;
}

static enum err database_open(struct store *s)
{
	enum db_mode mode = s->is_tool ? DB_TOOL : DB_WRITER;
	TRY(file_create(s->path));
	TRY(db_open(s->path, mode, &s->writer));
	TRY(db_setup(s->writer, mode));
	TRY(migrate_run(s->writer, migration_texts, MIGRATION_COUNT, clock_now()));
	TRY(db_settle(s->writer, db_verify(s->writer)));
	/* Preparing a PRAGMA may already run it: set up again what the check touched. */
	return db_settle(s->writer, db_setup(s->writer, mode));
}

static enum err store_start(struct store *s, const struct store_config *config)
{
	int lock = -1;
	int n = snprintf(s->path, sizeof(s->path), "%s/db", config->data);
	ENSURE(n > 0 && (size_t)n < sizeof(s->path), ERR_IO);
	ENSURE(mkdir(s->path, 0700) == 0 || errno == EEXIST, ERR_IO);
	n = snprintf(s->path, sizeof(s->path), "%s/db/chirograph.db", config->data);
	ENSURE(n > 0 && (size_t)n < sizeof(s->path), ERR_IO);
	if (!s->is_tool)
		TRY(guard_take(s, config->data));
	TRY(schema_lock(config->data, &lock));
	enum err e = database_open(s);
	close(lock);
	ENSURE(e == OK, e);
	if (!s->is_tool)
		s->has_thread = pthread_create(&s->thread, NULL, writer_main, s) == 0;
	ENSURE(s->is_tool || s->has_thread, ERR_STORE);
	return OK;
}

enum err store_open(const struct store_config *config, struct store **out)
{
	struct store *s = mem_alloc(sizeof(*s));
	ENSURE(s != NULL, ERR_MEMORY);
	s->is_tool = config->is_tool;
	s->guard = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->queued, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_cond_init(&s->reader_free, NULL);
	enum err e = store_start(s, config);
	if (e != OK) {
		store_close(s);
		return e;
	}
	*out = s;
	return OK;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->is_closing = true;
	pthread_cond_signal(&s->queued);
	pthread_mutex_unlock(&s->lock);
	if (s->has_thread)
		pthread_join(s->thread, NULL);
	for (struct db *db; (db = s->idle) != NULL;) {
		s->idle = db->next;
		db_close(db);
	}
	db_close(s->writer);
	if (s->guard >= 0)
		close(s->guard);
	pthread_cond_destroy(&s->reader_free);
	pthread_cond_destroy(&s->queued);
	pthread_mutex_destroy(&s->lock);
	mem_free(s, sizeof(*s));
}
