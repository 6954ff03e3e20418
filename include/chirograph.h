/*
 * libchirograph: what a partner of a Chirograph server (or of the platforms whose signing
 * schemes it speaks) needs to prove its requests and to check what comes back.
 *
 * Keys, builders (struct chg_request) and checkers (struct chg_response, chg_webhook, chg_proof)
 * are objects of the caller: made by _new, freed by _free (NULL is fine). The library keeps no
 * state of its own, opens no file, no socket, and writes no log. Objects may be used by one thread
 * at a time, different objects by any number of threads; a key may be shared by all of them, and
 * must outlive the objects that were told it.
 *
 * A checker is told key and algorithm before it sees a token: a message never chooses how it is
 * checked. Setters of builders and checkers keep the first mistake; _sign and _verify report it,
 * and _why says it as an English sentence.
 *
 * Texts are UTF-8 and NUL-ended. Pointers that an object hands out live until it is changed or
 * freed.
 */
#ifndef CHIROGRAPH_H
#define CHIROGRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CHG_API __attribute__((visibility("default")))
#define CHG_CHECKED __attribute__((warn_unused_result))
#else
#define CHG_API
#define CHG_CHECKED
#endif

#define CHG_VERSION "0.1.0"
CHG_API const char *chg_version(void); /* of the library that runs */

enum chg_status {
	CHG_OK = 0,
	CHG_ERR_ARGUMENT = 1, /* the caller forgot or mixed up something; _why says what */
	CHG_ERR_MEMORY = 2,
	CHG_ERR_KEY = 3,        /* not a key, too weak, or it does not fit the algorithm */
	CHG_ERR_PASSPHRASE = 4, /* the private key needs one, or it is wrong */
	CHG_ERR_UNSIGNED = 5,   /* there is no signature of the kind that was told */
	CHG_ERR_FORM = 6,       /* a token or header is malformed */
	CHG_ERR_SIGNATURE = 7,  /* it does not verify with the key that was told */
	CHG_ERR_MISMATCH = 8,   /* it verifies, but signs another request, body or status */
	CHG_ERR_TIME = 9,       /* it was signed outside the window */
	CHG_ERR_CRYPTO = 10,    /* libcrypto failed */
};
CHG_API const char *chg_status_text(enum chg_status s);

enum chg_scheme {
	CHG_API_KEY = 1,        /* the key in Authorization; the request is not signed */
	CHG_ES512_WRAPPED = 2,  /* body in a token, five lines in another */
	CHG_ES512_PLAIN = 3,    /* plain body, four claims in a token */
	CHG_X_SIGN = 4,         /* RSA over time or nonce, URL and body */
	CHG_HTTP_SIGNATURE = 5, /* RFC 9421 and RFC 9530 */
};
CHG_API const char *chg_scheme_name(enum chg_scheme s); /* "x-sign" …; NULL */
CHG_API bool chg_scheme_of(const char *name, enum chg_scheme *out);

enum chg_algorithm {
	CHG_ES512 = 1,      /* ECDSA P-521, SHA-512 */
	CHG_RSA_SHA256 = 2, /* RSASSA-PKCS1-v1_5 */
	CHG_ED25519 = 3,
	CHG_ES256 = 4, /* ECDSA P-256, SHA-256 */
	CHG_ES384 = 5, /* ECDSA P-384, SHA-384 */
	CHG_RSA_PSS_SHA512 = 6,
};

/* ---- keys ---- */

enum chg_key_kind { CHG_P521 = 1, CHG_RSA = 2, CHG_KIND_ED25519 = 3, CHG_P256 = 4, CHG_P384 = 5 };

struct chg_key;

/* Why a key was refused: a sentence that says what to do. */
struct chg_fault {
	char text[256];
};

/* Writes at most size bytes of passphrase (no NUL needed) and returns how many; -1: given up. */
typedef int chg_passphrase_fn(void *context, char *out, size_t size);

