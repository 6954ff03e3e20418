/*
 * What making keys and rotating them share: files of DIR/keys that appear whole or not at all.
 */
#ifndef CHIROGRAPH_KEYD_CREATE_H
#define CHIROGRAPH_KEYD_CREATE_H

#include "base/bytes.h"

#include <openssl/types.h>

/* Under a name that is free; one that is taken stays as it is. */
enum err CHECKED file_create(int dir, const char *name, struct span bytes);
/* Over the one that is there, by one rename. */
enum err CHECKED file_replace(int dir, const char *name, struct span bytes);
bool file_exists(int dir, const char *name);

/* The key of that file, made when it is missing. curve NULL: the type has none. */
enum err CHECKED key_ensure(
    int dir, const char *name, const char *type, const char *curve, EVP_PKEY **out);
enum err CHECKED chain_save(int dir, const char *name, X509 *leaf, X509 *issuer);

#define SEAL_CERTIFICATE_DAYS 1096
#define TLS_CERTIFICATE_DAYS 825
#define SEAL_CERTIFICATE_NAME "Chirograph seal"
#define TLS_CERTIFICATE_NAME "Chirograph development TLS"

#endif
