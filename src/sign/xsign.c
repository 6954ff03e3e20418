/*
 * x-sign: RSA PKCS#1 v1.5 over SHA-256 of prefix, URL and body, one after the other without
 * separators. That prefix and URL meet without one is the scheme's; the forms of both keep them
 * apart: a prefix is digits only, a URL begins with its scheme.
 */
#include "base/codec.h"
#include "sign/sign.h"

#include <openssl/evp.h>

static bool are_fit(struct span prefix, struct span url)
{
	if (prefix.size == 0 || url.size == 0 || (url.data[0] >= '0' && url.data[0] <= '9'))
		return false;
	for (size_t i = 0; i < prefix.size; i++)
		if (prefix.data[i] < '0' || prefix.data[i] > '9')
			return false;
	return true;
}

enum err xsign_input(struct span prefix, struct span url, struct span body, struct buf *out)
{
	ENSURE(are_fit(prefix, url), ERR_SIGNATURE);
	buf_put_span(out, prefix);
	buf_put_span(out, url);
	buf_put_span(out, body);
	return buf_done(out);
}

enum err xsign_digest(
    struct span prefix, struct span url, struct span body, uint8_t digest[SHA256_SIZE])
{
	ENSURE(are_fit(prefix, url), ERR_SIGNATURE);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	ENSURE(c != NULL, ERR_MEMORY);
	bool is_done = EVP_DigestInit_ex(c, digest_sha256(), NULL) == 1 &&
		       EVP_DigestUpdate(c, prefix.data, prefix.size) == 1 &&
		       EVP_DigestUpdate(c, url.data, url.size) == 1 &&
		       EVP_DigestUpdate(c, body.data, body.size) == 1 &&
		       EVP_DigestFinal_ex(c, digest, NULL) == 1;
	EVP_MD_CTX_free(c);
	return is_done ? OK : ERR_CRYPTO;
}

enum err xsign_read(struct span text, struct buf *signature)
{
	size_t padded = text.size;
	while (text.size > 0 && padded - text.size < 2 && text.data[text.size - 1] == '=')
		text.size--;
	ENSURE(text.size > 0 && text.size <= SIGN_SIGNATURE_MAX / 3 * 4 + 4, ERR_SIGNATURE);
	ENSURE(padded == text.size || padded % 4 == 0, ERR_SIGNATURE);
	enum err e = b64url_decode(signature, text);
	return e == ERR_MEMORY ? e : e == OK ? OK : ERR_SIGNATURE;
}
