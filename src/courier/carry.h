/* Inside courier's room: the transfers themselves and the frames that describe them. */
#ifndef CHIROGRAPH_COURIER_CARRY_H
#define CHIROGRAPH_COURIER_CARRY_H

#include "base/wire.h"
#include "courier/courier.h"

#define COURIER_ANSWER_MAX 4096
#define COURIER_HEADERS_MAX 32
#define COURIER_ALLOWED_MAX 64
#define COURIER_MESSAGE_MAX (4u * 1024u * 1024u)

extern struct late late_curl; /* base/late.h: libcurl, open since courier_prepare */

enum frame_kind { FRAME_MAIL = 1, FRAME_POST = 2 };

/* A job as courier reads it: the same structs, strings in the arena. */
struct frame_job {
	enum frame_kind kind;
	struct courier_mail mail;
	struct courier_post post;
	struct buf content; /* message or body */
};

void frame_put_mail(struct wire_writer *w, const struct courier_mail *mail, int content);
void frame_put_post(struct wire_writer *w, const struct courier_post *post, int content);
/* Anything but a well-formed job: an error, and the process shall end (wire_die). */
enum err CHECKED frame_get_job(struct wire_reader *r, struct arena *arena, struct frame_job *job);

void frame_put_outcome(struct wire_writer *w, const struct courier_outcome *o);
enum err CHECKED frame_get_outcome(struct wire_reader *r, struct courier_outcome *out);

void courier_outcome_init(struct courier_outcome *o);
void carry_mail(const struct courier_mail *mail, struct courier_outcome *out);
void carry_post(const struct courier_post *post, struct courier_outcome *out);

/* egress_check_url, telling too whether the operator allowed the host by name. */
enum err CHECKED egress_check(
    const char *url, const char *const *allowed, bool *is_named, struct fault *fault);

#endif
