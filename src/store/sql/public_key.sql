-- name: public_key_add
INSERT INTO public_key (organisation, integration, user_account, kind, spki, fingerprint,
	created_at, valid_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING id;

-- name: public_key_list
SELECT id, organisation, integration, user_account, kind, spki, fingerprint, created_at,
	valid_until, revoked_at, last_verified_at
FROM public_key
WHERE organisation = $1 AND integration = $2 AND user_account = 0 AND id > $3
ORDER BY id
LIMIT $4;

-- name: public_key_list_user
-- exception: a person's keys serve in each of the person's organisations
SELECT id, organisation, integration, user_account, kind, spki, fingerprint, created_at,
	valid_until, revoked_at, last_verified_at
FROM public_key
WHERE user_account = $1 AND user_account <> 0 AND id > $2
ORDER BY id
LIMIT $3;

-- name: public_key_valid
SELECT id, organisation, integration, user_account, kind, spki, fingerprint, created_at,
	valid_until, revoked_at, last_verified_at
FROM public_key
WHERE organisation = $1 AND integration = $2 AND user_account = 0
	AND revoked_at = 0 AND (valid_until = 0 OR valid_until > $3)
ORDER BY id DESC
LIMIT $4;

-- name: public_key_valid_user
-- exception: a person's keys serve in each of the person's organisations
SELECT id, organisation, integration, user_account, kind, spki, fingerprint, created_at,
	valid_until, revoked_at, last_verified_at
FROM public_key
WHERE user_account = $1 AND user_account <> 0
	AND revoked_at = 0 AND (valid_until = 0 OR valid_until > $2)
ORDER BY id DESC
LIMIT $3;

-- name: public_key_end
-- exception: the row id, one of a list that its owner was asked for
UPDATE public_key
SET valid_until = $2
WHERE id = $1 AND revoked_at = 0 AND (valid_until = 0 OR valid_until > $2);

-- name: public_key_revoke
-- exception: the row id, one of a list that its owner was asked for
UPDATE public_key
SET revoked_at = $2
WHERE id = $1 AND revoked_at = 0;

-- name: public_key_verified
-- exception: the row id, one of a list that its owner was asked for
UPDATE public_key
SET last_verified_at = $2
WHERE id = $1 AND last_verified_at < $2;
