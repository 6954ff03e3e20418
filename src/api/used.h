/*
 * When a key's request was last found good: noted in memory on the request's way, written once a
 * minute. What a crash or a full table loses is a minute of "last verified request", nothing that
 * anybody decides by.
 */
#ifndef CHIROGRAPH_API_USED_H
#define CHIROGRAPH_API_USED_H

#include "auth/auth.h"
#include "jobs/jobs.h"

#include <pthread.h>

#define USED_PLACES 1024
#define USED_EVERY_MS (INT64_C(60) * 1000)

struct used_place {
	int64_t organisation, key; /* as in struct principal; key 0: free */
	int64_t public_key;        /* row, 0: none */
	int64_t at;
};

struct used {
	pthread_mutex_t lock;
	struct used_place places[USED_PLACES];
};

void used_note(struct used *u, const struct auth_session *s);
enum job_result used_job(void *app, struct job *job);

#endif
