-- Envelopes and what hangs on them. "Not yet" is 0. Columns called sealed_… hold AES-256-GCM
-- under the envelope's data key (store/vault.h), bound to table, column and position; a
-- position is the index inside the envelope, which never changes. Link tokens and verification
-- codes are found by their hash. Blobs are names of files in the blob store.

CREATE TABLE envelope (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL REFERENCES organisation (id),
	environment INTEGER NOT NULL,   -- 0 sandbox, 1 production
	external_id TEXT NOT NULL,
	state INTEGER NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	expiration_date TEXT NOT NULL,  -- as sent
	submitted_at BIGINT NOT NULL,
	signed_at BIGINT NOT NULL,      -- everybody signed
	ended_at BIGINT NOT NULL,
	version BIGINT NOT NULL,        -- number of events
	head BLOB NOT NULL,             -- hash of the last event
	wrapped_key BLOB NOT NULL,
	sealed_subject BLOB NOT NULL,
	sealed_code BLOB,
	code_hash BLOB,
	UNIQUE (organisation, environment, external_id)
);
CREATE INDEX envelope_newest ON envelope (organisation, environment, id);
CREATE INDEX envelope_due ON envelope (expires_at) WHERE ended_at = 0 AND signed_at = 0;
CREATE UNIQUE INDEX envelope_code ON envelope (code_hash) WHERE code_hash IS NOT NULL;

CREATE TABLE signer (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL,
	envelope BIGINT NOT NULL REFERENCES envelope (id),
	position INTEGER NOT NULL,
	external_id TEXT NOT NULL,
	state INTEGER NOT NULL,
	delivery INTEGER NOT NULL,
	code_channel INTEGER NOT NULL,
	sent_at BIGINT NOT NULL DEFAULT 0,
	delivered_at BIGINT NOT NULL DEFAULT 0,
	opened_at BIGINT NOT NULL DEFAULT 0,
	cpf_at BIGINT NOT NULL DEFAULT 0,
	read_at BIGINT NOT NULL DEFAULT 0,
	code_at BIGINT NOT NULL DEFAULT 0,
	consent_at BIGINT NOT NULL DEFAULT 0,
	signed_at BIGINT NOT NULL DEFAULT 0,
	refused_at BIGINT NOT NULL DEFAULT 0,
	read_mask BIGINT NOT NULL DEFAULT 0,
	cpf_tries INTEGER NOT NULL DEFAULT 0,
	cpf_window BIGINT NOT NULL DEFAULT 0,
	code_hash BLOB,                 -- keyed hash of the one-time code now valid
	code_sent_at BIGINT NOT NULL DEFAULT 0,
	code_tries INTEGER NOT NULL DEFAULT 0,
	code_sends INTEGER NOT NULL DEFAULT 0,
	code_window BIGINT NOT NULL DEFAULT 0,
	sealed_profile BLOB NOT NULL,
	sealed_link BLOB,
	link_hash BLOB,
	UNIQUE (envelope, external_id)
);
CREATE UNIQUE INDEX signer_link ON signer (link_hash) WHERE link_hash IS NOT NULL;

CREATE TABLE document (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL,
	envelope BIGINT NOT NULL REFERENCES envelope (id),
	position INTEGER NOT NULL,
	external_id TEXT NOT NULL,
	sealed_name BLOB NOT NULL,
	verdict TEXT NOT NULL,
	reason TEXT NOT NULL,
	pages INTEGER NOT NULL,
	created_at BIGINT NOT NULL,
	sealed_at BIGINT NOT NULL DEFAULT 0,
	original_blob TEXT,
	original_size BIGINT NOT NULL,
	original_sha256 BLOB NOT NULL,
	original_sha512 BLOB NOT NULL,
	normalised_blob TEXT,
	normalised_size BIGINT,
	normalised_sha256 BLOB,
	normalised_sha512 BLOB,
	dossier_blob TEXT,
	dossier_size BIGINT,
	dossier_sha256 BLOB,
	dossier_sha512 BLOB,
	second_blob TEXT,
	second_size BIGINT,
	second_sha256 BLOB,
	second_sha512 BLOB,
	UNIQUE (envelope, external_id)
);
CREATE INDEX document_original ON document (original_blob) WHERE original_blob IS NOT NULL;
CREATE INDEX document_normalised ON document (normalised_blob) WHERE normalised_blob IS NOT NULL;
CREATE INDEX document_dossier ON document (dossier_blob) WHERE dossier_blob IS NOT NULL;
CREATE INDEX document_second ON document (second_blob) WHERE second_blob IS NOT NULL;

CREATE TABLE photo (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL,
	envelope BIGINT NOT NULL REFERENCES envelope (id),
	signer INTEGER NOT NULL,        -- position
	template TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	blob TEXT NOT NULL,
	size BIGINT NOT NULL,
	sha256 BLOB NOT NULL,
	sha512 BLOB NOT NULL,
	UNIQUE (envelope, signer, template)
);
CREATE INDEX photo_blob ON photo (blob);

CREATE TABLE drawing (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL,
	envelope BIGINT NOT NULL REFERENCES envelope (id),
	signer INTEGER NOT NULL,        -- position
	sealed_drawing BLOB NOT NULL,
	UNIQUE (envelope, signer)
);

-- id - 1 is the index in the store's log. Rows are never changed; erasing a person destroys the
-- envelope's key and leaves body, hash and leaf.
CREATE TABLE event (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL,
	envelope BIGINT NOT NULL REFERENCES envelope (id),
	sequence BIGINT NOT NULL,
	kind INTEGER NOT NULL,
	at BIGINT NOT NULL,
	signer INTEGER NOT NULL,        -- position, -1: none
	document INTEGER NOT NULL,      -- position, -1: none
	body BLOB NOT NULL,             -- canonical bytes
	sealed_fields BLOB,             -- fields in clear and salts
	hash BLOB NOT NULL,
	leaf BLOB NOT NULL,             -- RFC 6962
	UNIQUE (envelope, sequence)
);
