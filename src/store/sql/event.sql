-- name: event_add
INSERT INTO event (organisation, envelope, sequence, kind, at, signer, document, body,
	sealed_fields, hash, leaf)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: event_list
SELECT id, sequence, kind, at, signer, document, body, sealed_fields, hash, leaf
FROM event
WHERE organisation = $1 AND envelope = $2
ORDER BY sequence;
