-- name: address_add
INSERT INTO allowed_address (organisation, integration, network, created_at, active_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (integration, network) DO NOTHING;

-- name: address_list
SELECT network, created_at, active_at
FROM allowed_address
WHERE organisation = $1 AND integration = $2
ORDER BY id
LIMIT $3;

-- name: address_activate
UPDATE allowed_address
SET active_at = $4
WHERE organisation = $1 AND integration = $2 AND network = $3;

-- name: address_remove
DELETE FROM allowed_address
WHERE organisation = $1 AND integration = $2 AND network = $3;
