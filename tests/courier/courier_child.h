/* The real courier role in a child process, and connections to it as the broker hands them out. */
#ifndef CHIROGRAPH_TESTS_COURIER_CHILD_H
#define CHIROGRAPH_TESTS_COURIER_CHILD_H

#include "base/log.h"
#include "base/wire.h"
#include "courier/courier.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static int courier_control = -1;
static pthread_mutex_t courier_lock = PTHREAD_MUTEX_INITIALIZER;

/* The child, or -1. */
static inline pid_t courier_start(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		close(pair[0]);
		log_role("courier");
		_exit(courier_prepare() == OK ? courier_serve(pair[1]) : 1);
	}
	close(pair[1]);
	courier_control = pair[0];
	return child;
}

static inline int courier_dial(void *ctx)
{
	struct wire_writer w;
	int pair[2];

	(void)ctx;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	wire_writer_init(&w);
	wire_put_fd(&w, pair[1]);
	pthread_mutex_lock(&courier_lock);
	enum err e = wire_send(courier_control, &w, 5000);
	pthread_mutex_unlock(&courier_lock);
	wire_writer_free(&w);
	close(pair[1]);
	if (e == OK)
		return pair[0];
	close(pair[0]);
	return -1;
}

static const struct courier courier_child = {courier_dial, NULL};

#endif
