/*
 * Who asks: schemes (one file each) turn a request into a principal. A scheme is told by
 * explicit headers, never by trying. A key is issued for one scheme and one environment, and its
 * stored row says which algorithm is right, never the request.
 *
 * A request is judged in steps, so that a large body is read only for those who may send one:
 * auth_head looks at the head alone (whose key, from where, is the token good), auth_body at the
 * rest. What may be accepted once (a token, a nonce) is left in the session as a mark for whoever
 * writes the effect to keep in the same transaction.
 */
#ifndef CHIROGRAPH_AUTH_AUTH_H
#define CHIROGRAPH_AUTH_AUTH_H

#include "base/crypto.h"
#include "http/http.h"
#include "sign/key.h"

enum auth_scheme {
	AUTH_API_KEY = 1,
	AUTH_ES512_WRAPPED = 2,
	AUTH_ES512_PLAIN = 4,
	AUTH_X_SIGN = 8,
	AUTH_HTTP_SIGNATURE = 16,
	AUTH_ES512 = AUTH_ES512_WRAPPED | AUTH_ES512_PLAIN,
	AUTH_ALL = 31,
};

/* How the rows that a route touches are bound to the caller. */
enum auth_tenant {
	TENANT_NONE,         /* touches no tenant's rows */
	TENANT_ORGANISATION, /* rows of the principal's organisation and environment */
	TENANT_LINK,         /* rows named by an unguessable link in the path */
};

/* The shape of a route family's errors; authentication errors have the scheme's. */
enum auth_form {
	FORM_ENVELOPE,    /* {"title","description","translation","code","field"} (manual 002) */
	FORM_INTEGRATION, /* the same; without credentials 400 GDF000003 (manual 001) */
	FORM_PARTNER,     /* {"code","msg","detail":{"reason"}} (manual 000) */
};

enum environment { ENVIRONMENT_SANDBOX = 0, ENVIRONMENT_PRODUCTION = 1 };

struct principal {
	enum auth_scheme scheme;
	int64_t organisation; /* row id */
	enum environment environment;
	int64_t key;  /* api_key row id; below 0: minus an integration's */
	int64_t user; /* row id, 0: none */
};

#define API_KEY_ID_BYTES 10
#define API_KEY_SECRET_BYTES 32

/* ---- keys, as the store has them ---- */

#define AUTH_PUBLIC_KEYS 4

struct auth_public_key {
	int64_t row;
	enum key_kind kind;
	struct span spki;
	const char *fingerprint;
	int64_t valid_until; /* 0: no end */
	EVP_PKEY *pkey;      /* the keyring's */
};

/* An API key or an integration. Spans and texts live in the arena that load was given. */
struct auth_key {
	int64_t row, organisation, user;
	enum environment environment;
	unsigned schemes;        /* AUTH_* bits that it opens */
	uint8_t secret_hash[32]; /* SHA-256 of the whole key text; API keys */
	int64_t revoked_at;      /* 0: live */
	const char *routes;      /* "METHOD /pattern", commas between; NULL or "": all */
	int64_t rate;            /* requests a minute; 0: the server's default */
	int64_t floor;           /* nonces of ten digits must be above it */
	int64_t last_nonce;      /* the highest that was accepted */
	const char *client_key;  /* integrations; NULL: an API key */
	bool is_compat;
	int64_t window_s; /* 0: none */
	const char *const
	    *networks; /* addresses and CIDR, NULL ended; NULL: calls may come from anywhere */
	struct auth_public_key public_keys[AUTH_PUBLIC_KEYS];
	size_t public_key_count;
	void *tenant; /* the app's */
};

enum auth_kind { AUTH_KIND_KEY, AUTH_KIND_INTEGRATION };

/* What auth needs of the store. ERR_NOT_FOUND when there is no such key. id: the bytes of an API
 * key's id, or an integration key's text in lower case. */
struct auth_store {
	void *ctx;
	enum err (*load)(void *ctx, enum auth_kind kind, struct span id, struct arena *arena,
	    struct auth_key *out);
};

struct auth_entry;

/* ---- the room, opened once ---- */

/* An external base URL, without a slash at its end. */
struct auth_base {
	const char *url;
	int environment; /* enum environment; -1: keys of both */
};

