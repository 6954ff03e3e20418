/*
 * A real keyd for the unit tests: keys made in a fresh folder, the role in a process of its own.
 */
#ifndef TESTS_UNIT_KEYD_START_H
#define TESTS_UNIT_KEYD_START_H

#include "base/wire.h"
#include "keyd/keyd.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct keyd_process {
	char data[64];
	int control;
	pid_t pid;
	unsigned starts;
};

static inline void keyd_process_start(struct keyd_process *p)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	fflush(NULL);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		struct keyd_config config = {.control = pair[1], .data = p->data};
		close(pair[0]);
		_exit(keyd_serve(&config));
	}
	close(pair[1]);
	p->control = pair[0];
	p->starts++;
}

static inline int keyd_process_stop(struct keyd_process *p, int signal_number)
{
	int status = 0;

	if (signal_number != 0)
		kill(p->pid, signal_number);
	close(p->control);
	waitpid(p->pid, &status, 0);
	p->pid = 0;
	return status;
}

/* Dials as front does; a keyd that was killed is started again, as the supervisor would. */
static inline int keyd_process_dial(void *ctx)
{
	struct keyd_process *p = ctx;
	struct wire_writer w CLEANUP(wire_writer_free);
	int pair[2];

	if (p->pid == 0)
		keyd_process_start(p);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	wire_writer_init(&w);
	wire_put_fd(&w, pair[1]);
	if (wire_send(p->control, &w, 1000) != OK) {
		close(pair[0]);
		pair[0] = -1;
	}
	close(pair[1]);
	return pair[0];
}

static inline void keyd_folder_make(struct keyd_process *p)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1", NULL};

	*p = (struct keyd_process){.control = -1};
	snprintf(p->data, sizeof(p->data), "/tmp/keyd-test-XXXXXX");
	assert_non_null(mkdtemp(p->data));
	assert_int_equal(keyd_keys_create(p->data, "Órgão de Testes Ltda", hosts), OK);
}

static inline void keyd_folder_remove(struct keyd_process *p)
{
	char command[128];
	pid_t pid = fork();

	snprintf(command, sizeof(command), "%s", p->data);
	if (pid == 0) {
		execlp("rm", "rm", "-rf", command, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

#endif
