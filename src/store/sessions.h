/*
 * Sessions of signers' browsers: what a cookie, known by its hash only, may do below one signer's
 * link. A session is only ever raised or lengthened, so two requests of one browser at the same
 * moment cannot take anything from each other.
 */
#ifndef CHIROGRAPH_STORE_SESSIONS_H
#define CHIROGRAPH_STORE_SESSIONS_H

#include "store/db.h"

#include "base/crypto.h"

struct signer_session {
	uint8_t hash[SHA256_SIZE]; /* of the cookie's value */
	bool may_read;             /* the CPF or a code was right in this browser */
	int64_t sign_until;        /* a code was: it may sign until then; else 0 */
	int64_t lapses_at;
};

/* signer: its row. ERR_NOT_FOUND: no such session of this signer, or its time is over. out->hash
 * is given. */
enum err CHECKED store_session_find(
    struct db *db, int64_t organisation, int64_t signer, int64_t now, struct signer_session *out);
/* Adds or raises; of LIMIT_SESSIONS at a time the least proved and oldest give way. */
enum err CHECKED store_session_put(
    struct db *db, int64_t organisation, int64_t signer, const struct signer_session *s);
enum err CHECKED store_session_sweep(struct db *db, int64_t now);

#endif
