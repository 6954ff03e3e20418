/*
 * Who asks: schemes (one file each) turn a request into a principal. A scheme is told by
 * explicit headers, never by trying. A key is issued for one scheme and one environment.
 */
#ifndef CHIROGRAPH_AUTH_AUTH_H
#define CHIROGRAPH_AUTH_AUTH_H

#include "http/http.h"

enum auth_scheme {
	AUTH_API_KEY = 1,
	AUTH_ES512_WRAPPED = 2,
	AUTH_ES512_PLAIN = 4,
	AUTH_X_SIGN = 8,
	AUTH_HTTP_SIGNATURE = 16,
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
	int64_t key;  /* api_key row id */
	int64_t user; /* row id, 0: none */
};

#define API_KEY_ID_BYTES 10
#define API_KEY_SECRET_BYTES 32

struct auth_key { /* one stored key */
	int64_t row, organisation, user;
	enum environment environment;
	enum auth_scheme scheme;
	uint8_t secret_hash[32]; /* SHA-256 of the whole key text */
	int64_t revoked_at;      /* 0: live */
};

/* What auth needs of the store. */
struct auth_store {
	void *ctx;
	/* ERR_NOT_FOUND when there is none. */
	enum err (*find_key)(void *ctx, struct span key_id, struct auth_key *out);
};

/* ERR_AUTH_MISSING, ERR_AUTH_KEY, ERR_AUTH_SCHEME … fault says which. */
enum err CHECKED auth_check(const struct auth_store *store, const struct http_request *req,
    struct principal *out, struct fault *fault);

/* A new key: base64url of {"key_id":…,"key":…[,"sandbox":true]}; text shown once, only the hash is
 * kept. */
enum err CHECKED auth_key_new(enum environment environment, struct buf *text,
    uint8_t key_id[API_KEY_ID_BYTES], uint8_t secret_hash[32]);

#endif
