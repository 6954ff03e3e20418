/*
 * Time running out: a periodic job ends what nobody finished. Every command checks the time
 * too, so nothing depends on this job being punctual.
 */
#ifndef CHIROGRAPH_API_EXPIRE_H
#define CHIROGRAPH_API_EXPIRE_H

#include "jobs/jobs.h"

#define EXPIRE_EVERY_MS (INT64_C(60) * 1000)
#define SWEEP_EVERY_MS (INT64_C(6) * 3600 * 1000)

enum job_result expire_job(void *app, struct job *job);
/* Orphaned blobs, old idempotency records, old incidents. */
enum job_result sweep_job(void *app, struct job *job);

#endif
