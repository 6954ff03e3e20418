/*
 * Small faces of OpenSSL that every room may use: random, digests, HMAC, AES-256-GCM
 * and comparing secrets. Private keys are not here: they live in keyd.
 */
#ifndef CHIROGRAPH_BASE_CRYPTO_H
#define CHIROGRAPH_BASE_CRYPTO_H

#include "base/bytes.h"

#include <openssl/types.h>

#define SHA256_SIZE 32
#define SHA512_SIZE 64
#define KEY_SIZE 32 /* AES-256 and HMAC-SHA-256 keys, bytes */
#define GCM_NONCE_SIZE 12
#define GCM_TAG_SIZE 16
#define UUID_TEXT_SIZE 37 /* with the NUL */

enum err CHECKED random_bytes(void *out, size_t size);
enum err CHECKED random_uuid(char out[UUID_TEXT_SIZE]);   /* RFC 9562 version 4 */
/* Sorts by its second (whole seconds since 2014-05-13, then 128 random bits), in base62. */
#define KSUID_TEXT_SIZE 28 /* with the NUL */
enum err CHECKED random_ksuid(int64_t now, char out[KSUID_TEXT_SIZE]);
bool ct_equal(const void *a, const void *b, size_t size); /* constant time in the content */
void secret_wipe(void *p, size_t size);

/* libcrypto's handles, for rooms that call it themselves; never freed by the caller. */
const EVP_MD *digest_md5(void);
const EVP_MD *digest_sha256(void);
const EVP_MD *digest_sha384(void);
const EVP_MD *digest_sha512(void);
EVP_MAC *mac_hmac_take(void);
void mac_hmac_give(EVP_MAC *mac);

enum err CHECKED sha256(struct span in, uint8_t out[SHA256_SIZE]);
enum err CHECKED sha512(struct span in, uint8_t out[SHA512_SIZE]);
enum err CHECKED hmac_sha256(struct span key, struct span in, uint8_t out[SHA256_SIZE]);
enum err CHECKED hmac_sha1(
    struct span key, struct span in, uint8_t out[20]); /* legacy webhooks only */

/* Seal: nonce(12, random) || ciphertext || tag(16), appended to out. aad names table, column, row.
 */
enum err CHECKED gcm_seal(
    const uint8_t key[KEY_SIZE], struct span aad, struct span plain, struct buf *out);
/* Open what gcm_seal made; ERR_DECRYPT when key, aad or bytes differ. */
enum err CHECKED gcm_open(
    const uint8_t key[KEY_SIZE], struct span aad, struct span sealed, struct buf *out);

#endif