/* PKCS#1, PKCS#8 or SEC1 in PEM. ask may be NULL (then an encrypted key is
 * CHG_ERR_PASSPHRASE) and is called once, only for encrypted keys. */
CHG_API enum chg_status CHG_CHECKED chg_key_private(const void *pem, size_t size,
    chg_passphrase_fn *ask, void *context, struct chg_key **out, struct chg_fault *fault);
/* SPKI or PKCS#1 PEM, its line ends may be lost; or "whpk_…" as webhooks have it. */
CHG_API enum chg_status CHG_CHECKED chg_key_public(
    const void *text, size_t size, struct chg_key **out, struct chg_fault *fault);
/* rsa_bits: 0 is 2048; ignored for other kinds. */
CHG_API enum chg_status CHG_CHECKED chg_key_generate(
    enum chg_key_kind kind, unsigned rsa_bits, struct chg_key **out);
CHG_API void chg_key_free(struct chg_key *k);

CHG_API enum chg_key_kind chg_key_kind_of(const struct chg_key *k);
CHG_API const char *chg_key_kind_name(enum chg_key_kind kind); /* "P-521" … */
CHG_API bool chg_key_is_private(const struct chg_key *k);
/* The algorithm that a key of this kind has first: P-521 ES512, RSA RSA_SHA256 … */
CHG_API enum chg_algorithm chg_key_algorithm(const struct chg_key *k);

#define CHG_FINGERPRINT_SIZE 52 /* "SHA256:…" and the NUL, over the SPKI, as ssh-keygen writes */
CHG_API enum chg_status CHG_CHECKED chg_key_fingerprint(
    const struct chg_key *k, char out[CHG_FINGERPRINT_SIZE]);
/* NUL-ended PEM; free with chg_text_free, which wipes. */
CHG_API enum chg_status CHG_CHECKED chg_key_public_pem(const struct chg_key *k, char **out);
/* is_traditional: PKCS#1 (RSA) or SEC1 (EC), else PKCS#8. passphrase NULL or "": not encrypted. */
CHG_API enum chg_status CHG_CHECKED chg_key_private_pem(
    const struct chg_key *k, bool is_traditional, const char *passphrase, char **out);
CHG_API void chg_text_free(char *text);

/* ---- signing a request ---- */

struct chg_request;

CHG_API struct chg_request *chg_request_new(enum chg_scheme scheme); /* NULL: no memory */
CHG_API void chg_request_free(struct chg_request *r);
/* The full URL as it will be typed: x-sign covers it byte for byte; the other schemes its path
 * and query. */
CHG_API void chg_request_set_target(struct chg_request *r, const char *method, const char *url);
/* Borrowed as long as the request is used; NULL or size 0: no body. es512-wrapped: a JSON object.
 */
CHG_API void chg_request_set_body(struct chg_request *r, const void *body, size_t size);
/* Instead of a body: one file as multipart/form-data, in the field "file". Borrowed too. */
CHG_API void chg_request_set_upload(
    struct chg_request *r, const char *file_name, const void *file, size_t size);
/* Default: application/json with a body. */
CHG_API void chg_request_set_content_type(struct chg_request *r, const char *type);
CHG_API void chg_request_set_key(
    struct chg_request *r, const struct chg_key *k, enum chg_algorithm algorithm);
CHG_API void chg_request_set_key_id(struct chg_request *r, const char *id); /* http-signature */
/* api-key, x-sign. White space, a BOM and line ends around it are dropped. */
CHG_API void chg_request_set_api_key(struct chg_request *r, const char *api_key);
/* The integration key, es512-*. */
CHG_API void chg_request_set_client_key(struct chg_request *r, const char *client_key);
CHG_API void chg_request_set_time(struct chg_request *r, int64_t unix_seconds); /* default: now */
/* x-sign: instead of the time; up to 2^63-1, greater than every one before. */
CHG_API void chg_request_set_nonce(struct chg_request *r, int64_t nonce);
/* Ask for a signed answer also where the scheme does not sign it by itself. */
CHG_API void chg_request_set_answer_signed(struct chg_request *r, bool is_wanted);

