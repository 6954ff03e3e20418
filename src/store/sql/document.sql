-- name: document_add
INSERT INTO document (organisation, envelope, position, external_id, sealed_name, verdict, reason,
	pages, created_at, original_blob, original_size, original_sha256, original_sha512,
	normalised_blob, normalised_size, normalised_sha256, normalised_sha512)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: document_list
SELECT id, external_id, sealed_at, sealed_name, verdict, reason, pages, created_at,
	original_blob, original_size, original_sha256, original_sha512,
	normalised_blob, normalised_size, normalised_sha256, normalised_sha512,
	dossier_blob, dossier_size, dossier_sha256, dossier_sha512,
	second_blob, second_size, second_sha256, second_sha512
FROM document
WHERE organisation = $1 AND envelope = $2
ORDER BY position;

-- name: document_seal
UPDATE document
SET sealed_at = $3, dossier_blob = $4, dossier_size = $5, dossier_sha256 = $6, dossier_sha512 = $7,
	second_blob = $8, second_size = $9, second_sha256 = $10, second_sha512 = $11
WHERE organisation = $1 AND id = $2 AND sealed_at = 0;

-- name: blob_named
-- exception: the sweep of the blob store looks for names of every organisation
SELECT 1
WHERE EXISTS (SELECT 1 FROM document WHERE original_blob = $1)
	OR EXISTS (SELECT 1 FROM document WHERE normalised_blob = $1)
	OR EXISTS (SELECT 1 FROM document WHERE dossier_blob = $1)
	OR EXISTS (SELECT 1 FROM document WHERE second_blob = $1)
	OR EXISTS (SELECT 1 FROM photo WHERE blob = $1)
	OR EXISTS (SELECT 1 FROM uploaded_document WHERE blob = $1);
