-- name: webhook_set
INSERT INTO webhook (organisation, environment, url, secret, types, allowed, profile, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (organisation, environment) DO UPDATE
SET url = excluded.url, secret = excluded.secret, types = excluded.types,
	allowed = excluded.allowed, profile = excluded.profile;

-- name: webhook_get
SELECT id, environment, url, secret, types, allowed, profile, created_at
FROM webhook
WHERE organisation = $1 AND environment = $2;

-- name: webhook_remove
DELETE FROM webhook
WHERE organisation = $1 AND environment = $2;
