-- Companies: an organisation's sub-accounts, their trusted parties, and documents that were
-- uploaded before any envelope. Profiles are sealed under the organisation's data key; words of
-- names are found by keyed hashes of themselves and of their beginnings (api/company_words.c).

CREATE TABLE company (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL REFERENCES organisation (id),
	environment INTEGER NOT NULL,   -- 0 sandbox, 1 production
	external_id TEXT NOT NULL UNIQUE, -- KSUID
	sealed_profile BLOB NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);
CREATE INDEX company_all ON company (organisation, environment, id);

CREATE TABLE company_word (
	organisation BIGINT NOT NULL,
	environment INTEGER NOT NULL,
	hash BLOB NOT NULL,
	company BIGINT NOT NULL REFERENCES company (id),
	PRIMARY KEY (organisation, environment, hash, company)
);
CREATE INDEX company_word_company ON company_word (company);

CREATE TABLE trusted_party (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL,
	company BIGINT NOT NULL REFERENCES company (id),
	external_id TEXT NOT NULL UNIQUE, -- KSUID
	address_hash BLOB NOT NULL,     -- keyed
	sealed_profile BLOB NOT NULL,
	created_at BIGINT NOT NULL,
	UNIQUE (company, address_hash)
);

CREATE TABLE uploaded_document (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL,
	environment INTEGER NOT NULL,
	external_id TEXT NOT NULL UNIQUE, -- UUID
	blob TEXT NOT NULL,             -- under the organisation's data key
	size BIGINT NOT NULL,
	media INTEGER NOT NULL,         -- 0 other, 1 PDF, 2 JPEG
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX uploaded_document_blob ON uploaded_document (blob);
CREATE INDEX uploaded_document_end ON uploaded_document (expires_at);

ALTER TABLE envelope ADD COLUMN company BIGINT;
CREATE INDEX envelope_company ON envelope (company, id) WHERE company IS NOT NULL;
