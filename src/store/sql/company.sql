-- name: company_add
INSERT INTO company (organisation, environment, external_id, sealed_profile, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $5)
RETURNING id;

-- name: company_find
SELECT id, external_id, sealed_profile, created_at, updated_at
FROM company
WHERE organisation = $1 AND environment = $2 AND external_id = $3;

-- name: company_save
UPDATE company
SET sealed_profile = $3, updated_at = $4
WHERE organisation = $1 AND id = $2;

-- name: company_list
SELECT id, external_id, sealed_profile, created_at, updated_at
FROM company
WHERE organisation = $1 AND environment = $2 AND id > $3
ORDER BY id
LIMIT $4;

-- name: company_count
SELECT count(*)
FROM company
WHERE organisation = $1 AND environment = $2;

-- name: company_search
-- The first hash is the longest word's; a query of fewer words repeats it.
SELECT c.id, c.external_id, c.sealed_profile, c.created_at, c.updated_at
FROM company_word w JOIN company c ON c.id = w.company
WHERE w.organisation = $1 AND w.environment = $2 AND w.hash = $3 AND w.company > $4
	AND EXISTS (SELECT 1 FROM company_word x WHERE x.organisation = $1 AND x.environment = $2
		AND x.hash = $5 AND x.company = w.company)
	AND EXISTS (SELECT 1 FROM company_word x WHERE x.organisation = $1 AND x.environment = $2
		AND x.hash = $6 AND x.company = w.company)
	AND EXISTS (SELECT 1 FROM company_word x WHERE x.organisation = $1 AND x.environment = $2
		AND x.hash = $7 AND x.company = w.company)
	AND EXISTS (SELECT 1 FROM company_word x WHERE x.organisation = $1 AND x.environment = $2
		AND x.hash = $8 AND x.company = w.company)
ORDER BY w.company
LIMIT $9;

-- name: company_search_count
SELECT count(*)
FROM company_word w
WHERE w.organisation = $1 AND w.environment = $2 AND w.hash = $3
	AND EXISTS (SELECT 1 FROM company_word x WHERE x.organisation = $1 AND x.environment = $2
		AND x.hash = $4 AND x.company = w.company)
	AND EXISTS (SELECT 1 FROM company_word x WHERE x.organisation = $1 AND x.environment = $2
		AND x.hash = $5 AND x.company = w.company)
	AND EXISTS (SELECT 1 FROM company_word x WHERE x.organisation = $1 AND x.environment = $2
		AND x.hash = $6 AND x.company = w.company)
	AND EXISTS (SELECT 1 FROM company_word x WHERE x.organisation = $1 AND x.environment = $2
		AND x.hash = $7 AND x.company = w.company);

-- name: company_word_add
INSERT INTO company_word (organisation, environment, hash, company)
VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING;

-- name: company_word_clear
DELETE FROM company_word
WHERE organisation = $1 AND company = $2;

-- name: company_owner
-- exception: a person may be administrator in several organisations; their company tells which
SELECT c.organisation
FROM company c JOIN membership m ON m.organisation = c.organisation
WHERE c.external_id = $1 AND c.environment = $2 AND m.user_account = $3
	AND m.role = 'administrator';

-- name: trusted_party_add
INSERT INTO trusted_party (organisation, company, external_id, address_hash, sealed_profile,
	created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING;

-- name: trusted_party_count
SELECT count(*)
FROM trusted_party
WHERE organisation = $1 AND company = $2;

-- name: trusted_party_list
SELECT external_id, sealed_profile, created_at
FROM trusted_party
WHERE organisation = $1 AND company = $2
ORDER BY id
LIMIT $3;

-- name: trusted_party_remove
DELETE FROM trusted_party
WHERE organisation = $1 AND company = $2 AND external_id = $3;

-- name: upload_add
INSERT INTO uploaded_document (organisation, environment, external_id, blob, size, media,
	created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: upload_find
SELECT id, blob, media, expires_at
FROM uploaded_document
WHERE organisation = $1 AND environment = $2 AND external_id = $3 AND expires_at > $4;

-- name: upload_by_row
SELECT id, blob, media, expires_at
FROM uploaded_document
WHERE organisation = $1 AND id = $2;

-- name: upload_sweep
-- exception: time passes in every organisation alike
DELETE FROM uploaded_document
WHERE expires_at <= $1;
