-- name: integration_add
INSERT INTO integration (organisation, user_account, environment, client_key, label, mode,
	window_s, routes, rate, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING id;

-- name: integration_find
-- exception: the integration key tells who the organisation is
SELECT id, organisation, user_account, environment, client_key, label, mode, window_s, routes,
	rate, created_at, revoked_at, last_verified_at
FROM integration
WHERE client_key = $1;

-- name: integration_list
SELECT id, organisation, user_account, environment, client_key, label, mode, window_s, routes,
	rate, created_at, revoked_at, last_verified_at
FROM integration
WHERE organisation = $1 AND id > $2
ORDER BY id
LIMIT $3;

-- name: integration_update
UPDATE integration
SET label = $3, mode = $4, window_s = $5, routes = $6, rate = $7
WHERE organisation = $1 AND id = $2 AND revoked_at = 0;

-- name: integration_revoke
UPDATE integration
SET revoked_at = $3
WHERE organisation = $1 AND id = $2 AND revoked_at = 0;

-- name: integration_verified
UPDATE integration
SET last_verified_at = $3
WHERE organisation = $1 AND id = $2 AND last_verified_at < $3;

-- name: integration_newest
SELECT client_key FROM integration
WHERE organisation = $1 AND environment = $2 AND revoked_at = 0
ORDER BY id DESC
LIMIT 1;
