-- name: incident_add
-- exception: a fault may come before the organisation is known
INSERT INTO incident (external_id, created_at, route, detail)
VALUES ($1, $2, $3, $4);

-- name: incident_find
-- exception: for the operator, who sees every organisation
SELECT external_id, created_at, route, detail
FROM incident
WHERE external_id = $1;

-- name: incident_list
-- exception: for the operator, who sees every organisation
SELECT external_id, created_at, route, detail
FROM incident
WHERE created_at >= $1
ORDER BY created_at DESC
LIMIT $2;

-- name: incident_sweep
-- exception: for the operator, who sees every organisation
DELETE FROM incident
WHERE created_at < $1;

-- name: delivery_add
INSERT INTO delivery_log (organisation, envelope, kind, target_masked, at, attempt, status, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: delivery_list
SELECT id, envelope, kind, target_masked, at, attempt, status, detail
FROM delivery_log
WHERE organisation = $1 AND envelope = $2 AND id > $3
ORDER BY id
LIMIT $4;
