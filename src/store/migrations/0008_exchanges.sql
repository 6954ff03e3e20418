-- The archive of signed traffic: each write that changed an envelope, with the partner's signature
-- and ours. Both sides are sealed under the envelope's data key, bound to external_id. The answer's
-- side is null between the commit of the effect and that of the answer's signature.

CREATE TABLE exchange (
	id INTEGER PRIMARY KEY,
	organisation BIGINT NOT NULL,
	envelope BIGINT NOT NULL,
	external_id TEXT NOT NULL,      -- UUID
	at BIGINT NOT NULL,
	sealed_request BLOB NOT NULL,
	sealed_answer BLOB
);
CREATE INDEX exchange_envelope ON exchange (organisation, envelope);
