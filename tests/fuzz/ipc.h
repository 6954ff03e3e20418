/*
 * Frames from nowhere: a frame that would end the process ends only the try (the link wraps
 * wire_die), and whatever descriptors it had opened are closed. An input begins with the
 * descriptors that travel with it: their number, then one letter for the kind of each.
 */
#ifndef CHIROGRAPH_TESTS_FUZZ_IPC_H
#define CHIROGRAPH_TESTS_FUZZ_IPC_H

#include "base/wire.h"
#include "fuzz.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static jmp_buf death;

_Noreturn void __wrap_wire_die(const char *what);
_Noreturn void __wrap_wire_die(const char *what)
{
	(void)what;
	longjmp(death, 1);
}

static int low_fd = -1; /* what a try opens lies from here on */

/* Not before the first try: the fuzzer has opened its own descriptors then. */
static inline void ipc_begin(void)
{
	if (low_fd >= 0)
		return;
	signal(SIGPIPE, SIG_IGN);
	low_fd = dup(0);
	close(low_fd);
}

static inline void ipc_end(void)
{
	close_range((unsigned)low_fd, ~0u, 0);
}

static inline int ipc_descriptor(unsigned kind, const struct span *files, size_t count)
{
	int fd;
	if (kind < count)
		return wire_memfd(files[kind]);
	fd = wire_memfd_empty(); /* not sealed */
	promise(fd >= 0 && write(fd, "x", 1) == 1);
	return fd;
}

static inline size_t ipc_descriptors(
    struct span *in, const struct span *files, size_t count, int fds[WIRE_FDS_MAX])
{
	size_t n = take_choice(in) % (WIRE_FDS_MAX + 1);
	ipc_begin();
	for (size_t i = 0; i < n; i++)
		fds[i] = ipc_descriptor(take_choice(in), files, count);
	return n;
}

static inline void ipc_reader(struct wire_reader *r, struct span frame, const int *fds, size_t n)
{
	wire_reader_init(r);
	buf_put_span(&r->body, frame);
	for (size_t i = 0; i < n; i++)
		r->fds[r->fd_count++] = fds[i];
}

/* A socket on which these frames are waiting, and then the end. A length byte, the first frame;
 * what is left is the second. */
static inline int ipc_socket(struct span in, const int *fds, size_t n)
{
	int pair[2];
	promise(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	for (int i = 0; i < 2 && in.size > 0; i++) {
		size_t size = i == 0 ? in.data[0] : in.size;
		struct span rest = i == 0 ? span_of(in.data + 1, in.size - 1) : in;
		struct wire_writer w;
		wire_writer_init(&w);
		size = size < rest.size ? size : rest.size;
		buf_put(&w.body, rest.data, size);
		for (size_t k = 0; k < n; k++)
			wire_put_fd(&w, fds[k]);
		(void)!wire_send(pair[1], &w, 0);
		wire_writer_free(&w);
		in = span_of(rest.data + size, rest.size - size);
	}
	shutdown(pair[1], SHUT_WR);
	return pair[0];
}

#endif
