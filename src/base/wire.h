/*
 * Frames between our processes: a length-prefixed message over a socketpair, with up to
 * WIRE_FDS_MAX descriptors beside it. Both ends are ours, so a malformed frame ends the
 * process that reads it (`wire_die`), and the supervisor starts it again.
 *
 * A message is a sequence of fields without tags: reader and writer agree by type. Both
 * have a sticky failure. Bytes larger than a frame travel in a memfd.
 */
#ifndef CHIROGRAPH_BASE_WIRE_H
#define CHIROGRAPH_BASE_WIRE_H

#include "base/bytes.h"

#define WIRE_FRAME_MAX (256 * 1024)
#define WIRE_FDS_MAX 8

struct wire_writer {
	struct buf body;
	int fds[WIRE_FDS_MAX]; /* borrowed: the sender keeps and closes them */
	size_t fd_count;
};

struct wire_reader {
	struct buf body;
	size_t at;
	int fds[WIRE_FDS_MAX]; /* owned by the reader until taken */
	size_t fd_count, fd_at;
	bool failed;
};

void wire_writer_init(struct wire_writer *w);
void wire_writer_free(struct wire_writer *w);
void wire_put_u32(struct wire_writer *w, uint32_t v);
void wire_put_i64(struct wire_writer *w, int64_t v);
void wire_put_bytes(struct wire_writer *w, struct span s); /* u32 length, bytes */
void wire_put_str(struct wire_writer *w, const char *s);
void wire_put_fd(struct wire_writer *w, int fd);

void wire_reader_init(struct wire_reader *r);
void wire_reader_free(struct wire_reader *r); /* closes descriptors not taken */
uint32_t wire_u32(struct wire_reader *r);
int64_t wire_i64(struct wire_reader *r);
struct span wire_bytes(struct wire_reader *r); /* borrowed from the reader */
bool wire_text(
    struct wire_reader *r, char *out, size_t room); /* NUL ended; false when it does not fit */
int wire_fd(struct wire_reader *r); /* taken: caller closes; -1 and failed when none */
bool wire_end(
    const struct wire_reader *r); /* everything read, nothing failed, no descriptor left */

/* Blocking. timeout_ms < 0 waits for ever. ERR_PEER_GONE on end of file, ERR_TIMEOUT. */
enum err CHECKED wire_send(int sock, struct wire_writer *w, int timeout_ms);
enum err CHECKED wire_receive(int sock, struct wire_reader *r, int timeout_ms);
_Noreturn void wire_die(const char *what); /* log and _exit(70) */

/* Anonymous file holding these bytes, sealed against change, offset 0; -1 on failure. */
int wire_memfd(struct span bytes);
int wire_memfd_empty(void);
enum err CHECKED wire_fd_read(
    int fd, size_t limit, struct buf *out); /* whole file, from its start */

#endif
