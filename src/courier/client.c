/*
 * front's side of courier: one connection, one job, one outcome. A connection is not kept: the
 * cost of dialling is nothing beside the transfer, and a restarted courier needs no care.
 */
#include "courier/carry.h"

#include "base/limits.h"

#include <unistd.h>

/* The transfer's own deadline, and as long again in the queue behind others. */
#define ANSWER_MS (2 * LIMIT_COURIER_MS + 5000)

void courier_outcome_init(struct courier_outcome *o)
{
	*o = (struct courier_outcome){0};
	buf_init(&o->answer, COURIER_ANSWER_MAX);
}

void courier_outcome_free(struct courier_outcome *o)
{
	buf_free(&o->answer);
}

static enum err exchange(
    const struct courier *c, struct wire_writer *w, struct courier_outcome *out)
{
	struct wire_reader r;
	int sock = c->dial(c->ctx);
	ENSURE(sock >= 0, ERR_PEER_GONE);

	wire_reader_init(&r);
	enum err e = wire_send(sock, w, ANSWER_MS);
	if (e == OK)
		e = wire_receive(sock, &r, ANSWER_MS);
	if (e == OK)
		e = frame_get_outcome(&r, out);
	wire_reader_free(&r);
	close(sock);
	return e;
}

enum err courier_mail(
    const struct courier *c, const struct courier_mail *mail, struct courier_outcome *out)
{
	struct wire_writer w;

	courier_outcome_init(out);
	int content = wire_memfd(mail->message);
	ENSURE(content >= 0, ERR_IO);
	wire_writer_init(&w);
	frame_put_mail(&w, mail, content);
	enum err e = exchange(c, &w, out);
	wire_writer_free(&w);
	close(content);
	return e;
}

enum err courier_post(
    const struct courier *c, const struct courier_post *post, struct courier_outcome *out)
{
	struct wire_writer w;

	courier_outcome_init(out);
	int content = wire_memfd(post->body);
	ENSURE(content >= 0, ERR_IO);
	wire_writer_init(&w);
	frame_put_post(&w, post, content);
	enum err e = exchange(c, &w, out);
	wire_writer_free(&w);
	close(content);
	return e;
}
