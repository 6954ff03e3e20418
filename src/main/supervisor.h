/*
 * The supervisor: starts front, keyd and courier, starts a press for each document, starts again
 * what dies, passes signals on. One thread; it reads frames of front and nothing from any network.
 */
#ifndef CHIROGRAPH_MAIN_SUPERVISOR_H
#define CHIROGRAPH_MAIN_SUPERVISOR_H

#include "main/config.h"

/* listener: bound and listening. address: for the line "ready https://…". Returns the exit status.
 */
int supervisor_run(const struct config *config, int listener, const char *address);

#endif
