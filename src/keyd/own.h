/*
 * Owned OpenSSL handles, freed when they leave scope: `EVP_PKEY *key CLEANUP(pkey_freep) = NULL`.
 */
#ifndef CHIROGRAPH_KEYD_OWN_H
#define CHIROGRAPH_KEYD_OWN_H

#include "base/err.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/x509.h>
#include <unistd.h>

static inline void pkey_freep(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}

static inline void pkey_ctx_freep(EVP_PKEY_CTX **p)
{
	EVP_PKEY_CTX_free(*p);
}

static inline void md_ctx_freep(EVP_MD_CTX **p)
{
	EVP_MD_CTX_free(*p);
}

static inline void x509_freep(X509 **p)
{
	X509_free(*p);
}

static inline void bio_freep(BIO **p)
{
	BIO_free_all(*p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#endif
