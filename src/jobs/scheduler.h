/* Inside the jobs room. */
#ifndef CHIROGRAPH_JOBS_SCHEDULER_H
#define CHIROGRAPH_JOBS_SCHEDULER_H

#include "jobs/jobs.h"

#include <pthread.h>

struct jobs {
	struct jobs_config config;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned running[JOB_LANES];
	bool is_woken, is_draining;
};

const struct job_handler *job_handler_find(const struct jobs_config *config, const char *kind);
bool jobs_is_draining(struct jobs *j);
/* Runs a leased job to its end in the store. */
void job_run(struct job *job);
/* The rows of periodic jobs that are not there yet. */
enum err CHECKED jobs_periodic_add(struct jobs *j);

#endif
