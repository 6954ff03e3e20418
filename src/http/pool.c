/*
 * The workers. A job goes straight to a worker that sleeps, the one that fell asleep last, or waits
 * in a queue for one that ends another; finished ones come back on a list, with a tick of the
 * loop's eventfd. What always holds: while a worker sleeps, nothing that may run is queued, and
 * nobody is woken in vain. A full queue refuses new requests; pieces of replies under way always
 * enter. Requests of routes with large bodies (uploads, which wait for press) have a queue of their
 * own and never hold every worker, nor more than a share of the memory, so that others are
 * answered. Of these the next is of whoever (exchange.share) has the fewest running; nobody has the
 * last place beside his own, nor more than half of the queue.
 */
#include "http/internal.h"

#include "base/clock.h"
#include "base/limits.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

struct worker {
	struct pool *pool;
	pthread_t thread;
	sem_t called; /* with a job, or to end */
	struct exchange *job;
	SLIST_ENTRY(worker) link; /* among those that sleep, or are to be called */
};

SLIST_HEAD(workers, worker);

struct pool {
	pthread_mutex_t lock;
	struct exchange_list quick, slow, finished;
	struct workers asleep;
	size_t queued, limit;
	unsigned slow_running, slow_most;
	size_t slow_bytes; /* bodies of the slow requests that run */
	bool stopping;
	int wake_fd;
	unsigned count, room;
	struct worker workers[];
};

static bool slow_may_run(const struct pool *p, const struct exchange *x)
{
	return p->slow_running == 0 ||
	       (p->slow_running < p->slow_most && p->slow_bytes + x->body.size <= LIMIT_SLOW_BYTES);
}

static unsigned share_running(const struct pool *p, uint64_t share)
{
	unsigned running = 0;

	for (unsigned i = 0; i < p->count; i++) {
		const struct exchange *x = p->workers[i].job;
		running += x != NULL && x->is_slow && x->share == share;
	}
	return running;
}

static size_t share_queued(const struct pool *p, uint64_t share)
{
	const struct exchange *x;
	size_t queued = 0;

	STAILQ_FOREACH(x, &p->slow, link)
	queued += x->share == share;
	return queued;
}

/* The oldest of whoever has the fewest running. */
static struct exchange *slow_next(const struct pool *p)
{
	struct exchange *x, *best = NULL;
	unsigned most = p->slow_most > 1 ? p->slow_most - 1 : 1, fewest = most;
	unsigned running = 0;
	uint64_t share = 0;
	bool is_counted = false;

	STAILQ_FOREACH(x, &p->slow, link)
	{
		if (!is_counted || x->share != share)
			running = share_running(p, x->share);
		is_counted = true;
		share = x->share;
		if (running < fewest) {
			best = x;
			fewest = running;
		}
		if (fewest == 0)
			break;
	}
	return best;
}

/* The oldest that may run now, or NULL. */
static struct exchange *pool_next(struct pool *p)
{
	struct exchange *quick = STAILQ_FIRST(&p->quick), *slow = slow_next(p);

	if (slow != NULL && !slow_may_run(p, slow))
		slow = NULL;
	if (quick == NULL && slow == NULL)
		return NULL;
	p->queued--;
	if (slow == NULL || (quick != NULL && quick->queued_ms <= slow->queued_ms)) {
		STAILQ_REMOVE_HEAD(&p->quick, link);
		return quick;
	}
	STAILQ_REMOVE(&p->slow, slow, exchange, link);
	p->slow_running++;
	p->slow_bytes += slow->body.size;
	return slow;
}

/* Under the lock: jobs for those that sleep. They are called when the lock is free. */
static void pool_hand_out(struct pool *p, struct workers *called)
{
	SLIST_INIT(called);
	while (!SLIST_EMPTY(&p->asleep)) {
		struct worker *w = SLIST_FIRST(&p->asleep);
		w->job = pool_next(p);
		if (w->job == NULL)
			return;
		SLIST_REMOVE_HEAD(&p->asleep, link);
		SLIST_INSERT_HEAD(called, w, link);
	}
}

static void pool_call(struct workers *called)
{
	while (!SLIST_EMPTY(called)) {
		struct worker *w = SLIST_FIRST(called);
		SLIST_REMOVE_HEAD(called, link);
		sem_post(&w->called);
	}
}

