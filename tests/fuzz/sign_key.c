/*
 * Pasted keys. A refusal is one of the five that have a sentence; what is accepted is of a kind
 * that was wanted and reads the same from the PEM that we would show.
 */
#include "fuzz.h"
#include "sign/key.h"

#include <openssl/evp.h>

static bool is_told(enum err e)
{
	return e == ERR_KEY_FORM || e == ERR_KEY_TYPE || e == ERR_KEY_WEAK ||
	       e == ERR_KEY_PRIVATE || e == ERR_KEY_PASSPHRASE;
}

static void check_again(EVP_PKEY *key, enum key_kind kind)
{
	EVP_PKEY *again = NULL;
	enum key_kind kind_again;
	struct buf pem;
	buf_init(&pem, 1 << 16);
	promise(key_public_pem(key, &pem) == OK);
	promise(key_public_read(buf_span(&pem), 1u << kind | KEY_TEST_ALLOWED, &again, &kind_again,
		    NULL) == OK);
	promise(EVP_PKEY_eq(key, again) == 1);
	EVP_PKEY_free(again);
	buf_free(&pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct fault fault = {0};
	EVP_PKEY *key = NULL;
	enum key_kind kind;
	unsigned wanted = take_choice(&in) << 1;
	enum err e = key_public_read(in, wanted, &key, &kind, &fault);
	promise(e == OK ? (wanted & 1u << kind) != 0 : is_told(e) && fault.detail[0] != 0);
	if (e == OK)
		check_again(key, kind);
	EVP_PKEY_free(key);
	e = key_private_read(in, SPAN_EMPTY, &key, NULL);
	promise(e == OK || is_told(e));
	EVP_PKEY_free(key);
	e = key_public_of_der(in, &key);
	promise(e == OK || e == ERR_KEY_FORM);
	EVP_PKEY_free(key);
	return 0;
}
