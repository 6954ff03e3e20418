/*
 * The workers. Jobs go in under a lock and come back on a second list, with a tick of the
 * loop's eventfd. A full queue refuses new requests; pieces of replies under way always enter.
 * Requests of routes with large bodies (uploads, which wait for press) have a queue of their own
 * and never hold every worker, nor more than a share of the memory, so that others are answered.
 */
#include "http/internal.h"

#include "base/clock.h"
#include "base/limits.h"

#include <signal.h>
#include <unistd.h>

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct exchange_list quick, slow, finished;
	size_t queued, limit;
	unsigned slow_running, slow_most;
	size_t slow_bytes; /* bodies of the slow requests that run */
	bool stopping;
	int wake_fd;
	unsigned count, room;
	pthread_t threads[];
};

static bool slow_may_run(const struct pool *p, const struct exchange *x)
{
	return p->slow_running == 0 ||
	       (p->slow_running < p->slow_most && p->slow_bytes + x->body.size <= LIMIT_SLOW_BYTES);
}

/* The oldest that may run now, or NULL. */
static struct exchange *pool_next(struct pool *p)
{
	struct exchange *quick = STAILQ_FIRST(&p->quick), *slow = STAILQ_FIRST(&p->slow);

	if (slow != NULL && !slow_may_run(p, slow))
		slow = NULL;
	if (slow == NULL || (quick != NULL && quick->queued_ms <= slow->queued_ms)) {
		if (quick != NULL)
			STAILQ_REMOVE_HEAD(&p->quick, link);
		return quick;
	}
	STAILQ_REMOVE_HEAD(&p->slow, link);
	p->slow_running++;
	p->slow_bytes += slow->body.size;
	return slow;
}

static struct exchange *pool_take(struct pool *p)
{
	struct exchange *x = NULL;

	pthread_mutex_lock(&p->lock);
	while (!p->stopping && (x = pool_next(p)) == NULL)
		pthread_cond_wait(&p->work, &p->lock);
	if (x != NULL)
		p->queued--;
	pthread_mutex_unlock(&p->lock);
	return x;
}

static void pool_give_back(struct pool *p, struct exchange *x)
{
	pthread_mutex_lock(&p->lock);
	bool first = STAILQ_EMPTY(&p->finished);
	if (x->is_slow) {
		p->slow_running--;
		p->slow_bytes -= x->body.size;
		pthread_cond_broadcast(&p->work); /* more than one may fit now */
	}
	STAILQ_INSERT_TAIL(&p->finished, x, link);
	pthread_mutex_unlock(&p->lock);
	if (first) {
		ssize_t n = write(p->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
		(void)n; /* a full counter is already a wake-up */
	}
}

static void *pool_main(void *arg)
{
	struct pool *p = arg;
	struct exchange *x;

	while ((x = pool_take(p)) != NULL) {
		exchange_run(x);
		pool_give_back(p, x);
	}
	return NULL;
}

static enum err pool_start(struct pool *p)
{
	sigset_t all, before;
	int failed = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (p->count < p->room && failed == 0) {
		failed = pthread_create(&p->threads[p->count], NULL, pool_main, p);
		if (failed == 0)
			p->count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed == 0 ? OK : ERR_MEMORY;
}

enum err pool_new(unsigned workers, size_t limit, int wake_fd, struct pool **out)
{
	struct pool *p = mem_alloc(sizeof(*p) + workers * sizeof(p->threads[0]));

	ENSURE(p != NULL, ERR_MEMORY);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
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
	x->queued_ms = clock_monotonic();
	pthread_mutex_lock(&p->lock);
	bool fits = p->queued < p->limit || x->job == JOB_PIECE;
	if (fits) {
		struct exchange_list *queue = x->is_slow ? &p->slow : &p->quick;
		STAILQ_INSERT_TAIL(queue, x, link);
		p->queued++;
		pthread_cond_signal(&p->work);
	}
	pthread_mutex_unlock(&p->lock);
	return fits;
}

void pool_finished(struct pool *p, struct exchange_list *out)
{
	STAILQ_INIT(out);
	pthread_mutex_lock(&p->lock);
	STAILQ_CONCAT(out, &p->finished);
	pthread_mutex_unlock(&p->lock);
}

void pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->count; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	mem_free(p, sizeof(*p) + p->room * sizeof(p->threads[0]));
}
