/*
 * The table of jobs: kind, handler, period. Handlers live in the rooms they belong to.
 */
#include "main/front.h"

#include "api/expire.h"
#include "api/seal.h"

const struct job_handler *job_handlers(struct job_context *context, size_t *count)
{
	static struct job_handler rows[] = {
	    {.kind = "seal", .run = seal_job},
	    {.kind = "expire", .run = expire_job, .every_ms = EXPIRE_EVERY_MS},
	    {.kind = "sweep", .run = sweep_job, .every_ms = SWEEP_EVERY_MS},
	};

	*count = sizeof(rows) / sizeof(rows[0]);
	for (size_t i = 0; i < *count; i++)
		rows[i].ctx = context->app;
	return rows;
}
