/*
 * Keys as people have them: PEM pasted with its line ends lost, a BOM, CRLF; PKCS#1, PKCS#8, SEC1;
 * with a passphrase. A public key is judged before it is kept: kind, curve, size, exponent, known
 * test keys; a private key pasted by mistake is told apart, and nothing of it is kept.
 */
#ifndef CHIROGRAPH_SIGN_KEY_H
#define CHIROGRAPH_SIGN_KEY_H

#include "sign/sign.h"

enum key_kind { KEY_P521 = 1, KEY_RSA = 2, KEY_ED25519 = 3, KEY_P256 = 4, KEY_P384 = 5 };

#define KEY_FINGERPRINT_SIZE \
	52 /* "SHA256:" and base64 without padding, as ssh-keygen prints, NUL */

const char *key_kind_name(enum key_kind k); /* "P-521", "RSA", … */
bool key_kind_signs(enum key_kind k, enum sign_algorithm a);
/* RFC 9421: the algorithm of a stored key. alg, the signature's parameter ("" absent), may only
 * choose between the two of RSA (absent: rsa-pss-sha512). SIGN_NONE when it does not fit. */
enum sign_algorithm key_message_algorithm(enum key_kind k, const char *alg);
enum err CHECKED key_kind_of(EVP_PKEY *key, enum key_kind *out); /* ERR_KEY_TYPE */

/* In wanted: keys whose private half is published pass too, for whoever checks vectors with them;
 * never for a key that lets somebody in. */
#define KEY_TEST_ALLOWED (1u << 31)
/* One public key, SPKI PEM (or a PKCS#1 "RSA PUBLIC KEY"). wanted: bits 1u << kind. Errors, each
 * with a sentence in fault that says what to do: ERR_KEY_PRIVATE, ERR_KEY_FORM, ERR_KEY_TYPE,
 * ERR_KEY_WEAK. Keys whose private half is published are weak; builds with test seams take them
 * when CHIROGRAPH_TEST_KEYS is set. */
enum err CHECKED key_public_read(
    struct span text, unsigned wanted, EVP_PKEY **out, enum key_kind *kind, struct fault *fault);
enum err CHECKED key_public_pem(EVP_PKEY *key, struct buf *out);
enum err CHECKED key_public_der(EVP_PKEY *key, struct buf *out);
enum err CHECKED key_public_of_der(struct span spki, EVP_PKEY **out);
enum err CHECKED key_fingerprint(
    EVP_PKEY *key, char out[KEY_FINGERPRINT_SIZE]); /* SHA-256 of SPKI */

/* PKCS#1, PKCS#8, SEC1, encrypted or not. ERR_KEY_PASSPHRASE when one is needed (passphrase empty)
 * or wrong; the caller asks and tries again. */
enum err CHECKED key_private_read(
    struct span pem, struct span passphrase, EVP_PKEY **out, struct fault *fault);
/* is_traditional: PKCS#1 or SEC1 as the platforms' own clients read; else PKCS#8. passphrase empty:
 * none. */
enum err CHECKED key_private_pem(
    EVP_PKEY *key, bool is_traditional, struct span passphrase, struct buf *out);
enum err CHECKED key_make(enum key_kind kind, unsigned rsa_bits, EVP_PKEY **out);
void key_freep(EVP_PKEY **k);

/* BOM, CRLF and surrounding space of an `apikey` file. */
struct span key_text_trim(struct span text);

#endif