/* May be called again after changes: signs afresh. */
CHG_API enum chg_status CHG_CHECKED chg_request_sign(struct chg_request *r);
/* Instead of _sign, to check the answer to a request that was signed and sent before: nothing is
 * signed, no key is needed. The headers that were sent, as far as an answer may cover them. */
CHG_API void chg_request_add_sent(struct chg_request *r, const char *name, const char *value);
CHG_API void chg_request_add_sent_line(struct chg_request *r, const void *line, size_t size);
CHG_API enum chg_status CHG_CHECKED chg_request_sent(struct chg_request *r);
CHG_API const char *chg_request_why(const struct chg_request *r);

/* What to send: these headers, beside what the HTTP library adds, and this body. */
CHG_API size_t chg_request_header_count(const struct chg_request *r);
CHG_API const char *chg_request_header_name(const struct chg_request *r, size_t i);
CHG_API const char *chg_request_header_value(const struct chg_request *r, size_t i);
CHG_API const char *chg_request_header(const struct chg_request *r, const char *name); /* or NULL */
CHG_API const void *chg_request_payload(const struct chg_request *r, size_t *size);
/* x-sign: lower-case hex of the SHA-256 that is signed; else "". */
CHG_API const char *chg_request_hash(const struct chg_request *r);

/* ---- checking its answer ---- */

struct chg_response;

/* The request must have been signed, and outlive the checker. NULL: no memory. */
CHG_API struct chg_response *chg_response_new(const struct chg_request *r);
CHG_API void chg_response_free(struct chg_response *c);
/* es512-*: the platform's P-521 key; the other schemes: its Ed25519 key (or another that RFC 9421
 * knows). Must come before the first header. */
CHG_API void chg_response_set_key(
    struct chg_response *c, const struct chg_key *k, enum chg_algorithm algorithm);
CHG_API void chg_response_set_time(struct chg_response *c, int64_t unix_seconds);
CHG_API void chg_response_set_window(
    struct chg_response *c, int64_t seconds); /* 300; 0: any time */
CHG_API void chg_response_set_status(struct chg_response *c, unsigned status);
CHG_API void chg_response_add_header(struct chg_response *c, const char *name, const char *value);
/* One line "Name: value\r\n" as HTTP libraries hand it over; others (status line, "") are skipped.
 */
CHG_API void chg_response_add_line(struct chg_response *c, const void *line, size_t size);
CHG_API void chg_response_set_body(struct chg_response *c, const void *body, size_t size);
/* CHG_ERR_UNSIGNED when the answer carries no signature: with api-key and x-sign that is normal for
 * a read that did not ask for one. */
CHG_API enum chg_status CHG_CHECKED chg_response_verify(struct chg_response *c);
CHG_API const char *chg_response_why(const struct chg_response *c);
/* The body to read: the claims under es512-wrapped, else the body as it came. */
CHG_API const void *chg_response_body(const struct chg_response *c, size_t *size);

/* ---- checking a webhook ---- */

struct chg_webhook;

enum chg_webhook_form {
	CHG_WEBHOOK_LEGACY = 1, /* Signature: HMAC-SHA1 over URL, POST, body. No time in it. */
	CHG_WEBHOOK_V1 = 2,     /* webhook-signature v1: HMAC-SHA256 over id, time, body */
	CHG_WEBHOOK_V1A = 4,    /* webhook-signature v1a: Ed25519 */
	CHG_WEBHOOK_ES512 = 8,  /* Authorization and API-CLIENT-KEY, as es512-plain */
};

