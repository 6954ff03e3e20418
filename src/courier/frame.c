/*
 * Jobs and outcomes as frames. Writer and reader of each type stand side by side, because the
 * fields carry no tags: whoever changes one changes the other. Content (a mail, a body) always
 * travels in a sealed memfd, so its size never meets the frame's limit. An absent string is an
 * empty one.
 */
#include "courier/carry.h"

#include <string.h>
#include <unistd.h>

static void put_list(struct wire_writer *w, const char *const *list)
{
	uint32_t count = 0;

	while (list != NULL && list[count] != NULL)
		count++;
	wire_put_u32(w, count);
	for (uint32_t i = 0; i < count; i++)
		wire_put_str(w, list[i]);
}

static const char *get_string(struct wire_reader *r, struct arena *arena)
{
	struct span s = wire_bytes(r);

	if (r->failed || s.size == 0 || memchr(s.data, '\0', s.size) != NULL)
		return NULL;
	return span_dup(arena, s);
}

static enum err get_list(
    struct wire_reader *r, struct arena *arena, uint32_t most, const char *const **out)
{
	uint32_t count = wire_u32(r);
	ENSURE(!r->failed && count <= most, ERR_BAD_REQUEST);
	const char **list = arena_alloc(arena, (count + 1) * sizeof(*list));
	ENSURE(list != NULL, ERR_MEMORY);

	for (uint32_t i = 0; i < count; i++) {
		list[i] = get_string(r, arena);
		ENSURE(list[i] != NULL, ERR_BAD_REQUEST);
	}
	*out = list;
	return OK;
}

void frame_put_mail(struct wire_writer *w, const struct courier_mail *mail, int content)
{
	wire_put_u32(w, FRAME_MAIL);
	wire_put_str(w, mail->host);
	wire_put_u32(w, mail->port);
	wire_put_u32(w, mail->security);
	wire_put_str(w, mail->user);
	wire_put_str(w, mail->password);
	wire_put_str(w, mail->ca_file);
	wire_put_str(w, mail->from);
	wire_put_str(w, mail->to);
	wire_put_u32(w, mail->is_guarded);
	wire_put_fd(w, content);
}

static enum err get_mail(struct wire_reader *r, struct arena *arena, struct courier_mail *mail)
{
	mail->host = get_string(r, arena);
	mail->port = wire_u32(r);
	mail->security = wire_u32(r);
	mail->user = get_string(r, arena);
	mail->password = get_string(r, arena);
	mail->ca_file = get_string(r, arena);
	mail->from = get_string(r, arena);
	mail->to = get_string(r, arena);
	mail->is_guarded = wire_u32(r) != 0;
	ENSURE(mail->host != NULL && (mail->from == NULL) == (mail->to == NULL), ERR_BAD_REQUEST);
	ENSURE(mail->port <= 65535 && mail->security <= SMTP_PLAIN, ERR_BAD_REQUEST);
	return OK;
}

void frame_put_post(struct wire_writer *w, const struct courier_post *post, int content)
{
	wire_put_u32(w, FRAME_POST);
	wire_put_str(w, post->url);
	put_list(w, post->headers);
	wire_put_str(w, post->ca_pem);
	put_list(w, post->allowed);
	wire_put_fd(w, content);
}

static enum err get_post(struct wire_reader *r, struct arena *arena, struct courier_post *post)
{
	post->url = get_string(r, arena);
	TRY(get_list(r, arena, COURIER_HEADERS_MAX, &post->headers));
	post->ca_pem = get_string(r, arena);
	TRY(get_list(r, arena, COURIER_ALLOWED_MAX, &post->allowed));
	ENSURE(post->url != NULL, ERR_BAD_REQUEST);
	return OK;
}

static enum err get_content(struct wire_reader *r, struct buf *out)
{
	int fd = wire_fd(r);
	ENSURE(fd >= 0 && wire_end(r), ERR_BAD_REQUEST);
	enum err e = wire_fd_read(fd, COURIER_MESSAGE_MAX, out);
	close(fd);
	return e;
}

enum err frame_get_job(struct wire_reader *r, struct arena *arena, struct frame_job *job)
{
	job->kind = wire_u32(r);
	if (job->kind == FRAME_MAIL)
		TRY(get_mail(r, arena, &job->mail));
	else if (job->kind == FRAME_POST)
		TRY(get_post(r, arena, &job->post));
	else
		return ERR_BAD_REQUEST;
	TRY(get_content(r, &job->content));
	job->mail.message = job->post.body = buf_span(&job->content);
	return OK;
}

void frame_put_outcome(struct wire_writer *w, const struct courier_outcome *o)
{
	wire_put_u32(w, o->is_done);
	wire_put_u32(w, o->is_permanent);
	wire_put_u32(w, o->status);
	wire_put_str(w, o->detail);
	wire_put_bytes(w, buf_span(&o->answer));
}

enum err frame_get_outcome(struct wire_reader *r, struct courier_outcome *out)
{
	out->is_done = wire_u32(r) != 0;
	out->is_permanent = wire_u32(r) != 0;
	out->status = wire_u32(r);
	ENSURE(wire_text(r, out->detail, sizeof(out->detail)), ERR_PEER_GONE);
	buf_put_span(&out->answer, wire_bytes(r));
	ENSURE(wire_end(r) && buf_done(&out->answer) == OK, ERR_PEER_GONE);
	return OK;
}
