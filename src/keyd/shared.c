/*
 * The callers' side of CALL_SEVERAL. What always holds: one trip at a time; the longest waiting
 * leads it and its deadline is the trip's, so a call ends within its patience; every caller gets
 * its own answer, and a trip that fails is the failure of all who were on it.
 */
#include "keyd/shared.h"

#include "base/clock.h"

#include <errno.h>

#define SHARED_BYTES 4096 /* a larger request goes alone */

void shared_init(struct shared *s)
{
	pthread_mutex_init(&s->lock, NULL);
	STAILQ_INIT(&s->waiting);
}

void shared_end(struct shared *s)
{
	pthread_mutex_destroy(&s->lock);
}

/* Each answer as if it had come alone. */
static enum err answers_part(struct wire_reader *r, struct shared_list *trip)
{
	struct shared_call *one;

	STAILQ_FOREACH(one, trip, link)
	{
		buf_put_span(&one->r->body, wire_bytes(r));
		one->result = buf_done(&one->r->body);
	}
	ENSURE(wire_end(r), ERR_INTERNAL);
	return OK;
}

static enum err trip_make(struct keyd *k, struct shared_list *trip, int64_t deadline)
{
	struct call c CLEANUP(call_free);
	struct shared_call *one;

	call_init(&c, CALL_SEVERAL);
	STAILQ_FOREACH(one, trip, link)
	wire_put_bytes(&c.w, buf_span(&one->w->body));
	TRY(keyd_call_until(k, &c.w, &c.r, deadline));
	return answers_part(&c.r, trip);
}

/* The leader first, and those who wait. */
static void trip_gather(struct shared *s, struct shared_call *leader, struct shared_list *trip)
{
	unsigned count = 1;

	STAILQ_INIT(trip);
	STAILQ_INSERT_TAIL(trip, leader, link);
	pthread_mutex_lock(&s->lock);
	for (struct shared_call *one;
	     count < CALL_SEVERAL_MAX && (one = STAILQ_FIRST(&s->waiting)) != NULL; count++) {
		STAILQ_REMOVE_HEAD(&s->waiting, link);
		STAILQ_INSERT_TAIL(trip, one, link);
	}
	pthread_mutex_unlock(&s->lock);
}

static void lead_on(struct shared *s)
{
	pthread_mutex_lock(&s->lock);
	struct shared_call *next = STAILQ_FIRST(&s->waiting);
	if (next != NULL)
		STAILQ_REMOVE_HEAD(&s->waiting, link);
	s->is_under_way = next != NULL;
	pthread_mutex_unlock(&s->lock);
	if (next == NULL)
		return;
	next->is_leader = true;
	sem_post(&next->told);
}

/* One who was told is gone. */
static void tell_all(struct shared_list *trip, const struct shared_call *leader, enum err e)
{
	struct shared_call *one;

	while ((one = STAILQ_FIRST(trip)) != NULL) {
		STAILQ_REMOVE_HEAD(trip, link);
		if (e != OK)
			one->result = e;
		if (one != leader)
			sem_post(&one->told);
	}
}

static enum err lead(struct keyd *k, struct shared *s, struct shared_call *leader)
{
	struct shared_list trip;
	enum err e;

	trip_gather(s, leader, &trip);
	if (STAILQ_NEXT(leader, link) == NULL) {
		e = keyd_call_until(k, leader->w, leader->r, leader->deadline);
		lead_on(s);
		return e;
	}
	e = trip_make(k, &trip, leader->deadline);
	lead_on(s);
	tell_all(&trip, leader, e);
	return leader->result != OK ? leader->result : keyd_result(leader->r);
}

/* True: it leads. */
static bool wait_turn(struct shared *s, struct shared_call *c)
{
	pthread_mutex_lock(&s->lock);
	bool is_first = !s->is_under_way;
	s->is_under_way = true;
	if (!is_first)
		STAILQ_INSERT_TAIL(&s->waiting, c, link);
	pthread_mutex_unlock(&s->lock);
	if (is_first)
		return true;
	/* From here on c is another's until it was told. */
	while (sem_wait(&c->told) != 0 && errno == EINTR)
		continue;
	return c->is_leader;
}

enum err keyd_call_shared(struct keyd *k, struct wire_writer *w, struct wire_reader *r)
{
	struct shared *s = keyd_shared(k);
	struct shared_call c = {
	    .w = w, .r = r, .deadline = clock_monotonic() + CALL_TIMEOUT_MS, .result = OK};
	enum err e;

	TRY(buf_done(&w->body));
	if (w->body.size > SHARED_BYTES || w->fd_count > 0)
		return keyd_call(k, w, r);
	ENSURE(sem_init(&c.told, 0, 0) == 0, ERR_INTERNAL);
	if (wait_turn(s, &c))
		e = lead(k, s, &c);
	else
		e = c.result != OK ? c.result : keyd_result(r);
	sem_destroy(&c.told);
	return e;
}
