/*
 * Talking to press. Its answers come from a process that has read a hostile file: each number
 * is checked, each size has a limit, and the whole conversation has one deadline. A press that
 * dies is no fault of the file's, unless it dies of the same file three times.
 */
#include "pdf/press_wire.h"
#include "pdf/recheck.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#define PRESS_TRIES 3

struct talk {
	int sock;
	int64_t deadline;
	struct wire_writer out;
	struct wire_reader in;
};

static enum err talk_open(struct talk *t, const struct press *p, enum press_request kind)
{
	*t = (struct talk){.sock = p->spawn(p->ctx)};
	wire_writer_init(&t->out);
	wire_reader_init(&t->in);
	ENSURE(t->sock >= 0, ERR_BUSY);
	t->deadline = clock_monotonic() + LIMIT_PRESS_MS;
	wire_put_u32(&t->out, kind);
	return OK;
}

static void talk_sent(struct talk *t)
{
	for (size_t i = 0; i < t->out.fd_count; i++)
		close(t->out.fds[i]);
	wire_writer_free(&t->out);
	wire_writer_init(&t->out);
}

static void talk_close(struct talk *t)
{
	talk_sent(t);
	wire_reader_free(&t->in);
	if (t->sock >= 0)
		close(t->sock);
}

static enum err put_file(struct talk *t, struct span bytes)
{
	int fd = wire_memfd(bytes);
	ENSURE(fd >= 0, ERR_MEMORY);
	wire_put_fd(&t->out, fd);
	return OK;
}

/* One question, one answer, in what is left of the time. Everything but OK ends the talk. */
static enum err talk_ask(struct talk *t)
{
	int64_t left = t->deadline - clock_monotonic();
	ENSURE(left > 0, ERR_TIMEOUT);
	enum err e = wire_send(t->sock, &t->out, (int)left);
	talk_sent(t);
	TRY(e);
	wire_reader_free(&t->in);
	wire_reader_init(&t->in);
	left = t->deadline - clock_monotonic();
	ENSURE(left > 0, ERR_TIMEOUT);
	return wire_receive(t->sock, &t->in, (int)left);
}

/* The error press answered; nonsense counts as a press that is gone. */
static enum err read_error(struct talk *t)
{
	uint32_t e = wire_u32(&t->in);
	return e < ERR_COUNT_ ? (enum err)e : ERR_PEER_GONE;
}

static enum err read_file(struct talk *t, size_t limit, struct buf *out)
{
	int fd = wire_fd(&t->in);
	ENSURE(fd >= 0, ERR_PEER_GONE);
	enum err e = wire_fd_read(fd, limit, out);
	close(fd);
	return e;
}

static enum err read_report(struct talk *t, struct pdf_report *report, struct buf *normalised)
{
	struct wire_reader *r = &t->in;
	enum err e = read_error(t);
	uint32_t verdict = wire_u32(r);
	ENSURE(wire_text(r, report->reason, sizeof report->reason), ERR_PEER_GONE);
	report->pages = wire_u32(r);
	report->signatures = wire_u32(r);
	report->is_encrypted = wire_u32(r) != 0;
	bool has_normalised = wire_u32(r) != 0;
	ENSURE(!r->failed && verdict <= PDF_REFUSE, ERR_PEER_GONE);
	ENSURE(has_normalised == (e == OK && verdict == PDF_NORMALISE), ERR_PEER_GONE);
	report->verdict = (enum pdf_verdict)verdict;
	if (has_normalised)
		TRY(read_file(t, LIMIT_BLOB_BYTES, normalised));
	ENSURE(wire_end(r), ERR_PEER_GONE);
	return e;
}

static enum err try_analyse(const struct press *p, struct span in, bool allow_unlock,
    struct pdf_report *report, struct buf *normalised)
{
	struct talk t CLEANUP(talk_close) = {.sock = -1};
	TRY(talk_open(&t, p, PRESS_ANALYSE));
	wire_put_u32(&t.out, allow_unlock);
	TRY(put_file(&t, in));
	TRY(talk_ask(&t));
	return read_report(&t, report, normalised);
}

/* The first death may be an accident; whatever else kills has a moment to pass before the last. */
static void wait_before(int attempt)
{
	struct timespec t = {0, attempt * 100 * 1000000L};
	if (attempt > 0)
		nanosleep(&t, NULL);
}

/* What failed on press's side each time becomes a property of the file. */
static enum err blame_file(enum err e, struct pdf_report *report)
{
	const char *reason = e == ERR_TIMEOUT  ? "too_slow"
			     : e == ERR_MEMORY ? "too_complex"
					       : "crashed";
	if (e != ERR_TIMEOUT && e != ERR_MEMORY && e != ERR_PEER_GONE && e != ERR_LIMIT)
		return e;
	log_warn("press refused a file", "reason=%s", reason);
	*report = (struct pdf_report){.verdict = PDF_REFUSE};
	memcpy(report->reason, reason, strlen(reason) + 1);
	return ERR_PDF_REFUSED;
}

enum err press_analyse(const struct press *p, struct span in, bool allow_unlock,
    struct pdf_report *report, struct buf *normalised)
{
	*report = (struct pdf_report){.verdict = PDF_REFUSE};
	enum err e = ERR_PEER_GONE;
	for (int i = 0; i < PRESS_TRIES && e == ERR_PEER_GONE; i++) {
		wait_before(i);
		buf_reset(normalised);
		e = try_analyse(p, in, allow_unlock, report, normalised);
	}
	return blame_file(e, report);
}

