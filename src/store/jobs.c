/*
 * Jobs, row by row. What always holds: a job is leased by one update that both finds and
 * takes it, so two leasers never hold the same one; and whoever ends a job shows the token of
 * a lease that nobody has taken over since.
 */
#include "store/jobs.h"

#include "base/crypto.h"

enum err store_job_add(struct db *db, const struct job_new *job)
{
	struct query q;
	query_start(&q, db, SQL_JOB_ADD);
	query_row(&q, job->organisation);
	query_row(&q, job->envelope);
	query_int(&q, job->lane);
	query_text(&q, job->kind);
	query_int(&q, job->run_at);
	query_text(&q, job->dedupe);
	query_blob(&q, job->payload);
	query_int(&q, job->now);
	return query_run(&q);
}

static void job_read(struct query *q, struct arena *arena, struct job_row *out)
{
	*out = (struct job_row){
	    .row = query_column_int(q, 0),
	    .organisation = query_column_int(q, 1),
	    .envelope = query_column_int(q, 2),
	    .lane = (enum job_lane)query_column_int(q, 3),
	    .kind = query_column_text(q, 4, arena),
	    .lease_until = query_column_int(q, 5),
	    .lease_token = query_column_int(q, 6),
	    .attempt = (int)query_column_int(q, 7),
	    .created_at = query_column_int(q, 8),
	    .payload = query_column_copy(q, 9, arena),
	    .away = (int)query_column_int(q, 10),
	};
}

/* Above zero, so that no lease looks like none. */
static enum err token_new(int64_t *out)
{
	uint64_t random;
	TRY(random_bytes(&random, sizeof(random)));
	*out = (int64_t)(random >> 1) | 1;
	return OK;
}

struct leasing {
	struct db *db;
	const struct job_lease *lease;
	struct arena *arena;
	struct job_row *out;
	size_t *n;
};

/* Whose turn it is: who holds the fewest of the lane, then who waits longest. */
static enum err turns_read(const struct leasing *l, int64_t *turns, size_t *count)
{
	struct query q;
	size_t max = l->lease->max - *l->n;
	*count = 0;
	query_start(&q, l->db, SQL_JOB_WAITING);
	query_int(&q, l->lease->lane);
	query_int(&q, l->lease->now);
	query_int(&q, (int64_t)l->lease->most);
	query_int(&q, (int64_t)max);
	while (*count < max && query_next(&q))
		turns[(*count)++] = query_column_int(&q, 0);
	return query_end(&q);
}

static enum err one_lease(const struct leasing *l, int64_t organisation)
{
	struct query q;
	int64_t token;
	TRY(token_new(&token));
	query_start(&q, l->db, SQL_JOB_LEASE);
	query_int(&q, organisation);
	query_int(&q, l->lease->lane);
	query_int(&q, l->lease->now);
	query_int(&q, l->lease->now + l->lease->lease_ms);
	query_int(&q, token);
	while (*l->n < l->lease->max && query_next(&q))
		job_read(&q, l->arena, &l->out[(*l->n)++]);
	return query_end(&q);
}

enum err store_jobs_lease(struct db *db, const struct job_lease *lease, struct arena *arena,
    struct job_row *out, size_t *n)
{
	struct leasing l = {db, lease, arena, out, n};
	int64_t *turns = arena_alloc(arena, lease->max * sizeof(*turns));
	size_t count = 0;

	*n = 0;
	ENSURE(turns != NULL, ERR_MEMORY);
	do {
		size_t before = *n;
		TRY(turns_read(&l, turns, &count));
		for (size_t i = 0; i < count; i++)
			TRY(one_lease(&l, turns[i]));
		if (*n == before)
			break;
	} while (*n < lease->max);
	return OK;
}

static void job_start(struct query *q, struct db *db, enum statement s, const struct job_row *job)
{
	query_start(q, db, s);
	query_int(q, job->row);
	query_int(q, job->lease_token);
}

enum err store_job_done(struct db *db, const struct job_row *job)
{
	struct query q;
	job_start(&q, db, SQL_JOB_DONE, job);
	return query_run_changing(&q, ERR_CONFLICT);
}

enum err store_job_extend(struct db *db, const struct job_row *job, int64_t lease_until)
{
	struct query q;
	job_start(&q, db, SQL_JOB_EXTEND, job);
	query_int(&q, lease_until);
	return query_run_changing(&q, ERR_CONFLICT);
}

enum err store_job_retry(
    struct db *db, const struct job_row *job, int64_t run_at, const char *error)
{
	struct query q;
	job_start(&q, db, SQL_JOB_RETRY, job);
	query_int(&q, run_at);
	query_text(&q, error);
	return query_run_changing(&q, ERR_CONFLICT);
}

enum err store_job_again(
    struct db *db, const struct job_row *job, int64_t run_at, const char *error)
{
	struct query q;
	job_start(&q, db, SQL_JOB_AGAIN, job);
	query_int(&q, run_at);
	query_text(&q, error);
	return query_run_changing(&q, ERR_CONFLICT);
}

enum err store_job_give_back(struct db *db, const struct job_row *job, int64_t run_at)
{
	struct query q;
	job_start(&q, db, SQL_JOB_GIVE_BACK, job);
	query_int(&q, run_at);
	return query_run_changing(&q, ERR_CONFLICT);
}

enum err store_job_bury(struct db *db, const struct job_row *job, int64_t now, const char *error)
{
	struct query q;
	job_start(&q, db, SQL_JOB_BURY, job);
	query_int(&q, now);
	query_text(&q, error);
	return query_run_changing(&q, ERR_CONFLICT);
}

enum err store_job_revive(struct db *db, int64_t organisation, int64_t row, int64_t now)
{
	struct query q;
	query_start(&q, db, SQL_JOB_REVIVE);
	query_int(&q, organisation);
	query_int(&q, row);
	query_int(&q, now);
	return query_run_changing(&q, ERR_NOT_FOUND);
}

enum err store_jobs_release_all(struct db *db, int64_t now)
{
	struct query q;
	query_start(&q, db, SQL_JOB_RELEASE_ALL);
	query_int(&q, now);
	return query_run(&q);
}

enum err store_job_next_time(
    struct db *db, enum job_lane lane, int64_t after, int64_t *when)
{
	struct query q;
	*when = INT64_MAX;
	query_start(&q, db, SQL_JOB_NEXT_TIME);
	query_int(&q, lane);
	query_int(&q, after);
	if (query_next(&q))
		*when = query_column_int(&q, 0);
	return query_end(&q);
}

enum err store_jobs_dead(
    struct db *db, int64_t since, struct arena *arena, struct job_dead *out, size_t *n)
{
	struct query q;
	size_t max = *n;
	*n = 0;
	query_start(&q, db, SQL_JOB_DEAD_LIST);
	query_int(&q, since);
	query_int(&q, (int64_t)max);
	while (*n < max && query_next(&q))
		out[(*n)++] = (struct job_dead){
		    .row = query_column_int(&q, 0),
		    .organisation = query_column_int(&q, 1),
		    .envelope = query_column_int(&q, 2),
		    .kind = query_column_text(&q, 3, arena),
		    .attempt = (int)query_column_int(&q, 4),
		    .dead_at = query_column_int(&q, 5),
		    .error = query_column_text(&q, 6, arena),
		};
	return query_end(&q);
}
