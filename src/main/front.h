/*
 * front: TLS, HTTP, the domain and the store; it opens the rooms once and runs the server on them.
 */
#ifndef CHIROGRAPH_MAIN_FRONT_H
#define CHIROGRAPH_MAIN_FRONT_H

#include "main/config.h"

#include "api/app.h"
#include "jobs/jobs.h"

struct front; /* what is open */

/* The role: runs until SIGTERM, then drains. The process's exit status. */
int role_front(const struct config *config);

/* Secrets of the configuration, read before the sandbox closes the files' folders; wiped at the
 * end. */
struct front_secrets {
	struct buf mail_password, mail_ca, sms_token, whatsapp_token, webhook_ca;
};

/* What jobs need beside the app. handlers.c owns the table and the order of its rows. */
struct job_context {
	struct app *app;
	const struct config *config;
	const struct front_secrets *secrets;
};
const struct job_handler *job_handlers(struct job_context *context, size_t *count);

#endif
