/*
 * A throw-away authority and sealing key, and a press in a forked process: what the tests of
 * src/pdf need to seal a file without keyd and without the supervisor.
 */
#ifndef CHIROGRAPH_TESTS_SEAL_SUPPORT_H
#define CHIROGRAPH_TESTS_SEAL_SUPPORT_H

#include "pdf/pdf.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

struct test_seal {
	EVP_PKEY *key;
	X509 *authority;
	struct buf chain; /* DER, leaf first */
};

void test_seal_new(struct test_seal *s, bool rsa);
void test_seal_free(struct test_seal *s);
enum err test_seal_sign(void *seal, struct span attributes, struct buf *signature); /* press_sign */

int test_press_spawn(void *ctx); /* for struct press: a child that serves one conversation */

#endif
