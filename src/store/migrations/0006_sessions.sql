-- Browsers that proved to be a signer's. The cookie itself is never kept, only its SHA-256; a
-- session counts for one signer's link and until its time.

CREATE TABLE signer_session (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL,
	signer BIGINT NOT NULL REFERENCES signer (id),
	hash BLOB NOT NULL UNIQUE,
	may_read INTEGER NOT NULL,      -- the CPF or a code was right in this browser
	sign_until BIGINT NOT NULL,     -- 0: no code was right in it
	lapses_at BIGINT NOT NULL
);
CREATE INDEX signer_session_signer ON signer_session (signer);
CREATE INDEX signer_session_end ON signer_session (lapses_at);
