-- name: feed_advance
INSERT INTO feed (organisation, environment, last)
VALUES ($1, $2, $3)
ON CONFLICT (organisation, environment) DO UPDATE SET last = feed.last + excluded.last
RETURNING last;

-- name: feed_add
INSERT INTO feed_item (organisation, environment, position, external_id, envelope, type, signer,
	state, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: feed_trim
DELETE FROM feed_item
WHERE organisation = $1 AND environment = $2 AND position <= $3;

-- name: feed_withdraw
DELETE FROM feed_item
WHERE organisation = $1 AND envelope = $2 AND type = 1 AND signer = $3;

-- name: feed_withdraw_all
DELETE FROM feed_item
WHERE organisation = $1 AND envelope = $2 AND type = 1;

-- name: feed_list
SELECT i.position, i.external_id, i.type, i.state, i.created_at, e.external_id, e.expires_at,
	s.external_id, c.external_id
FROM feed_item i
JOIN envelope e ON e.id = i.envelope
LEFT JOIN signer s ON s.envelope = i.envelope AND s.position = i.signer
LEFT JOIN company c ON c.id = e.company
WHERE i.organisation = $1 AND i.environment = $2 AND i.position > $3
ORDER BY i.position
LIMIT $4;

-- name: feed_acknowledge
DELETE FROM feed_item
WHERE organisation = $1 AND environment = $2 AND external_id = $3;

-- name: feed_sweep
-- exception: time passes for all organisations
DELETE FROM feed_item
WHERE id IN (SELECT id FROM feed_item WHERE created_at <= $1 ORDER BY created_at LIMIT $2);
