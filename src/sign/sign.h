/*
 * The signing schemes, pure: bytes in, bytes out. What is signed in each scheme, how a token or
 * header is built and how it is checked; used by the server (auth, answers, webhooks), by keyd
 * (what may be signed) and by libchirograph, so that both ends run the same code. Knows no HTTP,
 * no store, no clock. No state.
 *
 * Whoever checks says the key and its algorithm first; a token never chooses.
 * Memory: outputs are appended to the caller's buf; spans point into the input.
 */
#ifndef CHIROGRAPH_SIGN_SIGN_H
#define CHIROGRAPH_SIGN_SIGN_H

#include "base/bytes.h"
#include "base/crypto.h"

#include <openssl/types.h>

enum sign_algorithm {
	SIGN_NONE = 0,
	SIGN_ES512 = 1,       /* ECDSA P-521, SHA-512, R||S of 132 bytes (RFC 7518 §3.4) */
	SIGN_RSA_SHA256 = 2,  /* RSASSA-PKCS1-v1_5, SHA-256 */
	SIGN_ED25519 = 3,     /* RFC 8032 */
	SIGN_ES256 = 4,       /* ECDSA P-256, SHA-256, R||S of 64 bytes */
	SIGN_ES384 = 5,       /* ECDSA P-384, SHA-384, R||S of 96 bytes */
	SIGN_RSA_PSS_512 = 6, /* RSASSA-PSS, SHA-512, MGF1-SHA-512, salt 64 */
};
#define SIGN_SIGNATURE_MAX 1024 /* RSA of 8192 bits */

/* RFC 9421 §6.2.2: "ed25519" …; NULL when it has no name there. */
const char *sign_algorithm_name(enum sign_algorithm a);

/* Who signs: a key in memory, or keyd. The signature has the algorithm's raw form. */
struct signer {
	enum sign_algorithm algorithm;
	enum err (*sign)(void *ctx, struct span input, struct buf *signature);
	void *ctx;
};
/* The key stays the caller's and must outlive the signer. ERR_KEY_TYPE when it does not fit. */
enum err CHECKED signer_of_key(EVP_PKEY *key, enum sign_algorithm a, struct signer *out);

/* ERR_SIGNATURE when it is not this key's signature. Refused before any arithmetic: a wrong length,
 * r or s of zero or not below the order, a key of another type. */
enum err CHECKED sign_verify(
    EVP_PKEY *key, enum sign_algorithm a, struct span input, struct span signature);

/* ---- JWS, compact (RFC 7515), ES512 only ---- */

#define JWS_SIGNATURE_ES512 132

struct jws {
	struct span header, payload; /* still base64url */
	struct span input;           /* header "." payload */
	uint8_t signature[JWS_SIGNATURE_ES512];
};

/* Form, before any signature arithmetic: three parts, header JSON with alg exactly ES512, no crit,
 * no duplicate member, a signature of exactly 132 bytes. ERR_TOKEN; *reason (never NULL) is the end
 * of an English sentence. */
enum err CHECKED jws_read(struct span token, struct jws *out, const char **reason);
enum err CHECKED jws_check(EVP_PKEY *key, const struct jws *t); /* ERR_SIGNATURE */
enum err CHECKED jws_payload(const struct jws *t, struct buf *out);
/* payload: JSON text. The header is {"alg":"ES512","typ":"JWT"}; kid NULL: none. */
enum err CHECKED jws_make(
    const struct signer *s, const char *kid, struct span payload, struct buf *token);

/* ---- es512-wrapped ---- */

/* The five lines (RFC-like date inside the string only). All of them as they were signed. */
struct wrapped {
	struct span method, md5, content_type, date, url;
};
enum err CHECKED wrapped_lines_make(const struct wrapped *w, struct buf *out);
enum err CHECKED wrapped_lines_read(struct span text, struct wrapped *out); /* ERR_TOKEN */
/* {"sub":key,"signature":lines} */
enum err CHECKED wrapped_claims_make(
    struct span integration_key, struct span lines, struct buf *out);
/* Both members, duplicates refused; the texts are appended to the bufs. */
enum err CHECKED wrapped_claims_read(
    struct span claims, struct buf *integration_key, struct buf *lines);
/* {"encoded_body":"<token>"} and back; is_empty: no body, {} or null. */
enum err CHECKED wrapped_body_make(struct span token, struct buf *out);
enum err CHECKED wrapped_body_read(struct span body, struct buf *token, bool *is_empty);
/* Unix seconds of "Mon, 02 Nov 2026 12:00:00 GMT", day and hour also unpadded. ERR_TOKEN. */
enum err CHECKED wrapped_date_read(struct span date, int64_t *seconds);
void wrapped_date_write(int64_t seconds, char out[32]);
/* The same URL, raw or with both query strings decoded (%20 = +). */
bool wrapped_url_equal(struct span signed_url, struct span requested);

/* ---- es512-plain ---- */

