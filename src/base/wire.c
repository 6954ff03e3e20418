/*
 * Frames over a socketpair: u32 length (host order, both ends are this program), body,
 * descriptors in the ancillary data of the first byte. A sender never blocks for ever on a
 * reader that stopped: every wait has a deadline.
 */
#include "base/wire.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

void wire_writer_init(struct wire_writer *w)
{
	*w = (struct wire_writer){.fd_count = 0};
	buf_init(&w->body, WIRE_FRAME_MAX);
}

void wire_writer_free(struct wire_writer *w)
{
	buf_free(&w->body);
}

void wire_put_u32(struct wire_writer *w, uint32_t v)
{
	buf_put(&w->body, &v, sizeof v);
}

void wire_put_i64(struct wire_writer *w, int64_t v)
{
	buf_put(&w->body, &v, sizeof v);
}

void wire_put_bytes(struct wire_writer *w, struct span s)
{
	if (s.size > WIRE_FRAME_MAX) {
		w->body.failed = w->body.failed ? w->body.failed : ERR_LIMIT;
		return;
	}
	wire_put_u32(w, (uint32_t)s.size);
	buf_put_span(&w->body, s);
}

void wire_put_str(struct wire_writer *w, const char *s)
{
	wire_put_bytes(w, span_str(s));
}

void wire_put_fd(struct wire_writer *w, int fd)
{
	if (w->fd_count == WIRE_FDS_MAX || fd < 0)
		w->body.failed = w->body.failed ? w->body.failed : ERR_LIMIT;
	else
		w->fds[w->fd_count++] = fd;
}

void wire_reader_init(struct wire_reader *r)
{
	*r = (struct wire_reader){.at = 0};
	buf_init(&r->body, WIRE_FRAME_MAX);
}

void wire_reader_free(struct wire_reader *r)
{
	for (; r->fd_at < r->fd_count; r->fd_at++)
		close(r->fds[r->fd_at]);
	buf_free(&r->body);
}

static const uint8_t *take(struct wire_reader *r, size_t size)
{
	if (r->failed || size > r->body.size - r->at) {
		r->failed = true;
		return NULL;
	}
	r->at += size;
	return r->body.data + r->at - size;
}

uint32_t wire_u32(struct wire_reader *r)
{
	uint32_t v = 0;
	const uint8_t *p = take(r, sizeof v);
	if (p != NULL)
		memcpy(&v, p, sizeof v);
	return v;
}

int64_t wire_i64(struct wire_reader *r)
{
	int64_t v = 0;
	const uint8_t *p = take(r, sizeof v);
	if (p != NULL)
		memcpy(&v, p, sizeof v);
	return v;
}

struct span wire_bytes(struct wire_reader *r)
{
	uint32_t size = wire_u32(r);
	const uint8_t *p = take(r, size);
	return p == NULL ? SPAN_EMPTY : span_of(p, size);
}

bool wire_text(struct wire_reader *r, char *out, size_t room)
{
	struct span s = wire_bytes(r);
	out[0] = 0;
	if (r->failed || s.size >= room || (s.size > 0 && memchr(s.data, 0, s.size) != NULL))
		return false;
	if (s.size > 0)
		memcpy(out, s.data, s.size);
	out[s.size] = 0;
	return true;
}

int wire_fd(struct wire_reader *r)
{
	if (r->failed || r->fd_at == r->fd_count) {
		r->failed = true;
		return -1;
	}
	return r->fds[r->fd_at++];
}

bool wire_end(const struct wire_reader *r)
{
	return !r->failed && r->at == r->body.size && r->fd_at == r->fd_count;
}

static enum err wait_for(int sock, short what, int64_t deadline)
{
	for (;;) {
		int64_t left = deadline < 0 ? -1 : deadline - clock_monotonic();
		ENSURE(deadline < 0 || left > 0, ERR_TIMEOUT);
		struct pollfd p = {.fd = sock, .events = what};
		int n = poll(&p, 1, deadline < 0 ? -1 : (int)left);
		if (n > 0)
			return OK;
		ENSURE(n == 0 || errno == EINTR, ERR_IO);
	}
}

static int64_t deadline_of(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : clock_monotonic() + timeout_ms;
}

union fd_room {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
};

