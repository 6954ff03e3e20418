/*
 * front: TLS, HTTP, the domain and the store; it opens the rooms once and runs the server on them.
 */
#ifndef CHIROGRAPH_MAIN_FRONT_H
#define CHIROGRAPH_MAIN_FRONT_H

#include "main/config.h"
#include "main/secrets.h"

#include "api/app.h"
#include "jobs/jobs.h"

struct front; /* what is open */

/* The role: runs until SIGTERM, then drains. The process's exit status. */
int role_front(const struct config *config);

/* What jobs need beside the app. handlers.c owns the table and the order of its rows. */
const struct job_handler *job_handlers(struct app *app, size_t *count);
/* The settings that messages and webhooks go by from now on; copied. Jobs under way end with the
 * ones they began with. Call it before job_handlers, and again whenever they change. */
enum err CHECKED handlers_settings(
    struct app *app, const struct config *config, const struct front_secrets *secrets);
void handlers_close(void);

#endif
