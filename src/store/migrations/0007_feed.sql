-- The feed: what happened to envelopes, for whoever listens, until it is acknowledged. An item holds
-- no personal data: who and what is looked up when it is sent. Positions count up and are never used
-- again, so a listener can go on from the last one it was sent though items are removed meanwhile.

CREATE TABLE feed (
	organisation BIGINT NOT NULL REFERENCES organisation (id),
	environment INTEGER NOT NULL,   -- 0 sandbox, 1 production
	last BIGINT NOT NULL,           -- position of the newest item ever
	PRIMARY KEY (organisation, environment)
);

CREATE TABLE feed_item (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL,
	environment INTEGER NOT NULL,
	position BIGINT NOT NULL,
	external_id TEXT NOT NULL UNIQUE, -- KSUID
	envelope BIGINT NOT NULL,
	type INTEGER NOT NULL,          -- 1 SignEnvelope, 2 EnvelopeStatus, 3 SignerStatus
	signer INTEGER NOT NULL,        -- position in the envelope, -1: none
	state INTEGER NOT NULL,         -- of the envelope or the signer, when it happened
	created_at BIGINT NOT NULL,
	UNIQUE (organisation, environment, position)
);
CREATE INDEX feed_item_open ON feed_item (envelope, signer) WHERE type = 1;
CREATE INDEX feed_item_end ON feed_item (created_at);