static ssize_t send_some(int sock, struct span left, const int *fds, size_t fd_count)
{
	struct iovec iov = {(void *)left.data, left.size};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	union fd_room room;
	if (fd_count > 0) {
		memset(&room, 0, sizeof room);
		m.msg_control = room.bytes;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
	}
	return sendmsg(sock, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static enum err send_all(int sock, struct span left, const struct wire_writer *w, int64_t deadline)
{
	bool first = true;
	while (left.size > 0) {
		ssize_t n = send_some(sock, left, w->fds, first ? w->fd_count : 0);
		if (n > 0) {
			first = false;
			left = span_of(left.data + n, left.size - (size_t)n);
			continue;
		}
		ENSURE(errno != EPIPE && errno != ECONNRESET, ERR_PEER_GONE);
		ENSURE(errno == EAGAIN || errno == EINTR, ERR_IO);
		TRY(wait_for(sock, POLLOUT, deadline));
	}
	return OK;
}

enum err wire_send(int sock, struct wire_writer *w, int timeout_ms)
{
	struct buf frame;
	TRY(buf_done(&w->body));
	uint32_t size = (uint32_t)w->body.size;
	buf_init(&frame, sizeof size + WIRE_FRAME_MAX);
	buf_put(&frame, &size, sizeof size);
	buf_put_span(&frame, buf_span(&w->body));
	enum err e = buf_done(&frame);
	if (e == OK)
		e = send_all(sock, buf_span(&frame), w, deadline_of(timeout_ms));
	buf_free(&frame);
	return e;
}

static void take_fds(struct wire_reader *r, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (r->fd_count < WIRE_FDS_MAX)
				r->fds[r->fd_count++] = fd;
			else
				close(fd);
		}
	}
}

static enum err receive_all(
    int sock, struct wire_reader *r, uint8_t *at, size_t size, int64_t deadline)
{
	while (size > 0) {
		union fd_room room;
		struct iovec iov = {at, size};
		struct msghdr m = {.msg_iov = &iov,
		    .msg_iovlen = 1,
		    .msg_control = room.bytes,
		    .msg_controllen = sizeof room.bytes};
		ssize_t n = recvmsg(sock, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (n > 0) {
			take_fds(r, &m);
			at += n;
			size -= (size_t)n;
			continue;
		}
		ENSURE(n != 0 && errno != ECONNRESET, ERR_PEER_GONE);
		ENSURE(errno == EAGAIN || errno == EINTR, ERR_IO);
		TRY(wait_for(sock, POLLIN, deadline));
	}
	return OK;
}

enum err wire_receive(int sock, struct wire_reader *r, int timeout_ms)
{
	uint32_t size = 0;
	int64_t deadline = deadline_of(timeout_ms);
	TRY(receive_all(sock, r, (uint8_t *)&size, sizeof size, deadline));
	ENSURE(size <= WIRE_FRAME_MAX, ERR_LIMIT);
	uint8_t *at = buf_extend(&r->body, size);
	ENSURE(at != NULL, r->body.failed);
	return receive_all(sock, r, at, size, deadline);
}

void wire_die(const char *what)
{
	log_error("malformed frame", "what=%s", what);
	_exit(70);
}

int wire_memfd_empty(void)
{
	return memfd_create("chirograph", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

int wire_memfd(struct span bytes)
{
	int fd = wire_memfd_empty();
	for (size_t at = 0; fd >= 0 && at < bytes.size;) {
		ssize_t n = write(fd, bytes.data + at, bytes.size - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			close(fd);
			return -1;
		}
		at += (size_t)n;
	}
	if (fd >= 0) {
		lseek(fd, 0, SEEK_SET);
		if (fcntl(fd, F_ADD_SEALS,
			F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0) {
			close(fd);
			return -1;
		}
	}
	return fd;
}

enum err wire_fd_read(int fd, size_t limit, struct buf *out)
{
	struct stat st;
	ENSURE(fstat(fd, &st) == 0 && st.st_size >= 0, ERR_IO);
	ENSURE((size_t)st.st_size <= limit, ERR_LIMIT);
	size_t size = (size_t)st.st_size;
	uint8_t *at = buf_extend(out, size);
	ENSURE(at != NULL, out->failed);
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(fd, at + done, size - done, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		ENSURE(n > 0, ERR_IO);
		done += (size_t)n;
	}
	return OK;
}
