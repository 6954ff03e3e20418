/*
 * A small table with a place for each key and public key: the newest time wins. A key that finds
 * the places of its neighbourhood taken waits for the next minute.
 */
#include "api/used.h"

#include "api/app.h"
#include "base/clock.h"
#include "store/integrations.h"
#include "store/keys.h"
#include "store/public_keys.h"

#include <string.h>

#define NEIGHBOURS 8

static struct used_place *place_of(struct used *u, int64_t key, int64_t public_key)
{
	uint64_t hash =
	    ((uint64_t)key * 31 + (uint64_t)public_key) * UINT64_C(11400714819323198485);

	for (size_t i = 0; i < NEIGHBOURS; i++) {
		struct used_place *p = &u->places[((size_t)(hash >> 32) + i) % USED_PLACES];
		if (p->key == 0 || (p->key == key && p->public_key == public_key))
			return p;
	}
	return NULL;
}

void used_note(struct used *u, const struct auth_session *s)
{
	int64_t public_key = s->public_key != NULL ? s->public_key->row : 0;

	pthread_mutex_lock(&u->lock);
	struct used_place *p = place_of(u, s->principal.key, public_key);
	if (p != NULL)
		*p = (struct used_place){s->key->organisation, s->principal.key, public_key,
		    s->req->now - s->req->now % CLOCK_MINUTE};
	pthread_mutex_unlock(&u->lock);
}

static enum err place_write(struct db *db, const struct used_place *p)
{
	if (p->key < 0)
		TRY(store_integration_verified(db, p->organisation, -p->key, p->at));
	else
		TRY(store_key_touch(db, p->organisation, p->key, p->at));
	return p->public_key != 0 ? store_public_key_verified(db, p->public_key, p->at) : OK;
}

static enum err used_work(struct db *db, void *ctx)
{
	const struct used_place *places = ctx;

	for (size_t i = 0; i < USED_PLACES; i++)
		if (places[i].key != 0)
			TRY(place_write(db, &places[i]));
	return OK;
}

enum job_result used_job(void *app, struct job *job)
{
	struct used *u = &((struct app *)app)->used;
	struct used_place *copy = arena_alloc(job->arena, sizeof(u->places));
	size_t count = 0;

	if (copy == NULL)
		return job_because(job, JOB_RETRY, "no memory");
	pthread_mutex_lock(&u->lock);
	memcpy(copy, u->places, sizeof(u->places));
	memset(u->places, 0, sizeof(u->places));
	pthread_mutex_unlock(&u->lock);
	for (size_t i = 0; i < USED_PLACES; i++)
		count += copy[i].key != 0;
	return job_finished(job, JOB_DONE, count > 0 ? used_work : NULL, copy);
}