struct plain {
	struct span payload_md5, timestamp, method,
	    uri; /* payload_md5.data NULL: the claim is missing */
};
enum err CHECKED plain_claims_make(const struct plain *p, struct buf *out);
/* Spans live in the arena. */
enum err CHECKED plain_claims_read(struct span claims, struct arena *arena, struct plain *out);
/* ISO 8601 UTC with 0, 3 or 6 fraction digits, with or without Z: Unix milliseconds. */
enum err CHECKED plain_time_read(struct span text, int64_t *ms);
void plain_time_write(int64_t ms, char out[32]);
/* Lowercase hex MD5. */
#define MD5_TEXT_SIZE 33
enum err CHECKED md5_text(struct span bytes, char out[MD5_TEXT_SIZE]);
/* Is this the MD5 of the body; a missing body also counts as "{}" or as nothing. */
bool plain_md5_fits(struct span claimed, struct span body, bool has_claim);

/* ---- x-sign ---- */

/* SHA-256(prefix || url || body); prefix: the timestamp or nonce in ASCII. */
enum err CHECKED xsign_digest(
    struct span prefix, struct span url, struct span body, uint8_t digest[SHA256_SIZE]);
/* What the signature covers, for sign_verify/signer: prefix || url || body. */
enum err CHECKED xsign_input(
    struct span prefix, struct span url, struct span body, struct buf *out);
/* base64url, padded or not. ERR_SIGNATURE. */
enum err CHECKED xsign_read(struct span text, struct buf *signature);

/* ---- HTTP message signatures (RFC 9421) and digests (RFC 9530) ---- */

struct message_header {
	struct span name, value; /* in order, doubles included */
};

/* One request, or one response with the request that it answers. */
struct message {
	bool is_response;
	unsigned status;            /* responses */
	struct span method, scheme; /* "POST", "https"; of the request */
	struct span authority,
	    target; /* "host[:port]" lower case, default port left out; path?query */
	const struct message_header *headers; /* of the message itself */
	size_t header_count;
	const struct message_header *request_headers; /* responses: for ;req */
	size_t request_header_count;
};

#define MESSAGE_COMPONENTS_MAX 24
struct message_component {
	char name[64]; /* "@method", "content-digest" … */
	bool is_req;
	char param[96];  /* "@query-param": the name, percent-encoded; else "" */
	struct span raw; /* when read: as sent, with its parameters */
};

/* One signature of a message: what Signature-Input says, and the signature. */
struct message_signature {
	char label[64];
	struct message_component components[MESSAGE_COMPONENTS_MAX];
	size_t component_count;
	struct span params;       /* "(…);created=…": the value of @signature-params, as sent */
	int64_t created, expires; /* Unix seconds; 0: absent */
	char keyid[128], alg[32], nonce[128], tag[64]; /* "" absent */
	uint8_t signature[SIGN_SIGNATURE_MAX];
	size_t signature_size;
};

/* Reads both headers (joined lines); exactly one signature, or the one with this label when label
 * is not NULL. ERR_TOKEN with the reason: malformed structured field, a component twice, one that
 * this server does not know, parameters out of bounds, a spelling that is not the canonical one of
 * RFC 8941. The spans point into signature_input. */
enum err CHECKED message_read(struct span signature_input, struct span signature, const char *label,
    struct message_signature *out, const char **reason);
/* RFC 9421 §2.5. ERR_TOKEN: a component that the message lacks. */
enum err CHECKED message_base(
    const struct message *m, const struct message_signature *s, struct buf *out);
bool message_covers(const struct message_signature *s, const char *name, bool is_req);

struct message_make {
	const char *label, *keyid; /* keyid NULL: left out */
	const char *nonce, *tag;   /* NULL: left out */
	const struct message_component *components;
	size_t component_count;
	int64_t created, expires; /* expires 0: left out */
};
/* The values of Signature-Input and Signature. The parameter alg names the signer's algorithm. */
enum err CHECKED message_make(const struct signer *s, const struct message *m,
    const struct message_make *how, struct buf *signature_input, struct buf *signature);

/* "sha-256=:…:" (RFC 9530); check takes sha-256 and sha-512, every known one must fit. ERR_DIGEST.
 */
enum err CHECKED digest_make(struct span body, struct buf *out);
enum err CHECKED digest_check(struct span content_digest, struct span body);

/* ---- webhooks ---- */

/* What the Signature header's HMAC-SHA1 covers: URL as registered, "POST", body (manual: Webhook,
 * Signature); and its value, lower-case hex. */
void webhook_content_legacy(const char *url, struct span body, struct buf *out);
enum err CHECKED webhook_signature_legacy(
    struct span key, const char *url, struct span body, char out[41]);
/* "id.timestamp.body": what v1 (HMAC-SHA256) and v1a (Ed25519) of Standard Webhooks sign; and the
 * value "v1,<base64>". */
void webhook_content(struct span id, struct span timestamp, struct span body, struct buf *out);
enum err CHECKED webhook_signature_v1(
    struct span key, const char *id, int64_t timestamp_s, struct span body, struct buf *out);
/* The key bytes of v1: a secret "whsec_<base64>" names them, any other is taken as it is. */
enum err CHECKED webhook_key(const char *secret, struct buf *out);

#endif
