/*
 * Handles of libcrypto's digests. A server fetches each once, which spares a search by name on
 * every use. libchirograph keeps no state of its own (CHIROGRAPH_LIBRARY): it takes libcrypto's
 * constants and pays for the search.
 */
#include "base/crypto.h"

#include <openssl/evp.h>

#ifdef CHIROGRAPH_LIBRARY
const EVP_MD *digest_md5(void)
{
	return EVP_md5();
}

const EVP_MD *digest_sha256(void)
{
	return EVP_sha256();
}

const EVP_MD *digest_sha384(void)
{
	return EVP_sha384();
}

const EVP_MD *digest_sha512(void)
{
	return EVP_sha512();
}

EVP_MAC *mac_hmac_take(void)
{
	return EVP_MAC_fetch(NULL, "HMAC", NULL);
}

void mac_hmac_give(EVP_MAC *mac)
{
	EVP_MAC_free(mac);
}
#else
#include <pthread.h>

static EVP_MD *md5, *sha_256, *sha_384, *sha_512;
static EVP_MAC *mac_hmac;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	sha_256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	sha_384 = EVP_MD_fetch(NULL, "SHA2-384", NULL);
	sha_512 = EVP_MD_fetch(NULL, "SHA2-512", NULL);
	mac_hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

static EVP_MD *taken(EVP_MD **md)
{
	pthread_once(&fetched, fetch);
	return *md;
}

const EVP_MD *digest_md5(void)
{
	return taken(&md5);
}

const EVP_MD *digest_sha256(void)
{
	return taken(&sha_256);
}

const EVP_MD *digest_sha384(void)
{
	return taken(&sha_384);
}

const EVP_MD *digest_sha512(void)
{
	return taken(&sha_512);
}

EVP_MAC *mac_hmac_take(void)
{
	pthread_once(&fetched, fetch);
	return mac_hmac;
}

void mac_hmac_give(EVP_MAC *mac)
{
	(void)mac;
}
#endif
