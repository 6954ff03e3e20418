-- name: job_add
INSERT INTO job (organisation, envelope, lane, kind, run_at, dedupe, payload, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (dedupe) DO NOTHING;

-- name: job_waiting
-- exception: the scheduler serves every organisation, in turn
-- One seek an organisation: the first, then each next one that has a job.
WITH RECURSIVE tenant (organisation) AS (
	SELECT (SELECT coalesce(organisation, 0) FROM job
		WHERE lane = $1 AND dead_at = 0
		ORDER BY coalesce(organisation, 0)
		LIMIT 1)
	UNION ALL
	SELECT (SELECT coalesce(organisation, 0) FROM job
		WHERE lane = $1 AND dead_at = 0 AND coalesce(organisation, 0) > tenant.organisation
		ORDER BY coalesce(organisation, 0)
		LIMIT 1)
	FROM tenant
	WHERE tenant.organisation IS NOT NULL),
held (organisation, jobs) AS (
	SELECT coalesce(organisation, 0), count(*)
	FROM job
	WHERE lease_until > 0 AND lease_until > $2 AND +lane = $1
	GROUP BY coalesce(organisation, 0)),
due (organisation, run_at) AS (
	SELECT tenant.organisation, (SELECT min(run_at) FROM job
		WHERE lane = $1 AND dead_at = 0 AND coalesce(organisation, 0) = tenant.organisation)
	FROM tenant
	WHERE tenant.organisation IS NOT NULL)
SELECT due.organisation
FROM due LEFT JOIN held ON held.organisation = due.organisation
WHERE due.run_at <= $2 AND (due.organisation = 0 OR coalesce(held.jobs, 0) < $3)
ORDER BY coalesce(held.jobs, 0), due.run_at
LIMIT $4;

-- name: job_lease
-- exception: of the organisation whose turn it is, or of the whole store (0)
UPDATE job
SET run_at = $4, lease_until = $4, lease_token = $5, attempt = attempt + 1
WHERE id = (
	SELECT id FROM job
	WHERE coalesce(organisation, 0) = $1 AND lane = $2 AND dead_at = 0 AND run_at <= $3
	ORDER BY run_at
	LIMIT 1)
RETURNING id, organisation, envelope, lane, kind, lease_until, lease_token, attempt, created_at,
	payload, away;

-- name: job_done
-- exception: the lease token proves who holds the job
DELETE FROM job
WHERE id = $1 AND lease_token = $2;

-- name: job_extend
-- exception: the lease token proves who holds the job
UPDATE job
SET run_at = $3, lease_until = $3
WHERE id = $1 AND lease_token = $2;

-- name: job_retry
-- exception: the lease token proves who holds the job
UPDATE job
SET run_at = $3, lease_until = 0, lease_token = 0, last_error = $4
WHERE id = $1 AND lease_token = $2;

-- name: job_again
-- exception: the lease token proves who holds the job
UPDATE job
SET run_at = $3, lease_until = 0, lease_token = 0, last_error = $4, attempt = attempt - 1,
	away = away + 1
WHERE id = $1 AND lease_token = $2;

-- name: job_give_back
-- exception: the lease token proves who holds the job
UPDATE job
SET run_at = $3, lease_until = 0, lease_token = 0, attempt = attempt - 1
WHERE id = $1 AND lease_token = $2;

-- name: job_bury
-- exception: the lease token proves who holds the job
UPDATE job
SET dead_at = $3, lease_until = 0, lease_token = 0, last_error = $4
WHERE id = $1 AND lease_token = $2;

-- name: job_revive
UPDATE job
SET dead_at = 0, run_at = $3, attempt = 0
WHERE organisation = $1 AND id = $2 AND dead_at > 0;

-- name: job_release_all
-- exception: at start, the leases of a scheduler that is gone
UPDATE job
SET run_at = $1, lease_until = 0, lease_token = 0, attempt = attempt - 1, away = away + 1
WHERE lease_until > 0;

-- name: job_next_time
-- exception: the scheduler sleeps for every organisation
SELECT run_at
FROM job
WHERE lane = $1 AND dead_at = 0 AND run_at > $2
ORDER BY run_at
LIMIT 1;

-- name: job_dead_list
-- exception: the operator's list of what failed for good
SELECT id, organisation, envelope, kind, attempt, dead_at, last_error
FROM job
WHERE dead_at > 0 AND dead_at > $1
ORDER BY dead_at
LIMIT $2;
