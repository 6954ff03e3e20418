/*
 * The supervisor: starts front, keyd and courier, starts a press for each document, starts again
 * what dies, passes signals on. One thread; it reads frames of front and nothing from any network.
 */
#ifndef CHIROGRAPH_MAIN_SUPERVISOR_H
#define CHIROGRAPH_MAIN_SUPERVISOR_H

#include "main/config.h"

/* listener: bound and listening. address: for the line "ready https://…". Returns the exit status.
 */
/* At SIGHUP: brings the configuration up to date; the fault says what is wrong with it. */
struct supervisor_reload {
	enum err (*run)(void *ctx, struct config *config, struct fault *fault);
	void *ctx;
};
int supervisor_run(struct config *config, const struct supervisor_reload *reload, int listener,
    const char *address);

#endif
