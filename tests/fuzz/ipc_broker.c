/*
 * The frames that front sends to the supervisor, the only bytes it reads: a connection is handed
 * to a role that exists, and nothing else happens.
 */
#include "../../src/main/supervisor.c"

#include "ipc.h"

static unsigned starts;

enum err __wrap_role_start(const struct role_start *start, pid_t *pid);
enum err __wrap_role_start(const struct role_start *start, pid_t *pid)
{
	promise(start->role == ROLE_PRESS && start->socket >= 0);
	starts++;
	return ERR_BUSY;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const enum role order[CHILDREN] = {ROLE_KEYD, ROLE_COURIER, ROLE_FRONT};

	for (size_t i = 0; i < CHILDREN; i++)
		self.children[i] = (struct child){.role = order[i], .control = -1};
	self.address = "127.0.0.1:1";
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct wire_reader r;
	int fds[WIRE_FDS_MAX], pair[2];
	size_t n = ipc_descriptors(&in, NULL, 0, fds);

	promise(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	child_of(ROLE_KEYD)->control = pair[0];
	child_of(ROLE_COURIER)->control = pair[0];
	starts = 0;
	ipc_reader(&r, in, fds, n);
	promise(!frame_handle(&r) || starts <= 1);
	wire_reader_free(&r);
	ipc_end();
	return 0;
}
