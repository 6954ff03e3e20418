/*
 * How many durable transactions a second does the store commit, and how often does it sync?
 * Printed beside the rate of the bare disk (append, fdatasync) measured in the same run, since
 * the second number alone tells what the first is worth. Syncs are counted where they happen:
 * fsync and fdatasync of every library pass through this program.
 */
#include "base/clock.h"
#include "base/log.h"
#include "store/incidents.h"
#include "store/organisations.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 128
#define APPEND_BYTES 4096

static struct store *store;
static int64_t organisation;
static atomic_uint_fast64_t syncs;
static atomic_bool is_over;

__attribute__((visibility("default"))) int fdatasync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	return (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	return fdatasync(fd);
}

struct caller {
	pthread_t thread;
	uint64_t done, failed;
	int64_t slowest; /* ms */
};

static enum err work_organisation(struct db *db, void *ctx)
{
	struct stored_organisation o = {.external_id = "bench",
	    .name = "Bench",
	    .time_zone = "UTC",
	    .language = "en",
	    .expiry = "end_of_day",
	    .wrapped_key = span_str("k"),
	    .data_key = span_str("k")};
	TRY(store_organisation_add(db, &o));
	*(int64_t *)ctx = o.row;
	return OK;
}

/* A small work: one row, two indexes. */
static enum err work_small(struct db *db, void *ctx)
{
	uint64_t *n = ctx;
	struct delivery d = {.organisation = organisation,
	    .envelope = (int64_t)*n + 1,
	    .kind = "message",
	    .target_masked = "j***@e***.com",
	    .at = clock_now(),
	    .attempt = 1,
	    .status = 250,
	    .detail = "queued as 4711"};
	return store_delivery_add(db, &d);
}

static void *caller_main(void *arg)
{
	struct caller *c = arg;
	while (!atomic_load(&is_over)) {
		int64_t start = clock_monotonic();
		if (store_write(store, work_small, &c->done) == OK)
			c->done++;
		else
			c->failed++;
		int64_t took = clock_monotonic() - start;
		c->slowest = took > c->slowest ? took : c->slowest;
	}
	return NULL;
}

static int64_t processor_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void callers_run(unsigned threads, unsigned seconds)
{
	static struct caller callers[THREADS_MAX];
	uint64_t done = 0, failed = 0, synced = atomic_load(&syncs);
	int64_t slowest = 0, start = clock_monotonic(), cpu = processor_ms();
	atomic_store(&is_over, false);
	for (unsigned i = 0; i < threads; i++) {
		callers[i] = (struct caller){0};
		if (pthread_create(&callers[i].thread, NULL, caller_main, &callers[i]) != 0)
			exit(1);
	}
	sleep(seconds);
	atomic_store(&is_over, true);
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(callers[i].thread, NULL);
		done += callers[i].done;
		failed += callers[i].failed;
		slowest = callers[i].slowest > slowest ? callers[i].slowest : slowest;
	}
	double s = (double)(clock_monotonic() - start) / 1000;
	synced = atomic_load(&syncs) - synced;
	printf("store, %3u callers   %9.0f transactions/s   %.4f syncs each   slowest %lld ms   "
	       "%.1f us CPU each   %llu failed\n",
	    threads, (double)done / s, (double)synced / (double)(done ? done : 1),
	    (long long)slowest, 1000.0 * (double)(processor_ms() - cpu) / (double)(done ? done : 1),
	    (unsigned long long)failed);
	fflush(stdout);
}

static void disk_run(const char *folder, unsigned seconds)
{
	static const uint8_t bytes[APPEND_BYTES] = {1};
	char path[4096];
	uint64_t n = 0;
	snprintf(path, sizeof(path), "%s/append", folder);
	int fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	int64_t start = clock_monotonic(), end = start + seconds * 1000;
	while (fd >= 0 && clock_monotonic() < end) {
		if (write(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes) || fdatasync(fd) != 0)
			break;
		n++;
	}
	printf("bare disk             %9.0f appends/s of %d bytes, each with fdatasync\n",
	    1000.0 * (double)n / (double)(clock_monotonic() - start), APPEND_BYTES);
	fflush(stdout);
	if (fd >= 0)
		close(fd);
	unlink(path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

int main(int argc, char **argv)
{
	unsigned seconds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 3;
	char folder[4096];
	snprintf(folder, sizeof(folder), "%s/store-bench-XXXXXX", argc > 1 ? argv[1] : ".");
	if (mkdtemp(folder) == NULL)
		return 1;
	log_threshold(LOG_LEVEL_WARN);
	struct store_config config = {.data = folder};
	if (store_open(&config, &store) != OK ||
	    store_write(store, work_organisation, &organisation) != OK)
		return 1;
	printf("in %s\n", folder);
	disk_run(folder, seconds);
	callers_run(1, seconds);
	callers_run(32, seconds);
	callers_run(128, seconds);
	disk_run(folder, seconds);
	store_close(store);
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : 1;
}
