/*
 * The requests keyd answers. A request is one frame: the call's number and its fields; the answer
 * is one frame: an error number and, when that is 0, the fields named after the arrow.
 */
#ifndef CHIROGRAPH_KEYD_CALLS_H
#define CHIROGRAPH_KEYD_CALLS_H

enum keyd_call {
	CALL_ORGANISATION_KEY_NEW = 1, /* -> wrapped */
	CALL_DATA_KEY_NEW = 2,         /* organisation, u32 count -> wrapped, key of each */
	CALL_DATA_KEY_OPEN = 3,        /* organisation, wrapped -> key */
	CALL_DERIVE = 4,               /* u32 purpose -> key */
	CALL_SEAL_CHAIN = 5,           /* -> DER certificates */
	CALL_SEAL_SIGN = 6,            /* signed attributes -> signature */
	CALL_SEAL_TEST = 7,            /* -> reason, empty when it works */
	CALL_WEBHOOK_SIGN = 8,         /* content -> signatures, one after another */
	CALL_WEBHOOK_PUBLIC = 9,       /* -> key */
	CALL_TLS_CHAIN = 10,           /* reads the files again -> DER certificates */
	CALL_TLS_SIGN = 11,            /* key id, digest name, u32 is_pss, content -> signature */
	CALL_RESPONSE_PUBLIC = 12,     /* reads the files again -> u32 count; line, from, until,
					* kid, SPKI of each */
	CALL_RESPONSE_PLAIN = 13,      /* MD5, timestamp, method, uri -> token, kid */
	/* integration key, method, content type, date, url, the body's signing input, u32 whether
	   that comes in a memfd instead -> signature of the body's token, token of the
	   head, kid */
	CALL_RESPONSE_WRAPPED = 14,
	CALL_RESPONSE_MESSAGE = 15, /* kid, RFC 9421 signature base -> signature */
	CALL_SEVERAL = 16,          /* requests without descriptors -> the answer of each */
};

#define CALL_TIMEOUT_MS 10000
#define CALL_DATA_KEYS_MAX 16 /* of one call */
#define CALL_SEVERAL_MAX 32

#endif
