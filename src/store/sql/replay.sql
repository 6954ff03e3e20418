-- name: replay_add
INSERT INTO replay (mark, organisation, expires_at)
VALUES ($1, $2, $3)
ON CONFLICT (mark) DO NOTHING;

-- name: replay_sweep
-- exception: time passes for all organisations
DELETE FROM replay
WHERE mark IN (SELECT mark FROM replay WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2);

-- name: replay_has
SELECT 1 FROM replay WHERE organisation = $1 AND mark = $2;

-- name: replay_any
-- exception: asked once at start: is there any mark at all?
SELECT 1 FROM replay WHERE expires_at > $1 LIMIT 1;

-- name: nonce_advance
INSERT INTO nonce (api_key, organisation, last)
VALUES ($1, $2, $3)
ON CONFLICT (api_key) DO UPDATE SET last = excluded.last WHERE excluded.last > nonce.last;

-- name: nonce_last
SELECT last FROM nonce WHERE organisation = $1 AND api_key = $2;
