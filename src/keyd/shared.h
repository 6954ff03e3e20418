/*
 * Trips to keyd that many callers share. While one trip is under way those who come wait, and the
 * next one takes them all; a caller alone goes at once, so nobody waits for company.
 */
#ifndef CHIROGRAPH_KEYD_SHARED_H
#define CHIROGRAPH_KEYD_SHARED_H

#include "keyd/client.h"

#include <pthread.h>
#include <semaphore.h>
#include <sys/queue.h>

struct shared_call {
	struct wire_writer *w;
	struct wire_reader *r;
	int64_t deadline;
	enum err result; /* of the trip */
	bool is_leader;
	sem_t told; /* of its answer, or that it leads the next trip */
	STAILQ_ENTRY(shared_call) link;
};

STAILQ_HEAD(shared_list, shared_call);

struct shared {
	pthread_mutex_t lock;
	bool is_under_way;
	struct shared_list waiting;
};

void shared_init(struct shared *s);
void shared_end(struct shared *s);

#endif
