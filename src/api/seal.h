/*
 * Sealing one document of a fully signed envelope: evidence from the events, pages and seal in
 * press, the signature in keyd, verified by a second press, kept as blobs, and only then the
 * commit that publishes it. May be run again at any point: a document sealed already stays.
 */
#ifndef CHIROGRAPH_API_SEAL_H
#define CHIROGRAPH_API_SEAL_H

#include "jobs/jobs.h"

/* The handler of "seal" jobs; ctx is the app. */
enum job_result seal_job(void *app, struct job *job);

#endif
