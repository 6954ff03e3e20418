-- name: organisation_add
-- exception: this makes the organisation
INSERT INTO organisation (external_id, name, time_zone, language, support_email, redirect_url,
	expiry, wrapped_key, data_key, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING id;

-- name: organisation_get
-- exception: the row id is the organisation
SELECT id, external_id, name, time_zone, language, support_email, redirect_url, expiry,
	wrapped_key, data_key, created_at
FROM organisation
WHERE id = $1;

-- name: organisation_find
-- exception: finds the organisation by its outside name
SELECT id, external_id, name, time_zone, language, support_email, redirect_url, expiry,
	wrapped_key, data_key, created_at
FROM organisation
WHERE external_id = $1;

-- name: organisation_list
-- exception: the operator's list of all organisations
SELECT id, external_id, name, time_zone, language, support_email, redirect_url, expiry,
	wrapped_key, data_key, created_at
FROM organisation
WHERE id > $1
ORDER BY id
LIMIT $2;

-- name: organisation_update
-- exception: the row id is the organisation
UPDATE organisation
SET name = $2, time_zone = $3, language = $4, support_email = $5, redirect_url = $6, expiry = $7
WHERE id = $1;

-- name: setting_set
INSERT INTO setting (organisation, name, value, sealed)
VALUES ($1, $2, $3, $4)
ON CONFLICT (organisation, name) DO UPDATE SET value = excluded.value, sealed = excluded.sealed;

-- name: setting_get
SELECT name, value, sealed
FROM setting
WHERE organisation = $1 AND name = $2;

-- name: setting_list
SELECT name, value, sealed
FROM setting
WHERE organisation = $1 AND name >= $2
ORDER BY name
LIMIT $3;

-- name: setting_remove
DELETE FROM setting
WHERE organisation = $1 AND name = $2;

-- name: user_add
-- exception: people belong to organisations through memberships
INSERT INTO user_account (external_id, email, name, created_at)
VALUES ($1, $2, $3, $4)
RETURNING id;

-- name: user_find_email
-- exception: people belong to organisations through memberships
SELECT id, external_id, email, name, created_at
FROM user_account
WHERE email = $1;

-- name: membership_set
INSERT INTO membership (organisation, user_account, role, created_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (organisation, user_account) DO UPDATE SET role = excluded.role;

-- name: membership_get
SELECT role
FROM membership
WHERE organisation = $1 AND user_account = $2;

-- name: membership_list
SELECT u.id, u.external_id, u.email, u.name, u.created_at, m.role
FROM membership m JOIN user_account u ON u.id = m.user_account
WHERE m.organisation = $1 AND m.user_account > $2
ORDER BY m.user_account
LIMIT $3;