/* True: the loop must be told. */
static bool pool_give_back(struct pool *p, struct exchange *x)
{
	bool first = STAILQ_EMPTY(&p->finished);

	if (x->is_slow) {
		p->slow_running--;
		p->slow_bytes -= x->body.size;
	}
	STAILQ_INSERT_TAIL(&p->finished, x, link);
	return first;
}

/* Gives the done job back; false when there is none for it now. */
static bool worker_next(struct worker *w)
{
	struct pool *p = w->pool;
	struct workers called;

	pthread_mutex_lock(&p->lock);
	bool tell = pool_give_back(p, w->job);
	w->job = NULL;
	if (!p->stopping)
		w->job = pool_next(p);
	bool is_busy = w->job != NULL || p->stopping;
	if (!is_busy)
		SLIST_INSERT_HEAD(&p->asleep, w, link);
	pool_hand_out(p, &called);
	pthread_mutex_unlock(&p->lock);
	if (tell) {
		ssize_t n = write(p->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
		(void)n; /* a full counter is already a wake-up */
	}
	pool_call(&called);
	return is_busy;
}

static void worker_sleep(struct worker *w)
{
	while (sem_wait(&w->called) != 0 && errno == EINTR)
		continue;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	worker_sleep(w);
	while (w->job != NULL) {
		exchange_run(w->job);
		if (!worker_next(w))
			worker_sleep(w);
	}
	return NULL;
}

static bool worker_start(struct pool *p, struct worker *w)
{
	w->pool = p;
	sem_init(&w->called, 0, 0);
	if (pthread_create(&w->thread, NULL, worker_main, w) != 0) {
		sem_destroy(&w->called);
		return false;
	}
	SLIST_INSERT_HEAD(&p->asleep, w, link);
	return true;
}

static enum err pool_start(struct pool *p)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (p->count < p->room && worker_start(p, &p->workers[p->count]))
		p->count++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return p->count == p->room ? OK : ERR_MEMORY;
}

enum err pool_new(unsigned workers, size_t limit, int wake_fd, struct pool **out)
{
	struct pool *p = mem_alloc(sizeof(*p) + workers * sizeof(p->workers[0]));

	ENSURE(p != NULL, ERR_MEMORY);
	pthread_mutex_init(&p->lock, NULL);
	SLIST_INIT(&p->asleep);
	STAILQ_INIT(&p->quick);
	STAILQ_INIT(&p->slow);
	STAILQ_INIT(&p->finished);
	p->limit = limit;
	p->room = workers;
	p->slow_most = workers - (workers + 3) / 4;
	p->wake_fd = wake_fd;
	*out = p;
	return pool_start(p);
}

bool pool_submit(struct pool *p, struct exchange *x)
{
	struct workers called = SLIST_HEAD_INITIALIZER(called);

	x->queued_ms = clock_monotonic();
	pthread_mutex_lock(&p->lock);
	bool fits = p->queued < p->limit || x->job == JOB_PIECE;
	if (x->is_slow && fits)
		fits = share_queued(p, x->share) < (p->limit + 1) / 2;
	if (fits) {
		struct exchange_list *queue = x->is_slow ? &p->slow : &p->quick;
		STAILQ_INSERT_TAIL(queue, x, link);
		p->queued++;
		pool_hand_out(p, &called);
	}
	pthread_mutex_unlock(&p->lock);
	pool_call(&called);
	return fits;
}

void pool_finished(struct pool *p, struct exchange_list *out)
{
	STAILQ_INIT(out);
	pthread_mutex_lock(&p->lock);
	STAILQ_CONCAT(out, &p->finished);
	pthread_mutex_unlock(&p->lock);
}

/* The workers that sleep are called without a job; the others find out. */
static void pool_stop(struct pool *p)
{
	struct workers called;

	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	called = p->asleep;
	SLIST_INIT(&p->asleep);
	pthread_mutex_unlock(&p->lock);
	pool_call(&called);
}

void pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	pool_stop(p);
	for (unsigned i = 0; i < p->count; i++) {
		pthread_join(p->workers[i].thread, NULL);
		sem_destroy(&p->workers[i].called);
	}
	pthread_mutex_destroy(&p->lock);
	mem_free(p, sizeof(*p) + p->room * sizeof(p->workers[0]));
}
