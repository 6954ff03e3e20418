-- name: key_add
INSERT INTO api_key (organisation, user_account, environment, scheme, key_id, secret_hash, label,
	created_at, routes, rate)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING id;

-- name: key_find
-- exception: the key tells who the organisation is
SELECT id, organisation, user_account, environment, scheme, key_id, secret_hash, label,
	created_at, revoked_at, last_used_at, routes, rate
FROM api_key
WHERE key_id = $1;

-- name: key_list
SELECT id, organisation, user_account, environment, scheme, key_id, secret_hash, label,
	created_at, revoked_at, last_used_at, routes, rate
FROM api_key
WHERE organisation = $1 AND id > $2
ORDER BY id
LIMIT $3;

-- name: key_revoke
UPDATE api_key
SET revoked_at = $3
WHERE organisation = $1 AND id = $2 AND revoked_at = 0;

-- name: key_touch
UPDATE api_key
SET last_used_at = $3
WHERE organisation = $1 AND id = $2 AND last_used_at < $3;

-- name: key_revoke_user
-- exception: a person's keys serve in each of the person's organisations
UPDATE api_key
SET revoked_at = $4
WHERE user_account = $1 AND environment = $2 AND scheme = $3 AND revoked_at = 0;

-- name: key_of_user
-- exception: a person's keys serve in each of the person's organisations
SELECT id, organisation, user_account, environment, scheme, key_id, secret_hash, label,
	created_at, revoked_at, last_used_at, routes, rate
FROM api_key
WHERE user_account = $1 AND user_account IS NOT NULL AND environment = $2 AND scheme = $3
	AND revoked_at = 0;

-- name: key_limit
UPDATE api_key
SET routes = $3, rate = $4
WHERE organisation = $1 AND id = $2 AND revoked_at = 0;
