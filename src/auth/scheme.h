/*
 * What the scheme files share inside the room: the credential headers of a request, read once,
 * and one check function a scheme.
 */
#ifndef CHIROGRAPH_AUTH_SCHEME_H
#define CHIROGRAPH_AUTH_SCHEME_H

#include "auth/auth.h"

/* Empty when absent or empty on the wire. */
struct credentials {
	struct span authorization, client_key;
	struct span api_key, sign, timestamp, nonce;
	struct span signature_input, signature;
};

/* Tell the scheme by the headers that are there, never by trying. */
enum err CHECKED scheme_tell(
    const struct credentials *c, enum auth_scheme *out, struct fault *fault);

enum err CHECKED scheme_api_key_check(const struct auth_store *store, const struct credentials *c,
    struct principal *out, struct fault *fault);

#endif
