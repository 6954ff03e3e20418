/*
 * The workers. Jobs go in under a lock and come back on a second list, with a tick of the
 * loop's eventfd. A full queue refuses new requests; pieces of replies under way always enter.
 */
#include "http/internal.h"

#include "base/clock.h"

#include <signal.h>
#include <unistd.h>

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct exchange_list queue, finished;
	size_t queued, limit;
	bool stopping;
	int wake_fd;
	unsigned count, room;
	pthread_t threads[];
};

static struct exchange *pool_take(struct pool *p)
{
	struct exchange *x = NULL;

	pthread_mutex_lock(&p->lock);
	while (STAILQ_EMPTY(&p->queue) && !p->stopping)
		pthread_cond_wait(&p->work, &p->lock);
	if (!p->stopping) {
		x = STAILQ_FIRST(&p->queue);
		STAILQ_REMOVE_HEAD(&p->queue, link);
		p->queued--;
	}
	pthread_mutex_unlock(&p->lock);
	return x;
}

static void pool_give_back(struct pool *p, struct exchange *x)
{
	pthread_mutex_lock(&p->lock);
	bool first = STAILQ_EMPTY(&p->finished);
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
	STAILQ_INIT(&p->queue);
	STAILQ_INIT(&p->finished);
	p->limit = limit;
	p->room = workers;
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
		STAILQ_INSERT_TAIL(&p->queue, x, link);
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
