-- name: idempotency_add
INSERT INTO idempotency (organisation, api_key, key_hash, route, body_hash, status, response,
	created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (organisation, api_key, key_hash) DO NOTHING;

-- name: idempotency_find
SELECT route, body_hash, status, response, created_at
FROM idempotency
WHERE organisation = $1 AND api_key = $2 AND key_hash = $3;

-- name: idempotency_finish
UPDATE idempotency
SET status = $4, response = $5
WHERE organisation = $1 AND api_key = $2 AND key_hash = $3;

-- name: idempotency_remove
DELETE FROM idempotency
WHERE organisation = $1 AND api_key = $2 AND key_hash = $3;

-- name: idempotency_sweep
-- exception: records of every organisation grow old alike
DELETE FROM idempotency
WHERE created_at < $1;
