/*
 * Blobs that no row names: what a crash between writing and committing leaves. They are removed a
 * day later.
 */
#ifndef CHIROGRAPH_API_SWEEP_H
#define CHIROGRAPH_API_SWEEP_H

#include "jobs/jobs.h"

#define BLOB_SWEEP_EVERY_MS (INT64_C(6) * 3600 * 1000)

enum job_result blob_sweep_job(void *app, struct job *job);

#endif
