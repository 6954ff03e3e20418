-- Keys of the signing schemes: integrations (ES512), public keys of integrations and of people,
-- the addresses an integration may call from, and what must never be accepted twice.

-- Routes: "METHOD /pattern" with commas between, empty: all. Rate: requests a minute, 0: the
-- server's default.
ALTER TABLE api_key ADD COLUMN routes TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN rate BIGINT NOT NULL DEFAULT 0;

-- Keys that the command line made so far belong to the organisation: the administrator it names
-- is nobody in particular, and stands in every organisation.
UPDATE api_key SET user_account = NULL WHERE user_account IN
	(SELECT id FROM user_account WHERE email = 'administrator@localhost');
-- One value per person, environment and scheme.
CREATE UNIQUE INDEX api_key_user_live ON api_key (user_account, environment, scheme)
	WHERE user_account IS NOT NULL AND revoked_at = 0;

CREATE TABLE integration (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL REFERENCES organisation (id),
	user_account BIGINT REFERENCES user_account (id),
	environment INTEGER NOT NULL,   -- 0 sandbox, 1 production
	client_key TEXT NOT NULL UNIQUE, -- UUID, no secret
	label TEXT NOT NULL,
	mode INTEGER NOT NULL DEFAULT 0, -- 0 strict, 1 compat
	window_s BIGINT NOT NULL DEFAULT 300, -- 0: no window
	routes TEXT NOT NULL DEFAULT '',
	rate BIGINT NOT NULL DEFAULT 0,
	created_at BIGINT NOT NULL,
	revoked_at BIGINT NOT NULL DEFAULT 0,
	last_verified_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX integration_organisation ON integration (organisation);
CREATE INDEX integration_user ON integration (user_account);

-- Owner: an integration; or a person (user_account), in every organisation; or, both 0, the
-- organisation itself.
CREATE TABLE public_key (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL REFERENCES organisation (id),
	integration BIGINT NOT NULL DEFAULT 0,
	user_account BIGINT NOT NULL DEFAULT 0,
	kind INTEGER NOT NULL,          -- enum key_kind
	spki BLOB NOT NULL,             -- DER
	fingerprint TEXT NOT NULL,      -- "SHA256:…" of the DER
	created_at BIGINT NOT NULL,
	valid_until BIGINT NOT NULL DEFAULT 0, -- 0: no end
	revoked_at BIGINT NOT NULL DEFAULT 0,
	last_verified_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX public_key_owner ON public_key (organisation, integration, user_account);
CREATE INDEX public_key_user ON public_key (user_account) WHERE user_account <> 0;

CREATE TABLE allowed_address (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL,
	integration BIGINT NOT NULL REFERENCES integration (id),
	network TEXT NOT NULL,          -- canonical: "203.0.113.0/24", "2001:db8::/48"
	created_at BIGINT NOT NULL,
	active_at BIGINT NOT NULL,
	UNIQUE (integration, network)
);

CREATE TABLE replay (
	mark BLOB PRIMARY KEY,
	organisation BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX replay_expires ON replay (expires_at);

CREATE TABLE nonce (
	api_key BIGINT PRIMARY KEY,
	organisation BIGINT NOT NULL,
	last BIGINT NOT NULL
);
