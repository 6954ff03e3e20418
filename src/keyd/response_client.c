/*
 * The client's side of signing answers: one round trip an answer. A body larger than a frame goes
 * in a memfd.
 */
#include "keyd/client.h"

#include <string.h>
#include <unistd.h>

#define FRAME_ROOM (WIRE_FRAME_MAX - 96 * 1024) /* what heads and fields may take beside it */

static enum err take(struct wire_reader *r, struct buf *out)
{
	buf_put_span(out, wire_bytes(r));
	ENSURE(!r->failed, ERR_INTERNAL);
	return buf_done(out);
}

static enum err kid_take(struct wire_reader *r, char out[KEYD_KID_SIZE])
{
	struct span kid = wire_bytes(r);

	ENSURE(!r->failed && kid.size == KEYD_KID_SIZE - 1, ERR_INTERNAL);
	if (out != NULL) {
		memcpy(out, kid.data, kid.size);
		out[kid.size] = '\0';
	}
	return OK;
}

enum err keyd_response_plain(
    struct keyd *k, const struct plain *p, struct buf *token, char kid[KEYD_KID_SIZE])
{
	struct call c CLEANUP(call_free);

	call_init(&c, CALL_RESPONSE_PLAIN);
	wire_put_bytes(&c.w, p->payload_md5);
	wire_put_bytes(&c.w, p->timestamp);
	wire_put_bytes(&c.w, p->method);
	wire_put_bytes(&c.w, p->uri);
	TRY(keyd_call(k, &c.w, &c.r));
	TRY(take(&c.r, token));
	return kid_take(&c.r, kid);
}

struct wrapping {
	struct keyd *keyd;
	const struct keyd_wrapped *form;
	struct keyd_wrapped_tokens *out;
};

static enum err wrapping_call(struct wrapping *g, struct call *c, struct buf *signature)
{
	TRY(keyd_call(g->keyd, &c->w, &c->r));
	TRY(take(&c->r, signature));
	TRY(take(&c->r, g->out->authorization));
	return kid_take(&c->r, g->out->kid);
}

/* Asked for the body's signature by jws_make; the second token comes along. */
static enum err wrapping_sign(void *ctx, struct span input, struct buf *signature)
{
	struct wrapping *g = ctx;
	struct call c CLEANUP(call_free);
	bool is_large = input.size > FRAME_ROOM;

	call_init(&c, CALL_RESPONSE_WRAPPED);
	wire_put_bytes(&c.w, g->form->integration_key);
	wire_put_bytes(&c.w, g->form->method);
	wire_put_bytes(&c.w, g->form->content_type);
	wire_put_bytes(&c.w, g->form->date);
	wire_put_bytes(&c.w, g->form->url);
	wire_put_bytes(&c.w, is_large ? SPAN_EMPTY : input);
	wire_put_u32(&c.w, is_large);
	if (!is_large)
		return wrapping_call(g, &c, signature);
	int fd = wire_memfd(input);
	ENSURE(fd >= 0, ERR_MEMORY);
	wire_put_fd(&c.w, fd);
	enum err e = wrapping_call(g, &c, signature);
	close(fd);
	return e;
}

enum err keyd_response_wrapped(struct keyd *k, const struct keyd_wrapped *form, struct span claims,
    struct keyd_wrapped_tokens *out)
{
	struct wrapping g = {k, form, out};
	const struct signer signer = {.algorithm = SIGN_ES512, .sign = wrapping_sign, .ctx = &g};

	return jws_make(&signer, NULL, claims, out->body);
}

static enum err message_sign(void *ctx, struct span input, struct buf *signature)
{
	const struct keyd_message *m = ctx;
	struct call c CLEANUP(call_free);

	call_init(&c, CALL_RESPONSE_MESSAGE);
	wire_put_str(&c.w, m->kid);
	wire_put_bytes(&c.w, input);
	TRY(keyd_call_shared(m->keyd, &c.w, &c.r));
	return take(&c.r, signature);
}

struct signer keyd_response_message(struct keyd_message *m)
{
	return (struct signer){.algorithm = SIGN_ED25519, .sign = message_sign, .ctx = m};
}
