/*
 * Telling the operator that something failed on our side: a mail with the incident's number and
 * the operation, never with anybody's data. The payload is "<number> <operation>", in clear.
 */
#include "jobs/case.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char *sender_of(const struct smtp_account *a)
{
	if (a->from != NULL && a->from[0] != '\0')
		return a->from;
	return a->user != NULL && text_is_email(span_str(a->user))
		   ? a->user
		   : "no-reply@localhost.localdomain";
}

static enum err incident_write(
    const struct post *post, struct job *job, struct letter *letter, struct buf *out)
{
	struct span rest = job->row.payload, number = span_cut(&rest, ' ');
	char at[CLOCK_TEXT_SIZE];
	const char *from = sender_of(&post->mail), *id = span_dup(job->arena, number);
	struct letter_values values = {
	    .code = id, .subject = span_dup(job->arena, rest), .until = at};

	ENSURE(id != NULL && values.subject != NULL, ERR_MEMORY);
	clock_format_ms(job->row.created_at, at);
	TRY(letter_write(LETTER_INCIDENT, "en", &values, letter));
	struct mail_parts parts = {.from_name = post->mail.from_name,
	    .from = from,
	    .to = post->support_email,
	    .subject = buf_str(&letter->subject),
	    .text = buf_span(&letter->text),
	    .html = buf_span(&letter->html),
	    .message_id = arena_format(job->arena, "incident-%s%s", id, strrchr(from, '@')),
	    .now = clock_now()};
	ENSURE(parts.message_id != NULL, ERR_MEMORY);
	return mail_compose(&parts, out);
}

static enum job_result incident_send(const struct post *post, struct job *job, struct span message)
{
	const struct smtp_account *a = &post->mail;
	struct courier_outcome outcome;
	struct attempt attempt = {.is_done = false};
	struct courier_mail mail = {.host = a->host,
	    .port = a->port,
	    .security = a->security,
	    .user = a->user,
	    .password = a->password,
	    .ca_file = a->ca_pem,
	    .from = sender_of(a),
	    .to = post->support_email,
	    .message = message};
	enum err e = courier_mail(post->courier, &mail, &outcome);

	attempt_take(&attempt, e, &outcome);
	return job_because(job, attempt_result(&attempt), "%s", attempt.detail);
}

enum job_result incident_job_run(void *ctx, struct job *job)
{
	const struct post *post = ctx;
	CLEANUP(buf_free) struct buf message = {0};
	struct letter letter;

	if (post->support_email == NULL || post->mail.host == NULL)
		return JOB_DONE;
	buf_init(&message, LIMIT_MB);
	letter_init(&letter);
	enum err e = incident_write(post, job, &letter, &message);
	letter_free(&letter);
	if (e != OK)
		return job_because(job, JOB_BURY, "%s", err_symbol(e));
	return incident_send(post, job, buf_span(&message));
}
