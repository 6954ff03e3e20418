/*
 * Inside the jobs room: the case a message or webhook job is about, read in one transaction, its
 * key and payload opened.
 */
#ifndef CHIROGRAPH_JOBS_CASE_H
#define CHIROGRAPH_JOBS_CASE_H

#include "base/json.h"
#include "jobs/post.h"
#include "store/integrations.h"
#include "store/webhooks.h"

#define CASE_SETTINGS 16

struct post_case {
	struct post *post;
	struct job *job;
	struct envelope_record record;
	struct stored_organisation organisation;
	struct stored_webhook webhook;
	bool has_webhook;
	char integration[UUID_TEXT_SIZE];              /* its key; "": the partner has none */
	struct stored_setting settings[CASE_SETTINGS]; /* smtp. */
	size_t setting_count;
	uint8_t key[KEY_SIZE]; /* data key of the envelope; wiped by case_close */
	json_t *payload;
	int64_t now;
};

/* ERR_NOT_FOUND: the envelope is gone. Close it in any case. */
enum err CHECKED case_open(struct post_case *c, struct post *post, struct job *job);
void case_close(struct post_case *c);

/* The result for an error before anything was sent. */
enum job_result case_failed(struct post_case *c, enum err e);

/* What happened to one attempt; the same for mails, gateways, the outbox and webhooks. */
struct attempt {
	bool is_done, is_permanent;
	bool is_ours; /* courier was away */
	unsigned status;
	char detail[160];
	const char *target; /* masked */
};
void attempt_take(struct attempt *a, enum err e, struct courier_outcome *o); /* frees o */
enum job_result attempt_result(const struct attempt *a);
/* Inside the writer: the row of the delivery log. */
enum err CHECKED attempt_log(struct db *db, const struct post_case *c, const struct attempt *a);

/* Write and rename DIR/outbox/<name>. */
enum err CHECKED outbox_write(const char *data, const char *name, struct span content);

#endif
