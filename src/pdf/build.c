/*
 * Which bytes get which update. Every draft is one append to a base: the input itself, or the
 * evidence pages as a file of their own. The seal's offsets are patched into blanks, so nothing
 * ever moves.
 */
#include "pdf/append.h"
#include "pdf/build.h"
#include "pdf/pages.h"
#include "pdf/seal.h"

#include "base/limits.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <string.h>

#define CONTENTS_MIN (24 * LIMIT_KB) /* hex digits */
#define CONTENTS_GRAIN (1 * LIMIT_KB)
#define CONTENTS_SPARE (11 * LIMIT_KB) /* bytes: attributes, signature, a time-stamp token */

/* What one draft is made of. */
struct recipe {
	const struct pdf_job *job;
	struct pdf_file *pages;      /* evidence pages to append; NULL: none */
	struct append_file files[2]; /* to attach */
	size_t file_count;
	bool is_certifying;
	bool keeps_info; /* an earlier signature's file: touch only what the seal needs */
};

static size_t contents_room(struct span chain)
{
	size_t digits = 2 * (chain.size + CONTENTS_SPARE);
	size_t room = digits < CONTENTS_MIN ? CONTENTS_MIN : digits;
	return (room + CONTENTS_GRAIN - 1) / CONTENTS_GRAIN * CONTENTS_GRAIN;
}

enum err pdf_digest(struct span before, struct span after, uint8_t out[SHA256_SIZE])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool is_good = c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1 &&
		       EVP_DigestUpdate(c, before.data, before.size) == 1 &&
		       EVP_DigestUpdate(c, after.data, after.size) == 1 &&
		       EVP_DigestFinal_ex(c, out, NULL) == 1;
	EVP_MD_CTX_free(c);
	return is_good ? OK : ERR_CRYPTO;
}

/* The digest when the file is still in two pieces. */
static enum err draft_digest(struct pdf_draft *d)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	size_t hole = d->contents_at - 1, resume = d->contents_at + d->contents_room + 1;
	bool is_good = c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1 &&
		       EVP_DigestUpdate(c, d->base.data, d->base.size) == 1 &&
		       EVP_DigestUpdate(c, d->tail.data, hole) == 1 &&
		       EVP_DigestUpdate(c, d->tail.data + resume, d->tail.size - resume) == 1 &&
		       EVP_DigestFinal_ex(c, d->digest, NULL) == 1;
	EVP_MD_CTX_free(c);
	return is_good ? OK : ERR_CRYPTO;
}

/* ISO 32000-1 §12.8.1: everything but the digits and their angle brackets. */
static enum err patch_range(struct pdf_draft *d, size_t range_at)
{
	char text[APPEND_RANGE_ROOM + 1];
	size_t hole = d->base.size + d->contents_at - 1;
	size_t resume = hole + d->contents_room + 2;
	size_t rest = d->base.size + d->tail.size - resume;
	int n = snprintf(text, sizeof text, "%zu %zu %zu]", hole, resume, rest);
	ENSURE(n > 0 && (size_t)n < sizeof text, ERR_LIMIT);
	memcpy(d->tail.data + range_at, text, (size_t)n);
	return OK;
}

static enum err seed_of(const struct pdf_job *job, struct buf *seed)
{
	buf_init(seed, LIMIT_BLOB_BYTES);
	buf_put(seed, &job->now, sizeof job->now);
	buf_put_span(seed, job->evidence);
	return buf_done(seed);
}

static enum err compose(struct append *a, const struct recipe *r, struct append_signature *sig)
{
	if (r->pages != NULL)
		TRY(append_pages(a, r->pages));
	for (size_t i = 0; i < r->file_count; i++)
		TRY(append_attachment(a, &r->files[i]));
	if (!r->keeps_info)
		TRY(append_info_date(a, r->job->now));
	return append_signature(a, sig);
}

static enum err write_tail(struct append *a, const struct recipe *r, struct pdf_draft *d)
{
	struct buf seed CLEANUP(buf_free) = {0};
	struct append_signature sig = {.now = r->job->now,
	    .is_certifying = r->is_certifying,
	    .contents_room = contents_room(r->job->chain)};
	TRY(compose(a, r, &sig));
	TRY(seed_of(r->job, &seed));
	buf_init(&d->tail, LIMIT_BLOB_BYTES);
	TRY(append_write(a, buf_span(&seed), &d->tail));
	size_t at = sig.raw->at - d->base.size;
	d->contents_at = at + sig.contents_at;
	d->contents_room = sig.contents_room;
	return patch_range(d, at + sig.range_at);
}

