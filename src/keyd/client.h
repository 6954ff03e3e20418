/*
 * Inside keyd's client: one exchange, and the two calls only the TLS context uses.
 */
#ifndef CHIROGRAPH_KEYD_CLIENT_H
#define CHIROGRAPH_KEYD_CLIENT_H

#include "keyd/calls.h"
#include "keyd/keyd.h"

#include "base/wire.h"

struct call {
	struct wire_writer w;
	struct wire_reader r;
};

static inline void call_init(struct call *c, enum keyd_call number)
{
	wire_writer_init(&c->w);
	wire_reader_init(&c->r);
	wire_put_u32(&c->w, (uint32_t)number);
}

static inline void call_free(struct call *c)
{
	wire_writer_free(&c->w);
	wire_reader_free(&c->r);
}

enum err CHECKED keyd_call(struct keyd *k, struct wire_writer *w, struct wire_reader *r);
enum err CHECKED keyd_call_until(
    struct keyd *k, struct wire_writer *w, struct wire_reader *r, int64_t deadline);
/* For what many ask at once: see shared.h. */
enum err CHECKED keyd_call_shared(struct keyd *k, struct wire_writer *w, struct wire_reader *r);
struct shared *keyd_shared(struct keyd *k);
enum err CHECKED keyd_result(struct wire_reader *r); /* what an answer begins with */

struct tls_request {
	uint8_t key_id[SHA256_SIZE];
	char digest[32]; /* "" for Ed25519 */
	bool is_pss;
	struct span content;
};

enum err CHECKED keyd_tls_chain(struct keyd *k, struct buf *chain);
enum err CHECKED keyd_tls_sign(struct keyd *k, const struct tls_request *q, struct buf *signature);

/* A key whose private half is keyd's, in a library context that has our provider. */
struct ossl_lib_ctx_st;
enum err CHECKED provider_key_new(struct ossl_lib_ctx_st *libctx, struct keyd *k,
    EVP_PKEY *public_key, const uint8_t *id, EVP_PKEY **out);
enum err CHECKED provider_context(struct ossl_lib_ctx_st **out); /* made once, kept */

#endif
