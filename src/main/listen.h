/*
 * The listening socket, bound by the supervisor before it drops its privileges.
 */
#ifndef CHIROGRAPH_MAIN_LISTEN_H
#define CHIROGRAPH_MAIN_LISTEN_H

#include "base/err.h"

#include <stddef.h>

#define LISTEN_ADDRESS_MAX 128

/* text: "ADDR:PORT", "[::1]:443", ":443". address: what a client on this machine would write. */
enum err CHECKED listen_open(
    const char *text, int *fd, char address[LISTEN_ADDRESS_MAX], struct fault *fault);

#endif
