/*
 * Buckets of a few places each; a mark may stand in one bucket only. A full bucket gives up the
 * place whose time ends first; no time is longer than SEEN_MOST_MS, so that integrations without a
 * window do not push out all others for ever. 128 bits of the mark are compared.
 */
#include "auth/seen.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define PLACES 8
#define LOCKS 64
#define SEEN_MOST_MS (2 * CLOCK_HOUR)

struct place {
	uint8_t mark[16];
	int64_t until; /* 0: free */
	uint32_t tag;
	bool is_spent;
};

struct bucket {
	struct place places[PLACES];
};

struct seen {
	pthread_mutex_t locks[LOCKS];
	size_t count; /* of buckets: a power of two */
	struct bucket *buckets;
	_Atomic int64_t lost_until;
};

enum err seen_new(size_t limit, struct seen **out)
{
	struct seen *s = mem_alloc(sizeof(*s));

	ENSURE(s != NULL, ERR_MEMORY);
	for (s->count = LOCKS; s->count * PLACES < limit; s->count *= 2)
		;
	s->buckets = mem_alloc(s->count * sizeof(*s->buckets));
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_init(&s->locks[i], NULL);
	*out = s;
	if (s->buckets != NULL)
		return OK;
	seen_free(s);
	*out = NULL;
	return ERR_MEMORY;
}

void seen_free(struct seen *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&s->locks[i]);
	mem_free(s->buckets, s->count * sizeof(*s->buckets));
	mem_free(s, sizeof(*s));
}

static size_t bucket_of(const struct seen *s, const uint8_t *mark)
{
	uint64_t hash;

	memcpy(&hash, mark + 16, sizeof(hash));
	return (size_t)hash & (s->count - 1);
}

static struct place *place_find(struct bucket *b, const uint8_t *mark)
{
	for (size_t i = 0; i < PLACES; i++)
		if (b->places[i].until != 0 &&
		    ct_equal(b->places[i].mark, mark, sizeof(b->places[i].mark)))
			return &b->places[i];
	return NULL;
}

static void lost_note(struct seen *s, int64_t until)
{
	int64_t known = atomic_load(&s->lost_until);

	while (until > known && !atomic_compare_exchange_weak(&s->lost_until, &known, until))
		;
}

int64_t seen_lost_until(struct seen *s)
{
	return atomic_load(&s->lost_until);
}

static struct place *place_take(struct seen *s, struct bucket *b, int64_t now)
{
	struct place *first = &b->places[0];

	for (size_t i = 0; i < PLACES; i++) {
		if (b->places[i].until <= now)
			return &b->places[i];
		if (b->places[i].until < first->until)
			first = &b->places[i];
	}
	lost_note(s, first->until);
	return first;
}

static enum seen_answer bucket_note(struct seen *s, struct bucket *b, const struct seen_mark *m)
{
	int64_t most = m->now + SEEN_MOST_MS;
	struct place *p = place_find(b, m->mark);

	if (p != NULL && p->until > m->now) {
		if (p->tag != m->tag)
			return SEEN_OTHER;
		return p->is_spent ? SEEN_SPENT : SEEN_SAME;
	}
	if (p == NULL)
		p = place_take(s, b, m->now);
	*p = (struct place){.until = m->until < most ? m->until : most, .tag = m->tag};
	memcpy(p->mark, m->mark, sizeof(p->mark));
	return SEEN_NEW;
}

enum seen_answer seen_note(struct seen *s, const struct seen_mark *m)
{
	size_t at = bucket_of(s, m->mark);

	pthread_mutex_lock(&s->locks[at % LOCKS]);
	enum seen_answer answer = bucket_note(s, &s->buckets[at], m);
	pthread_mutex_unlock(&s->locks[at % LOCKS]);
	return answer;
}

void seen_spend(struct seen *s, const uint8_t mark[SHA256_SIZE])
{
	size_t at = bucket_of(s, mark);

	pthread_mutex_lock(&s->locks[at % LOCKS]);
	struct place *p = place_find(&s->buckets[at], mark);
	if (p != NULL)
		p->is_spent = true;
	pthread_mutex_unlock(&s->locks[at % LOCKS]);
}
