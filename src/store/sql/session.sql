-- name: session_find
SELECT may_read, sign_until, lapses_at
FROM signer_session
WHERE organisation = $1 AND signer = $2 AND hash = $3 AND lapses_at > $4;

-- name: session_put
INSERT INTO signer_session (organisation, signer, hash, may_read, sign_until, lapses_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (hash) DO UPDATE
SET may_read = CASE WHEN excluded.may_read > signer_session.may_read
		THEN excluded.may_read ELSE signer_session.may_read END,
	sign_until = CASE WHEN excluded.sign_until > signer_session.sign_until
		THEN excluded.sign_until ELSE signer_session.sign_until END,
	lapses_at = excluded.lapses_at
WHERE signer_session.organisation = excluded.organisation
	AND signer_session.signer = excluded.signer;

-- name: session_trim
DELETE FROM signer_session
WHERE organisation = $1 AND signer = $2 AND id NOT IN (
	SELECT id FROM signer_session
	WHERE organisation = $1 AND signer = $2
	ORDER BY sign_until DESC, may_read DESC, lapses_at DESC
	LIMIT $3);

-- name: session_sweep
-- exception: time passes for all organisations
DELETE FROM signer_session
WHERE lapses_at <= $1;
