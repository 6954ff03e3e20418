/*
 * The session of a signer's browser. The link says which signer; the session says that this
 * browser gave the CPF or a code itself, so a link that was passed on opens nothing. The cookie's
 * name carries the link, so people with several links in one browser keep them apart.
 *
 * It is handed out with the CPF, or when a code is asked for, and gains its further
 * rights on the server: an answer lost on the way costs nobody a second code. Nobody can
 * plant one: browsers take a __Host- cookie from this host alone.
 */
#ifndef CHIROGRAPH_WEB_BROWSER_H
#define CHIROGRAPH_WEB_BROWSER_H

#include "envelope/envelope.h"
#include "http/http.h"
#include "store/sessions.h"

#define BROWSER_BYTES 32
#define BROWSER_NAME_SIZE 32
#define BROWSER_VALUE_SIZE 48

struct browser {
	char name[BROWSER_NAME_SIZE];   /* of the cookie */
	char value[BROWSER_VALUE_SIZE]; /* "" when the browser has none that counts */
	struct signer_session kept;     /* zero then */
};

/* In a read transaction: the request's cookie for this link, if it counts for this signer. */
enum err CHECKED browser_load(struct browser *b, struct db *db, const struct http_request *req,
    const uint8_t link[SHA256_SIZE], int64_t organisation, int64_t signer);
bool browser_may_read(const struct browser *b);
bool browser_may_sign(const struct browser *b, int64_t now);

/* Before the writer: what the session will be once this command went well. */
enum err CHECKED browser_step(struct browser *b, enum command_kind kind, int64_t now);
/* In the writer, when it did. */
enum err CHECKED browser_keep(
    const struct browser *b, struct db *db, int64_t organisation, int64_t signer);
/* After the commit: the cookie, whose time counts anew. */
enum err CHECKED browser_reply(
    const struct browser *b, struct arena *arena, struct http_reply *reply);

#endif