/* url: as it was registered, with its query. forms: bits; each of them must be there and fit. */
CHG_API struct chg_webhook *chg_webhook_new(const char *url, unsigned forms);
CHG_API void chg_webhook_free(struct chg_webhook *c);
CHG_API void chg_webhook_set_secret(struct chg_webhook *c, const char *signature_key);
/* CHG_ED25519 for V1A, CHG_ES512 for ES512. */
CHG_API void chg_webhook_set_key(
    struct chg_webhook *c, const struct chg_key *k, enum chg_algorithm algorithm);
CHG_API void chg_webhook_set_time(struct chg_webhook *c, int64_t unix_seconds);
CHG_API void chg_webhook_set_window(struct chg_webhook *c, int64_t seconds); /* 300; 0: any time */
CHG_API void chg_webhook_add_header(struct chg_webhook *c, const char *name, const char *value);
CHG_API void chg_webhook_add_line(struct chg_webhook *c, const void *line, size_t size);
CHG_API void chg_webhook_set_body(struct chg_webhook *c, const void *body, size_t size);
CHG_API enum chg_status CHG_CHECKED chg_webhook_verify(struct chg_webhook *c);
CHG_API const char *chg_webhook_why(const struct chg_webhook *c);

/* ---- checking a bundle of signed traffic (docs/proof.md) ---- */

struct chg_proof;

enum chg_side { CHG_REQUEST = 0, CHG_RESPONSE = 1 };

enum chg_proof_verdict {
	CHG_PROOF_UNSIGNED = 0,   /* this side was not signed (api-key), or an answer not kept */
	CHG_PROOF_HOLDS = 1,      /* the signature covers method, URL and body, and verifies */
	CHG_PROOF_NEEDS_BODY = 2, /* nothing wrong, but only with the body can it be decided */
	CHG_PROOF_BAD = 3,
};

struct chg_proof_part {
	enum chg_proof_verdict verdict;
	bool is_key_trusted;    /* it is one of the keys that chg_proof_trust was told */
	enum chg_key_kind kind; /* 0: no key */
	char fingerprint[CHG_FINGERPRINT_SIZE];
	const char *body_sha256; /* lower-case hex */
	const char *why;         /* of NEEDS_BODY and BAD; else "" */
};

CHG_API struct chg_proof *chg_proof_new(void);
CHG_API void chg_proof_free(struct chg_proof *p);
/* The keys in a bundle prove nothing: these are the ones that the reader knows. */
CHG_API void chg_proof_trust(struct chg_proof *p, enum chg_side side, const struct chg_key *k);
/* Copied. Bodies find their place by their SHA-256; in any order, before chg_proof_verify. */
CHG_API void chg_proof_add_body(struct chg_proof *p, const void *body, size_t size);
/* CHG_OK: every part holds, at most the request of an exchange was never signed (with no trusted
 * platform key: at most one part), and every key of a side that has trusted keys is one of them.
 * Else the worst: SIGNATURE, MISMATCH; UNSIGNED when bodies are missing; KEY when a key is not
 * trusted. */
CHG_API enum chg_status CHG_CHECKED chg_proof_verify(
    struct chg_proof *p, const void *json, size_t size);
CHG_API const char *chg_proof_why(const struct chg_proof *p);
CHG_API size_t chg_proof_count(const struct chg_proof *p);
CHG_API const char *chg_proof_at(const struct chg_proof *p, size_t i); /* RFC 3339 */
CHG_API const char *chg_proof_method(const struct chg_proof *p, size_t i);
CHG_API const char *chg_proof_url(const struct chg_proof *p, size_t i);
CHG_API const char *chg_proof_scheme(const struct chg_proof *p, size_t i);
CHG_API unsigned chg_proof_http_status(const struct chg_proof *p, size_t i);
CHG_API const struct chg_proof_part *chg_proof_part(
    const struct chg_proof *p, size_t i, enum chg_side side);

#ifdef __cplusplus
}
#endif

#endif
