/*
 * What the scheme files share inside the room: one row a scheme, and the questions that several of
 * them ask.
 */
#ifndef CHIROGRAPH_AUTH_SCHEME_H
#define CHIROGRAPH_AUTH_SCHEME_H

#include "auth/auth.h"
#include "auth/ring.h"
#include "auth/seen.h"

struct auth {
	struct auth_config config;
	struct auth_base *bases;
	struct ring *ring;
	struct seen *seen;
	int64_t opened_at; /* Unix ms */
};

struct scheme {
	enum auth_scheme scheme;
	/* Whose key is it? Sets s->entry and s->key. */
	enum err (*identify)(struct auth *a, struct auth_session *s, struct fault *fault);
	/* Is what the head says true? */
	enum err (*head)(struct auth *a, struct auth_session *s, struct fault *fault);
	/* Does the body fit? */
	enum err (*body)(struct auth *a, struct auth_session *s, struct fault *fault);
};

extern const struct scheme scheme_api_key, scheme_es512_wrapped, scheme_es512_plain, scheme_x_sign,
    scheme_http_signature;

/* Tell the scheme by the headers that are there, never by trying. */
enum err CHECKED scheme_tell(
    const struct credentials *c, enum auth_scheme *out, struct fault *fault);

/* ERR_AUTH_KEY unless the text is a live key; ERR_AUTH_SCHEME when it opens another scheme. */
enum err CHECKED scheme_key_find(
    struct auth *a, struct auth_session *s, struct span text, struct fault *fault);
/* A key by its public id alone. */
enum err CHECKED scheme_key_named(
    struct auth *a, struct auth_session *s, struct span id, struct fault *fault);

/* The integration that API-CLIENT-KEY names, and whether it may call from here. */
enum err CHECKED scheme_integration_find(
    struct auth *a, struct auth_session *s, struct fault *fault);
/* The claims of a token of this integration, its signature verified. Sets s->public_key, and the
 * mark when is_head. */
enum err CHECKED scheme_token_open(struct auth_session *s, struct span token, const char *what,
    struct buf *claims, struct fault *fault);
enum err CHECKED scheme_token_mark(struct auth_session *s, struct span token);

/* ERR_STALE. window_s 0: any time. */
enum err CHECKED scheme_window(
    const struct auth_session *s, int64_t ms, int64_t window_s, struct fault *fault);
/* A mark over these parts and the key; kept while the request could pass the window. */
enum err CHECKED scheme_mark(
    struct auth_session *s, struct span content, struct span signature, int64_t window_s);

/* Next base URL a request may have been signed for, the one that Host names first. NULL: no more.
 * *at begins at 0. */
const struct auth_base *scheme_base(const struct auth *a, const struct auth_session *s, size_t *at);
/* The one that Host names; NULL: none. For what no signature says. */
const struct auth_base *scheme_base_by_host(const struct auth *a, const struct auth_session *s);
/* A read that may have been accepted under another method or field where memory does not reach. */
bool scheme_x_sign_is_doubtful(const struct auth *a, const struct auth_session *s);
bool scheme_key_is_valid(const struct auth_session *s, const struct auth_public_key *k);
struct span auth_base_host(const struct auth_base *b);
struct span auth_base_path(const struct auth_base *b);

#endif
