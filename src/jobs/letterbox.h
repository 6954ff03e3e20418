/* Inside the jobs room: a message to one signer, and the ways it may leave. */
#ifndef CHIROGRAPH_JOBS_LETTERBOX_H
#define CHIROGRAPH_JOBS_LETTERBOX_H

#include "jobs/case.h"

struct message {
	struct post_case c;
	const char *purpose; /* "invite", "code", "copy" */
	size_t signer;
	const char *code; /* purpose "code" */
	enum channel channel;
	struct signer_profile profile;
	struct letter letter;
	const char *id; /* one per job, the same at every attempt: Message-ID, file name */
	const char *organisation; /* its name */
	const char *support;      /* NULL: none */
	struct attempt attempt;
};

/* Fills attempt. An error: nothing was sent. */
enum err CHECKED letterbox_post(struct message *m);

#endif