struct auth_config {
	struct auth_store store;
	const struct auth_base *bases; /* the main one first */
	size_t base_count;
	int64_t rate;       /* requests a minute and key, where the key says none; 0: no limit */
	size_t seen_limit;  /* tokens remembered; 0: LIMIT_SEEN */
	bool has_marks;     /* some were kept before: memory does not know all of them */
	int64_t entry_ms;   /* 0: LIMIT_KEY_CACHE_MS */
	size_t entry_limit; /* 0: LIMIT_KEY_CACHE */
};

struct auth;

enum err CHECKED auth_open(const struct auth_config *config, struct auth **out);
void auth_close(struct auth *a);

/* ---- one request ---- */

/* Empty when absent or empty on the wire. */
struct credentials {
	struct span authorization, client_key;
	struct span api_key, sign, timestamp, nonce;
	struct span signature_input, signature, content_digest;
};

enum auth_stage { AUTH_STAGE_NEW, AUTH_STAGE_KNOWN, AUTH_STAGE_HEAD, AUTH_STAGE_DONE };

struct auth_session {
	const struct http_request *req;
	struct credentials credentials;
	enum auth_scheme scheme; /* 0: not told yet */
	enum auth_stage stage;
	struct auth_entry *entry; /* held until auth_session_end */
	const struct auth_key *key;
	struct principal principal;
	struct span body; /* what handlers read */
	struct buf decoded;
	struct span file; /* es512-wrapped: the body's file, which is signed as it is; or empty */
	const struct auth_base *base; /* the one the request was signed for; or by Host */
	const struct auth_public_key *public_key; /* that verified; NULL: nothing was signed */
	struct span token;                        /* the request's signature as sent */
	int64_t retry_after_s;                    /* with ERR_RATE */
	bool is_use_due; /* the key's last use is to be noted: once a minute */

	/* What is accepted once. */
	bool is_once;  /* a repetition is refused on reads too */
	bool has_mark; /* of a signature */
	uint8_t mark[SHA256_SIZE];
	int64_t mark_until; /* Unix ms */
	bool is_doubtful;   /* a read whose mark only the store can tell for certain */
	char field;         /* what was signed: 't' timestamp, 'n' nonce, 0 neither */
	int64_t timestamp;  /* Unix s, x-sign */
	int64_t nonce;      /* field 'n' */

	/* Between the steps of one scheme. */
	struct span md5;
	bool has_md5;
	struct message_signature *message;
};

/* From the head alone. Errors have the codes that auth_refusal turns into the scheme's own. */
enum err CHECKED auth_head(
    struct auth *a, const struct http_request *req, struct auth_session *s, struct fault *fault);
/* The rest, when the body is there: signature, digest, the route's permission, the rate. */
enum err CHECKED auth_body(struct auth *a, struct auth_session *s, struct fault *fault);
void auth_session_end(struct auth_session *s);
/* For what outlives its request: would the key that let this one in still do so? ERR_AUTH_KEY,
 * ERR_AUTH_ROUTE. */
enum err CHECKED auth_again(struct auth *a, const struct auth_session *s);

/* The refusal in the scheme's words: under ES512 every reason is one code with details. */
enum err auth_refusal(const struct auth_session *s, enum err e, struct fault *fault);
bool auth_is_refusal(enum err e); /* of this room, and so in the scheme's form */

/* Must this signature's mark be kept durably, with the effect of a write? */
bool auth_is_write(const struct http_request *req);
/* The nonce floor to be kept durably before the answer leaves; 0: none. See scheme_x_sign.c. */
int64_t auth_floor(const struct auth_session *s);
void auth_floor_kept(struct auth_session *s, int64_t floor);
/* The mark is in the store now: copies are refused before any work. */
void auth_spent(struct auth *a, const struct auth_session *s);

/* The request as RFC 9421 sees it, for its own signature and for an answer's `;req`. */
enum err CHECKED auth_message(
    const struct auth_session *s, const struct auth_base *b, struct message *out);

/* A new key: base64url of {"key_id":…,"key":…[,"sandbox":true]}; text shown once, only the hash is
 * kept. */
enum err CHECKED auth_key_new(enum environment environment, struct buf *text,
    uint8_t key_id[API_KEY_ID_BYTES], uint8_t secret_hash[32]);

#endif