static enum err try_jpeg(const struct press *p, struct span in, unsigned *width, unsigned *height)
{
	struct talk t CLEANUP(talk_close) = {.sock = -1};
	TRY(talk_open(&t, p, PRESS_JPEG));
	TRY(put_file(&t, in));
	TRY(talk_ask(&t));
	enum err e = read_error(&t);
	*width = wire_u32(&t.in);
	*height = wire_u32(&t.in);
	ENSURE(wire_end(&t.in), ERR_PEER_GONE);
	return e;
}

enum err press_jpeg(const struct press *p, struct span in, unsigned *width, unsigned *height)
{
	enum err e = ERR_PEER_GONE;
	for (int i = 0; i < PRESS_TRIES && e == ERR_PEER_GONE; i++) {
		wait_before(i);
		e = try_jpeg(p, in, width, height);
	}
	return e == ERR_PEER_GONE || e == ERR_TIMEOUT || e == ERR_LIMIT ? ERR_JPEG : e;
}

enum err press_verify(
    const struct press *p, struct span file, struct span original, struct span chain)
{
	struct talk t CLEANUP(talk_close) = {.sock = -1};
	TRY(talk_open(&t, p, PRESS_VERIFY));
	TRY(put_file(&t, file));
	TRY(put_file(&t, original));
	TRY(put_file(&t, chain));
	TRY(talk_ask(&t));
	enum err e = read_error(&t);
	ENSURE(wire_end(&t.in), ERR_PEER_GONE);
	return e;
}

static enum err ask_build(struct talk *t, const struct pdf_job *job, size_t *count)
{
	wire_put_u32(&t->out, job->verdict);
	wire_put_i64(&t->out, job->now);
	TRY(put_file(t, job->input));
	TRY(put_file(t, job->evidence));
	TRY(put_file(t, job->drawings));
	TRY(put_file(t, job->chain));
	TRY(talk_ask(t));
	TRY(read_error(t));
	*count = wire_u32(&t->in);
	ENSURE(*count == (job->verdict == PDF_SEAL_ONLY ? 2 : 1), ERR_PEER_GONE);
	return OK;
}

/* signed_: what keyd signed for each draft, kept for the recheck. */
static enum err sign_drafts(
    struct talk *t, press_sign sign, void *ctx, size_t count, struct buf signed_[PDF_DRAFTS_MAX])
{
	for (size_t i = 0; i < count; i++) {
		struct buf signature CLEANUP(buf_free) = {0};
		buf_init(&signature, PRESS_SIGNATURE_MAX);
		struct span attributes = wire_bytes(&t->in);
		ENSURE(!t->in.failed && attributes.size > 0, ERR_PEER_GONE);
		buf_put_span(&signed_[i], attributes);
		TRY(buf_done(&signed_[i]));
		TRY(sign(ctx, attributes, &signature));
		wire_put_bytes(&t->out, buf_span(&signature));
	}
	ENSURE(wire_end(&t->in), ERR_PEER_GONE);
	return OK;
}

/* The unchanged front part is ours already; only what follows it comes from press. */
static enum err read_output(
    struct talk *t, const struct pdf_job *job, struct span signed_attributes, struct buf *out)
{
	if (wire_u32(&t->in) != 0)
		TRY(read_file(t, LIMIT_BLOB_BYTES, out));
	else
		buf_put_span(out, job->input);
	TRY(buf_done(out));
	TRY(read_file(t, LIMIT_BLOB_BYTES, out));
	int64_t at = wire_i64(&t->in), digits = wire_i64(&t->in);
	ENSURE(at >= 0 && digits >= 0, ERR_PEER_GONE);
	struct seal_gap gap = {(size_t)at, (size_t)digits};
	return seal_recheck(buf_span(out), gap, job->chain, signed_attributes);
}

static enum err read_outputs(struct talk *t, const struct pdf_job *job,
    const struct buf signed_[PDF_DRAFTS_MAX], struct buf outputs[PDF_DRAFTS_MAX], size_t count)
{
	TRY(talk_ask(t));
	TRY(read_error(t));
	ENSURE(wire_u32(&t->in) == count, ERR_PEER_GONE);
	for (size_t i = 0; i < count; i++)
		TRY(read_output(t, job, buf_span(&signed_[i]), &outputs[i]));
	ENSURE(wire_end(&t->in), ERR_PEER_GONE);
	return OK;
}

static enum err make(const struct press *p, const struct pdf_job *job, press_sign sign, void *ctx,
    struct buf outputs[PDF_DRAFTS_MAX], size_t *count)
{
	struct talk t CLEANUP(talk_close) = {.sock = -1};
	struct buf signed_[PDF_DRAFTS_MAX];
	for (size_t i = 0; i < PDF_DRAFTS_MAX; i++)
		buf_init(&signed_[i], WIRE_FRAME_MAX);
	enum err e = talk_open(&t, p, PRESS_SEAL);
	if (e == OK)
		e = ask_build(&t, job, count);
	if (e == OK)
		e = sign_drafts(&t, sign, ctx, *count, signed_);
	if (e == OK)
		e = read_outputs(&t, job, signed_, outputs, *count);
	for (size_t i = 0; i < PDF_DRAFTS_MAX; i++)
		buf_free(&signed_[i]);
	return e;
}

enum err press_seal(const struct press *p, const struct pdf_job *job, press_sign sign,
    void *sign_ctx, struct buf outputs[PDF_DRAFTS_MAX], size_t *count)
{
	*count = 0;
	TRY(make(p, job, sign, sign_ctx, outputs, count));
	for (size_t i = 0; i < *count; i++) {
		bool has_prefix = i == 0 && job->verdict != PDF_ATTACH;
		TRY(press_verify(
		    p, buf_span(&outputs[i]), has_prefix ? job->input : SPAN_EMPTY, job->chain));
	}
	return OK;
}
