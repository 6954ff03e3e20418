/*
 * What front reads from processes that have touched hostile bytes: press after a document,
 * courier after a stranger's server. An answer that makes no sense is an error, never a verdict.
 */
#include "courier/carry.h"
#include "base/limits.h"
#include "ipc.h"
#include "pdf/pdf.h"

#include <string.h>
#include <time.h>

/* A pause before the next try teaches nothing here. */
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
	return 0;
}

static const struct span files[] = {{(const uint8_t *)"%PDF-1.4 bytes", 14}, {NULL, 0}};

struct
try {
	struct span answer;
	int fds[WIRE_FDS_MAX];
	size_t count;
};

static int spawn(void *ctx)
{
	const struct try *t = ctx;
	return ipc_socket(t->answer, t->fds, t->count);
}

static enum err sign(void *ctx, struct span attributes, struct buf *signature)
{
	promise(attributes.size > 0);
	buf_put_str(signature, "signature");
	return OK;
}

static void ask_analyse(const struct press *p)
{
	struct pdf_report report;
	struct buf normalised;
	buf_init(&normalised, LIMIT_BLOB_BYTES);
	enum err e = press_analyse(p, files[0], false, &report, &normalised);
	promise(report.verdict <= PDF_REFUSE);
	promise(memchr(report.reason, 0, sizeof report.reason) != NULL);
	promise(e != OK || (normalised.size > 0) <= (report.verdict == PDF_NORMALISE));
	buf_free(&normalised);
}

static void ask_seal(const struct press *p, enum pdf_verdict verdict)
{
	struct buf outputs[PDF_DRAFTS_MAX];
	struct pdf_job job = {.input = files[0], .verdict = verdict};
	size_t count;
	for (size_t i = 0; i < PDF_DRAFTS_MAX; i++)
		buf_init(&outputs[i], LIMIT_BLOB_BYTES);
	if (press_seal(p, &job, sign, NULL, outputs, &count) == OK)
		promise(count >= 1 && count <= PDF_DRAFTS_MAX);
	for (size_t i = 0; i < PDF_DRAFTS_MAX; i++)
		buf_free(&outputs[i]);
}

static void read_outcome(const struct try *t)
{
	struct courier_outcome o;
	struct wire_reader r;
	courier_outcome_init(&o);
	ipc_reader(&r, t->answer, t->fds, t->count);
	if (frame_get_outcome(&r, &o) == OK)
		promise(memchr(o.detail, 0, sizeof o.detail) != NULL);
	courier_outcome_free(&o);
	wire_reader_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct try t = {.answer = span_of(data, size)};
	struct press press = {spawn, &t};
	unsigned width, height, form = take_choice(&t.answer);

	t.count = ipc_descriptors(&t.answer, files, 2, t.fds);
	if (form == 0)
		read_outcome(&t);
	else if (form == 1)
		ask_analyse(&press);
	else if (form == 2)
		(void)!press_jpeg(&press, files[0], &width, &height);
	else if (form == 3)
		(void)!press_verify(&press, files[0], files[1], files[1]);
	else
		ask_seal(&press, (enum pdf_verdict)(form % PDF_REFUSE));
	ipc_end();
	return 0;
}
