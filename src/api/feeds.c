/*
 * How many listen to which feed: a table of as many places as there may be listeners, so that it
 * cannot be full of anything else. Any thread; the lock is held for a walk through it at most.
 */
#include "api/feed.h"

#include "base/limits.h"

#include <pthread.h>

struct feeds {
	pthread_mutex_t lock;
	uint64_t channels[LIMIT_FEEDS]; /* one place a listener */
	size_t count;
};

enum err feeds_open(struct feeds **out)
{
	*out = mem_alloc(sizeof(**out));
	ENSURE(*out != NULL, ERR_MEMORY);
	pthread_mutex_init(&(*out)->lock, NULL);
	return OK;
}

void feeds_close(struct feeds *f)
{
	if (f == NULL)
		return;
	pthread_mutex_destroy(&f->lock);
	mem_free(f, sizeof(*f));
}

static size_t listeners(const struct feeds *f, uint64_t channel)
{
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++)
		n += f->channels[i] == channel;
	return n;
}

enum err feeds_enter(struct feeds *f, uint64_t channel)
{
	bool has_room;

	pthread_mutex_lock(&f->lock);
	has_room = f->count < LIMIT_FEEDS && listeners(f, channel) < LIMIT_FEEDS_SCOPE;
	if (has_room)
		f->channels[f->count++] = channel;
	pthread_mutex_unlock(&f->lock);
	return has_room ? OK : ERR_FEEDS;
}

void feeds_leave(struct feeds *f, uint64_t channel)
{
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->count; i++) {
		if (f->channels[i] != channel)
			continue;
		f->channels[i] = f->channels[--f->count];
		break;
	}
	pthread_mutex_unlock(&f->lock);
}

bool feeds_has(struct feeds *f, uint64_t channel)
{
	bool is_there;

	pthread_mutex_lock(&f->lock);
	is_there = channel == 0 ? f->count > 0 : listeners(f, channel) > 0;
	pthread_mutex_unlock(&f->lock);
	return is_there;
}
