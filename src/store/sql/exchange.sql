-- name: exchange_add
INSERT INTO exchange (organisation, envelope, external_id, at, sealed_request, sealed_answer)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id;

-- name: exchange_answer
UPDATE exchange
SET sealed_answer = $3
WHERE organisation = $1 AND id = $2;

-- name: exchange_list
SELECT id, external_id, at, sealed_request, sealed_answer
FROM exchange
WHERE organisation = $1 AND envelope = $2
ORDER BY id
LIMIT $3;

-- name: exchange_sweep
-- exception: time passes in every organisation alike; rows grow old in the order of their ids
DELETE FROM exchange
WHERE at < $1 AND id IN (SELECT id FROM exchange ORDER BY id LIMIT $2);