static enum err draft_make(const struct recipe *r, struct span base, struct pdf_draft *d)
{
	struct pdf_file file CLEANUP(pdf_file_close) = {0};
	struct append a CLEANUP(append_end) = {0};
	d->base = base;
	TRY(pdf_file_open(&file, base));
	TRY(append_begin(&a, &file));
	TRY(write_tail(&a, r, d));
	TRY(draft_digest(d));
	buf_init(&d->signed_attributes, LIMIT_BODY_DEFAULT);
	return seal_attributes(r->job->chain, d->digest, &d->signed_attributes);
}

static struct append_file evidence_file(const struct pdf_job *job)
{
	return (struct append_file){.name = "evidence.json",
	    .description = "Evidence of the signing process",
	    .media_type = "/application#2fjson",
	    .relationship = "/Data",
	    .bytes = job->evidence,
	    .now = job->now};
}

static struct append_file original_file(const struct pdf_job *job)
{
	return (struct append_file){.name = "original.pdf",
	    .description = "The signed document, byte for byte",
	    .media_type = "/application#2fpdf",
	    .relationship = "/Source",
	    .bytes = job->input,
	    .now = job->now};
}

/* Pages, attachment and seal behind the input. */
static enum err build_appended(const struct pdf_job *job, struct span pages, struct pdf_draft *d)
{
	struct pdf_file evidence CLEANUP(pdf_file_close) = {0};
	struct recipe r = {.job = job,
	    .pages = &evidence,
	    .files = {evidence_file(job)},
	    .file_count = 1,
	    .is_certifying = true};
	TRY(pdf_file_open(&evidence, pages));
	return draft_make(&r, job->input, d);
}

/* The evidence as a file of its own; with the original inside when it may not be sealed itself. */
static enum err build_evidence(
    const struct pdf_job *job, struct span pages, bool with_original, struct pdf_draft *d)
{
	struct recipe r = {.job = job,
	    .files = {evidence_file(job), original_file(job)},
	    .file_count = with_original ? 2 : 1,
	    .is_certifying = true};
	buf_init(&d->made, LIMIT_BLOB_BYTES);
	buf_put_span(&d->made, pages);
	TRY(buf_done(&d->made));
	return draft_make(&r, buf_span(&d->made), d);
}

static enum err build_sealed(const struct pdf_job *job, struct pdf_draft *d)
{
	struct recipe r = {.job = job, .keeps_info = true};
	return draft_make(&r, job->input, d);
}

enum err pdf_build_on(const struct pdf_job *job, struct span pages,
    struct pdf_draft drafts[PDF_DRAFTS_MAX], size_t *count)
{
	memset(drafts, 0, PDF_DRAFTS_MAX * sizeof drafts[0]);
	*count = job->verdict == PDF_SEAL_ONLY ? 2 : 1;
	switch (job->verdict) {
	case PDF_CLEAN:
	case PDF_NORMALISE: return build_appended(job, pages, &drafts[0]);
	case PDF_SEAL_ONLY:
		TRY(build_sealed(job, &drafts[0]));
		return build_evidence(job, pages, false, &drafts[1]);
	case PDF_ATTACH: return build_evidence(job, pages, true, &drafts[0]);
	case PDF_REFUSE: break;
	}
	*count = 0;
	return ERR_PDF_REFUSED;
}

enum err pdf_build(
    const struct pdf_job *job, struct pdf_draft drafts[PDF_DRAFTS_MAX], size_t *count)
{
	struct buf pages CLEANUP(buf_free) = {0};
	buf_init(&pages, LIMIT_BLOB_BYTES);
	TRY(pdf_pages(job->evidence, job->drawings, &pages));
	return pdf_build_on(job, buf_span(&pages), drafts, count);
}

enum err pdf_finish(struct pdf_draft *d, struct span chain, struct span signature)
{
	static const char digits[] = "0123456789abcdef";
	struct buf cms CLEANUP(buf_free) = {0};
	buf_init(&cms, d->contents_room / 2);
	TRY(seal_cms(chain, d->digest, signature, &cms));
	uint8_t *at = d->tail.data + d->contents_at;
	for (size_t i = 0; i < cms.size; i++) {
		*at++ = (uint8_t)digits[cms.data[i] >> 4];
		*at++ = (uint8_t)digits[cms.data[i] & 15];
	}
	return OK;
}

void pdf_draft_free(struct pdf_draft *d)
{
	buf_free(&d->made);
	buf_free(&d->tail);
	buf_free(&d->signed_attributes);
}
