/*
 * The press role: one conversation, then the end. The document is mapped from a sealed
 * descriptor, never copied; nothing it says can make this process open, send or keep anything
 * but its answer. A frame that makes no sense ends the process.
 */
#include "pdf/press_wire.h"

#include "base/limits.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

/* A descriptor's bytes, borrowed from the kernel. */
struct mapped {
	void *at;
	size_t size;
};

static void unmap(struct mapped *m)
{
	if (m->size > 0)
		munmap(m->at, m->size);
}

static struct span map_next(struct wire_reader *r, struct mapped *m)
{
	struct stat st;
	int fd = wire_fd(r);
	if (fd < 0 || fstat(fd, &st) != 0 || (fcntl(fd, F_GET_SEALS) & SEALS) != SEALS)
		wire_die("descriptor is not sealed");
	if (st.st_size < 0 || (size_t)st.st_size > LIMIT_BLOB_BYTES)
		wire_die("descriptor is too large");
	m->size = (size_t)st.st_size;
	if (m->size > 0)
		m->at = mmap(NULL, m->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (m->at == MAP_FAILED)
		wire_die("descriptor cannot be mapped");
	close(fd);
	return span_of(m->at, m->size);
}

static void must_end(struct wire_reader *r)
{
	if (!wire_end(r))
		wire_die("request is longer than it says");
}

/* Descriptors put into an answer live until it is sent. */
static void put_file(struct wire_writer *w, struct span bytes)
{
	int fd = wire_memfd(bytes);
	if (fd < 0)
		wire_die("no memory for the answer");
	wire_put_fd(w, fd);
}

static void answer(int sock, struct wire_writer *w)
{
	enum err e = wire_send(sock, w, LIMIT_PRESS_MS);
	if (e == ERR_PEER_GONE)
		_exit(0); /* who asked has died: nobody is left to answer */
	if (e != OK)
		wire_die("answer cannot be sent");
	for (size_t i = 0; i < w->fd_count; i++)
		close(w->fds[i]);
	wire_writer_free(w);
	wire_writer_init(w);
}

static void serve_analyse(int sock, struct wire_reader *r, struct wire_writer *w)
{
	struct mapped file CLEANUP(unmap) = {0};
	struct buf normalised CLEANUP(buf_free) = {0};
	struct pdf_report report;
	buf_init(&normalised, LIMIT_BLOB_BYTES);
	bool allow_unlock = wire_u32(r) != 0;
	struct span in = map_next(r, &file);
	must_end(r);
	enum err e = pdf_analyse(in, allow_unlock, &report, &normalised);
	bool has_normalised = e == OK && report.verdict == PDF_NORMALISE;
	wire_put_u32(w, e);
	wire_put_u32(w, report.verdict);
	wire_put_str(w, report.reason);
	wire_put_u32(w, report.pages);
	wire_put_u32(w, report.signatures);
	wire_put_u32(w, report.is_encrypted);
	wire_put_u32(w, has_normalised);
	if (has_normalised)
		put_file(w, buf_span(&normalised));
	answer(sock, w);
}

static void serve_jpeg(int sock, struct wire_reader *r, struct wire_writer *w)
{
	struct mapped file CLEANUP(unmap) = {0};
	unsigned width, height;
	struct span in = map_next(r, &file);
	must_end(r);
	wire_put_u32(w, jpeg_check(in, &width, &height));
	wire_put_u32(w, width);
	wire_put_u32(w, height);
	answer(sock, w);
}

static enum err finish(int sock, const struct pdf_job *job, struct pdf_draft *drafts, size_t count)
{
	struct wire_reader r CLEANUP(wire_reader_free) = {0};
	wire_reader_init(&r);
	TRY(wire_receive(sock, &r, LIMIT_PRESS_MS));
	enum err e = OK;
	for (size_t i = 0; i < count && e == OK; i++)
		e = pdf_finish(&drafts[i], job->chain, wire_bytes(&r));
	if (e == OK)
		must_end(&r);
	return e;
}

static void put_draft(struct wire_writer *w, const struct pdf_draft *d)
{
	wire_put_u32(w, d->made.size > 0);
	if (d->made.size > 0)
		put_file(w, buf_span(&d->made));
	put_file(w, buf_span(&d->tail));
	wire_put_i64(w, (int64_t)(d->base.size + d->contents_at));
	wire_put_i64(w, (int64_t)d->contents_room);
}

static void seal(int sock, const struct pdf_job *job, struct wire_writer *w)
{
	struct pdf_draft drafts[PDF_DRAFTS_MAX] = {0};
	size_t count = 0;
	enum err e = pdf_build(job, drafts, &count);
	wire_put_u32(w, e);
	wire_put_u32(w, e == OK ? (uint32_t)count : 0);
	for (size_t i = 0; e == OK && i < count; i++)
		wire_put_bytes(w, buf_span(&drafts[i].signed_attributes));
	answer(sock, w);
	if (e == OK) {
		e = finish(sock, job, drafts, count);
		wire_put_u32(w, e);
		wire_put_u32(w, e == OK ? (uint32_t)count : 0);
		for (size_t i = 0; e == OK && i < count; i++)
			put_draft(w, &drafts[i]);
		answer(sock, w);
	}
	for (size_t i = 0; i < PDF_DRAFTS_MAX; i++)
		pdf_draft_free(&drafts[i]);
}

static void serve_seal(int sock, struct wire_reader *r, struct wire_writer *w)
{
	struct mapped input CLEANUP(unmap) = {0}, evidence CLEANUP(unmap) = {0};
	struct mapped drawings CLEANUP(unmap) = {0}, chain CLEANUP(unmap) = {0};
	struct pdf_job job = {.verdict = (enum pdf_verdict)wire_u32(r), .now = wire_i64(r)};
	job.input = map_next(r, &input);
	job.evidence = map_next(r, &evidence);
	job.drawings = map_next(r, &drawings);
	job.chain = map_next(r, &chain);
	must_end(r);
	seal(sock, &job, w);
}

static void serve_verify(int sock, struct wire_reader *r, struct wire_writer *w)
{
	struct mapped file CLEANUP(unmap) = {0}, original CLEANUP(unmap) = {0};
	struct mapped chain CLEANUP(unmap) = {0};
	struct span bytes = map_next(r, &file);
	struct span prefix = map_next(r, &original);
	struct span der = map_next(r, &chain);
	must_end(r);
	wire_put_u32(w, pdf_verify(bytes, prefix, der));
	answer(sock, w);
}

static void request_serve(int sock, struct wire_reader *r, struct wire_writer *w)
{
	switch (wire_u32(r)) {
	case PRESS_ANALYSE: serve_analyse(sock, r, w); break;
	case PRESS_JPEG: serve_jpeg(sock, r, w); break;
	case PRESS_SEAL: serve_seal(sock, r, w); break;
	case PRESS_VERIFY: serve_verify(sock, r, w); break;
	default: wire_die("unknown request");
	}
}

int press_serve(int sock)
{
	struct wire_reader r CLEANUP(wire_reader_free) = {0};
	struct wire_writer w CLEANUP(wire_writer_free) = {0};
	wire_reader_init(&r);
	wire_writer_init(&w);
	/* no configuration file, no error strings: nothing to be read later */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (wire_receive(sock, &r, -1) != OK)
		return 0; /* never asked: front went away */
	request_serve(sock, &r, &w);
	return 0;
}
