-- name: signer_add
INSERT INTO signer (organisation, envelope, position, external_id, state, delivery, code_channel,
	sent_at, sealed_profile, sealed_link, link_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: signer_list
SELECT id, external_id, state, delivery, code_channel, sent_at, delivered_at, opened_at, cpf_at,
	read_at, code_at, consent_at, signed_at, refused_at, read_mask, cpf_tries, cpf_window,
	code_hash, code_sent_at, code_tries, code_sends, code_window, sealed_profile, sealed_link
FROM signer
WHERE organisation = $1 AND envelope = $2
ORDER BY position;

-- name: signer_by_link
-- exception: the link tells who the organisation is
SELECT organisation, envelope, position
FROM signer
WHERE link_hash = $1;

-- name: signer_save
UPDATE signer
SET state = $3, sent_at = $4, delivered_at = $5, opened_at = $6, cpf_at = $7, read_at = $8,
	code_at = $9, consent_at = $10, signed_at = $11, refused_at = $12, read_mask = $13,
	cpf_tries = $14, cpf_window = $15, code_hash = $16, code_sent_at = $17, code_tries = $18,
	code_sends = $19, code_window = $20
WHERE organisation = $1 AND id = $2;

-- name: signer_link_set
UPDATE signer
SET sealed_link = $3, link_hash = $4
WHERE organisation = $1 AND id = $2;

-- name: photo_put
INSERT INTO photo (organisation, envelope, signer, template, created_at, blob, size, sha256, sha512)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (envelope, signer, template) DO UPDATE
SET created_at = excluded.created_at, blob = excluded.blob, size = excluded.size,
	sha256 = excluded.sha256, sha512 = excluded.sha512;

-- name: photo_list
SELECT signer, template, created_at, blob, size, sha256, sha512
FROM photo
WHERE organisation = $1 AND envelope = $2
ORDER BY id;

-- name: drawing_add
INSERT INTO drawing (organisation, envelope, signer, sealed_drawing)
VALUES ($1, $2, $3, $4);

-- name: drawing_list
SELECT signer, sealed_drawing
FROM drawing
WHERE organisation = $1 AND envelope = $2
ORDER BY signer;
