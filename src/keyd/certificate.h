/*
 * Certificates of our own: the development TLS certificate, the sealing authority and its sealing
 * leaf.
 */
#ifndef CHIROGRAPH_KEYD_CERTIFICATE_H
#define CHIROGRAPH_KEYD_CERTIFICATE_H

#include "base/err.h"

#include <openssl/types.h>

struct certificate_form {
	const char *organisation, *name; /* O and CN */
	int days;                        /* of validity, from a minute ago */
	bool is_authority, is_seal;      /* neither: a TLS server */
	const char *const *hosts;        /* names and addresses of a TLS server, NULL ended */
};

/* Self-signed when issuer is NULL. */
enum err CHECKED certificate_make(const struct certificate_form *form, EVP_PKEY *key, X509 *issuer,
    EVP_PKEY *issuer_key, X509 **out);

#endif
