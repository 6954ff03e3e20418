-- name: envelope_add
INSERT INTO envelope (organisation, environment, external_id, state, created_at, expires_at,
	expiration_date, submitted_at, signed_at, ended_at, version, head, wrapped_key,
	sealed_subject, sealed_code, code_hash, company)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10, $11, $12, $13, $14, $15)
RETURNING id;

-- name: envelope_find
SELECT id, organisation, environment, external_id, state, created_at, expires_at, expiration_date,
	submitted_at, signed_at, ended_at, version, head, wrapped_key, sealed_subject, sealed_code,
	(SELECT c.external_id FROM company c WHERE c.id = envelope.company)
FROM envelope
WHERE organisation = $1 AND environment = $2 AND external_id = $3;

-- name: envelope_get
SELECT id, organisation, environment, external_id, state, created_at, expires_at, expiration_date,
	submitted_at, signed_at, ended_at, version, head, wrapped_key, sealed_subject, sealed_code,
	(SELECT c.external_id FROM company c WHERE c.id = envelope.company)
FROM envelope
WHERE organisation = $1 AND id = $2;

-- name: envelope_by_code
-- exception: whoever holds the printed code may check, of whatever organisation
SELECT id, organisation, environment, external_id, state, created_at, expires_at, expiration_date,
	submitted_at, signed_at, ended_at, version, head, wrapped_key, sealed_subject, sealed_code,
	(SELECT c.external_id FROM company c WHERE c.id = envelope.company)
FROM envelope
WHERE code_hash = $1;

-- name: envelope_version
SELECT version
FROM envelope
WHERE organisation = $1 AND environment = $2 AND external_id = $3;

-- name: envelope_save
UPDATE envelope
SET state = $4, submitted_at = $5, signed_at = $6, ended_at = $7, version = $8, head = $9
WHERE organisation = $1 AND id = $2 AND version = $3;

-- name: envelope_code_set
UPDATE envelope
SET sealed_code = $3, code_hash = $4
WHERE organisation = $1 AND id = $2;

-- name: envelope_row
SELECT id
FROM envelope
WHERE organisation = $1 AND environment = $2 AND external_id = $3;

-- name: envelope_list
SELECT id, external_id, state, created_at, expires_at, ended_at, wrapped_key, sealed_subject,
	signed_at, (SELECT c.external_id FROM company c WHERE c.id = envelope.company)
FROM envelope
WHERE organisation = $1 AND environment = $2 AND id < $3 AND created_at > $4
	AND ($5 < 0 OR state = $5)
ORDER BY id DESC
LIMIT $6 OFFSET $7;

-- name: envelope_list_company
SELECT id, external_id, state, created_at, expires_at, ended_at, wrapped_key, sealed_subject,
	signed_at, (SELECT c.external_id FROM company c WHERE c.id = envelope.company)
FROM envelope
WHERE organisation = $1 AND environment = $2 AND id < $3 AND created_at > $4
	AND ($5 < 0 OR state = $5) AND company = $8
ORDER BY id DESC
LIMIT $6 OFFSET $7;

-- name: envelope_list_due
-- exception: time runs out in every organisation alike
SELECT id, organisation, wrapped_key
FROM envelope
WHERE ended_at = 0 AND signed_at = 0 AND expires_at <= $1
ORDER BY expires_at
LIMIT $2;
