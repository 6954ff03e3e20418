/*
 * PDF in, PDF out. Everything here runs in press (one process a document, no network, no
 * files), except the client at the end, which front uses. libqpdf reads and repairs; what is
 * added is always an incremental update of our own writing, so that the original is a prefix.
 */
#ifndef CHIROGRAPH_PDF_PDF_H
#define CHIROGRAPH_PDF_PDF_H

#include "base/bytes.h"
#include "base/crypto.h"

enum pdf_verdict {
	PDF_CLEAN = 0,     /* append: the original is a prefix of the dossier */
	PDF_NORMALISE = 1, /* rewritten once by qpdf, then append; the upload is kept and hashed */
	PDF_SEAL_ONLY = 2, /* signed before: seal appended, evidence as a second PDF */
	PDF_ATTACH = 3,    /* signed and locked: an evidence PDF that embeds it byte for byte */
	PDF_REFUSE = 4,
};

const char *pdf_verdict_name(
    enum pdf_verdict v); /* "clean" "normalise" "seal_only" "attach" "refuse" */

#define PDF_REASON_SIZE 64

struct pdf_report {
	enum pdf_verdict verdict;
	char reason[PDF_REASON_SIZE]; /* stable word: "needs_password", "structure_repaired",
					 "signed", … or "" */
	unsigned pages;
	unsigned signatures; /* earlier signatures, usage rights included */
	bool is_encrypted;   /* with an empty user password: consent needed */
};

/* allow_unlock: the sender consents to removing the restrictions of an empty-password encryption.
 * The report is filled in every case. ERR_PDF_REFUSED (verdict PDF_REFUSE, reason says why);
 * ERR_PDF_UNLOCK when only the consent is missing. normalised: filled for PDF_NORMALISE. */
enum err CHECKED pdf_analyse(
    struct span in, bool allow_unlock, struct pdf_report *report, struct buf *normalised);

/* What press is told to build. */
struct pdf_job {
	struct span
	    input; /* the original, or the normalised file when the verdict is PDF_NORMALISE */
	enum pdf_verdict verdict;
	struct span evidence; /* JSON, docs/evidence.md; attached as evidence.json */
	struct span
	    drawings; /* JSON: {"<signer id>":[[[x,y],…stroke],…]} with 0 ≤ x,y ≤ 1; not attached */
	struct span chain; /* sealing certificates, DER one after another, leaf first */
	int64_t now;       /* Unix ms: /M and /ModDate */
};

/* A half-made dossier: the bytes that stay as they are, then the update with blanks where the
 * signature goes. Verdict PDF_SEAL_ONLY gives two: the sealed input, then the evidence. */
struct pdf_draft {
	struct span base;             /* the job's input (borrowed), or `made` */
	struct buf made;              /* a base of our own making; empty when base is the input */
	struct buf tail;              /* the update: base and tail are the file */
	struct buf signed_attributes; /* DER SET, to be signed by keyd */
	uint8_t digest[SHA256_SIZE];  /* of everything but the signature's digits */
	size_t contents_at;           /* in tail: the first digit after < */
	size_t contents_room;         /* hex digits */
};
#define PDF_DRAFTS_MAX 2

enum err CHECKED pdf_build(
    const struct pdf_job *job, struct pdf_draft drafts[PDF_DRAFTS_MAX], size_t *count);
enum err CHECKED pdf_finish(struct pdf_draft *draft, struct span chain, struct span signature);
void pdf_draft_free(struct pdf_draft *d);

/* Re-open and check a finished file: it parses, the last signature covers all of it, digest and CMS
 * verify against chain's leaf, original (may be empty) is its prefix. */
enum err CHECKED pdf_verify(struct span file, struct span original, struct span chain);

/* JPEG header check: SOI, sane frame size (pixel cap), ends properly. ERR_JPEG. */
enum err CHECKED jpeg_check(struct span in, unsigned *width, unsigned *height);

/* ---- the role and its client ---- */

/* Opens libqpdf, before the sandbox; else the first PDF does. */
enum err CHECKED pdf_prepare(void);
int press_serve(int sock); /* serves one conversation, then ends: process exit status */

struct press {
	int (*spawn)(void *ctx); /* a socket to a fresh press process; -1 on failure */
	void *ctx;
};

/* As pdf_analyse. A press that dies is tried once more; one that dies again, stalls or answers
 * nonsense means a refused file (reason "crashed", "too_slow"). ERR_BUSY: none could be had. */
enum err CHECKED press_analyse(const struct press *p, struct span in, bool allow_unlock,
    struct pdf_report *report, struct buf *normalised);
enum err CHECKED press_jpeg(
    const struct press *p, struct span in, unsigned *width, unsigned *height);

/* sign: called once a draft with its DER signed attributes (front asks keyd). outputs: initialised
 * bufs, PDF_DRAFTS_MAX of them. Verified by a second press before it returns OK: the first output
 * begins with job->input, except for PDF_ATTACH, which embeds it. Errors may be tried again later,
 * but for ERR_PDF_REFUSED. */
typedef enum err (*press_sign)(void *ctx, struct span signed_attributes, struct buf *signature);
enum err CHECKED press_seal(const struct press *p, const struct pdf_job *job, press_sign sign,
    void *sign_ctx, struct buf outputs[PDF_DRAFTS_MAX], size_t *count);

/* As pdf_verify, in a press of its own: for files from outside. */
enum err CHECKED press_verify(
    const struct press *p, struct span file, struct span original, struct span chain);

#endif
