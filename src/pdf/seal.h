/*
 * The seal's CMS (RFC 5652, ETSI EN 319 122-1): made without a private key, because that one
 * lives in keyd. The attributes to be signed go out as DER, the signature comes back.
 * Chains are DER certificates one after another, leaf first.
 */
#ifndef CHIROGRAPH_PDF_SEAL_H
#define CHIROGRAPH_PDF_SEAL_H

#include "base/bytes.h"
#include "base/crypto.h"

#define SEAL_CHAIN_MAX 8

/* DER of the SET of signed attributes over this digest: what keyd signs. */
enum err CHECKED seal_attributes(
    struct span chain, const uint8_t digest[SHA256_SIZE], struct buf *der);

/* The whole CMS, ERR_CRYPTO when the signature does not verify with the chain's leaf. */
enum err CHECKED seal_cms(
    struct span chain, const uint8_t digest[SHA256_SIZE], struct span signature, struct buf *der);

/* Checks a CMS (zeros may follow it): exactly what seal_cms makes of this chain,
 * digest and its signature, the signature by the chain's leaf, each certificate issued by the next. ERR_CRYPTO. */
enum err CHECKED seal_check(struct span cms, struct span chain, const uint8_t digest[SHA256_SIZE]);

#endif
