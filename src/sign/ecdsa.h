/*
 * The two forms of an ECDSA signature: R || S of fixed length on the wire (RFC 7518 §3.4), DER
 * inside OpenSSL. Whether r and s can be a signature at all is decided here, before any arithmetic.
 */
#ifndef CHIROGRAPH_SIGN_ECDSA_H
#define CHIROGRAPH_SIGN_ECDSA_H

#include "sign/sign.h"

#define ECDSA_DER_MAX 141 /* P-521: SEQUENCE 3, two INTEGERs of at most 2 + 67 */

/* Bytes of R || S; 0 when a is not ECDSA. */
size_t ecdsa_raw_size(enum sign_algorithm a);
/* The right length, and 0 < r, s < order. */
bool ecdsa_raw_is_valid(enum sign_algorithm a, struct span raw);
/* raw is valid. The bytes written. */
size_t ecdsa_der_of_raw(struct span raw, uint8_t der[ECDSA_DER_MAX]);
/* size: ecdsa_raw_size. ERR_CRYPTO: OpenSSL's answer is not such a DER. */
enum err CHECKED ecdsa_raw_of_der(struct span der, uint8_t *raw, size_t size);

#endif
