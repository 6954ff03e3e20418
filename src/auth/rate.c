/*
 * Buckets of a few places each, as in seen.c; a place is one kind and address in its minute. Which
 * bucket is decided by a secret of this process, so nobody can choose whom to push out.
 */
#include "auth/rate.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/limits.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#define PLACES 8
#define BUCKETS (LIMIT_RATE_PLACES / PLACES)
#define WHO_SIZE 10 /* kind, family, address */

struct place {
	uint8_t who[WHO_SIZE];
	int64_t until; /* 0: free */
	int64_t count;
};

struct rates {
	pthread_mutex_t lock;
	int64_t limits[RATE_KINDS];
	uint8_t secret[KEY_SIZE];
	struct place places[BUCKETS][PLACES];
};

enum err rates_new(const int64_t limits[RATE_KINDS], struct rates **out)
{
	struct rates *r = mem_alloc(sizeof(*r));

	ENSURE(r != NULL, ERR_MEMORY);
	pthread_mutex_init(&r->lock, NULL);
	memcpy(r->limits, limits, sizeof(r->limits));
	*out = r;
	enum err e = random_bytes(r->secret, sizeof(r->secret));
	if (e != OK) {
		rates_free(r);
		*out = NULL;
	}
	return e;
}

void rates_free(struct rates *r)
{
	if (r == NULL)
		return;
	pthread_mutex_destroy(&r->lock);
	mem_free(r, sizeof(*r));
}

/* What is no address counts as one. */
static void who_make(enum rate_kind kind, const char *address, uint8_t who[WHO_SIZE])
{
	struct in6_addr six;
	struct in_addr four;

	memset(who, 0, WHO_SIZE);
	who[0] = (uint8_t)kind;
	if (inet_pton(AF_INET, address, &four) == 1) {
		who[1] = 4;
		memcpy(who + 2, &four, sizeof(four));
	} else if (inet_pton(AF_INET6, address, &six) == 1) {
		who[1] = 6;
		memcpy(who + 2, &six, 8);
	}
}

static size_t bucket_of(const struct rates *r, const uint8_t who[WHO_SIZE])
{
	uint8_t mac[SHA256_SIZE];
	uint64_t hash = 0;

	if (hmac_sha256(span_of(r->secret, sizeof(r->secret)), span_of(who, WHO_SIZE), mac) == OK)
		memcpy(&hash, mac, sizeof(hash));
	return (size_t)(hash % BUCKETS);
}

/* Whose place it is, or the one to take: a free one, else the one whose minute ends first. */
static struct place *place_of(struct place *bucket, const uint8_t who[WHO_SIZE], int64_t now)
{
	struct place *first = &bucket[0];

	for (size_t i = 0; i < PLACES; i++) {
		struct place *p = &bucket[i];
		if (p->until > now && memcmp(p->who, who, WHO_SIZE) == 0)
			return p;
		if (p->until < first->until)
			first = p;
	}
	memcpy(first->who, who, WHO_SIZE);
	first->until = now + CLOCK_MINUTE;
	first->count = 0;
	return first;
}

int64_t rate_count(struct rates *r, enum rate_kind kind, const char *address, int64_t now)
{
	uint8_t who[WHO_SIZE];
	int64_t wait = 0;

	if (r->limits[kind] <= 0)
		return 0;
	who_make(kind, address, who);
	size_t at = bucket_of(r, who);
	pthread_mutex_lock(&r->lock);
	struct place *p = place_of(r->places[at], who, now);
	if (p->count < r->limits[kind])
		p->count++;
	else
		wait = (p->until - now + CLOCK_SECOND - 1) / CLOCK_SECOND;
	pthread_mutex_unlock(&r->lock);
	return wait;
}
