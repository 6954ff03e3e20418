/*
 * The incremental update (ISO 32000-1 §7.5.6). Changes are made in qpdf's object model, then only
 * the objects touched are printed, by us, behind the untouched bytes, with a cross-reference
 * section of the same kind as the one they follow. Objects with a number of at least
 * `first_new` are ours; all others belong to the file and are printed only when touched.
 */
#ifndef CHIROGRAPH_PDF_APPEND_H
#define CHIROGRAPH_PDF_APPEND_H

#include "pdf/open.h"

#define APPEND_RAWS_MAX 4

/* An object printed from our own bytes, never through qpdf: the signature, attached files. */
struct append_raw {
	int id;
	struct buf text;    /* the dictionary */
	struct span stream; /* borrowed; its dictionary gets no /Length of its own */
	bool is_stream;
	size_t at; /* offset of text in the whole file, once written */
};

struct append {
	struct pdf_file *file;
	enum pdf_xref kind;
	size_t startxref; /* of the section this one follows */
	int first_new;
	int next_free;      /* first number beyond all ours, once everything is built */
	struct buf touched; /* struct append_entry each, offset 0: objects of the file to print */
	struct buf entries; /* struct append_entry each: what was printed, where */
	struct append_raw raws[APPEND_RAWS_MAX];
	size_t raw_count;
	qpdf_oh page; /* the last page we added */
	bool has_page;
	qpdf_oh spare; /* a number of ours that nothing uses yet */
	bool has_spare;
};

struct append_entry {
	int id;
	int generation;
	size_t offset;
};

enum err CHECKED append_begin(struct append *a, struct pdf_file *file);
void append_end(struct append *a); /* for CLEANUP() */

/* A place in the object model: a container, and the numbered object that holds it. */
struct slot {
	qpdf_oh oh;
	int id, generation;
};

struct slot append_root(struct append *a);
struct slot append_slot(struct append *a, struct slot holder, qpdf_oh oh);
/* The dictionary or array below a key, made when it is missing; what holds it is touched. */
struct slot append_dict(struct append *a, struct slot parent, const char *key);
struct slot append_array(struct append *a, struct slot parent, const char *key);
void append_touch(struct append *a, struct slot s);
qpdf_oh append_reserve(struct append *a); /* a new numbered object: an empty dictionary */
struct append_raw *append_raw_new(struct append *a); /* NULL when there are too many */
qpdf_oh append_reference(struct append *a, const struct append_raw *raw);

/* All pages of another open file, which has to stay open until append_write, as the last pages. */
enum err CHECKED append_pages(struct append *a, struct pdf_file *pages);

struct append_file {
	const char *name;         /* "evidence.json": ASCII */
	const char *description;  /* ASCII */
	const char *media_type;   /* as a PDF name: "/application#2fjson" */
	const char *relationship; /* "/Data", "/Source" (ISO 32000-2 table 43) */
	struct span bytes;        /* borrowed */
	int64_t now;
};

enum err CHECKED append_attachment(struct append *a, const struct append_file *file);

/* An invisible signature field on the last page we added, else on the file's first page. */
struct append_signature {
	int64_t now;
	bool is_certifying;   /* DocMDP P=2: only for the first signature of a file */
	size_t contents_room; /* hex digits */
	struct append_raw *raw;
	size_t range_at, contents_at; /* inside raw's text: after "[0 ", after "<" */
};

#define APPEND_RANGE_ROOM 40 /* blanks for three numbers and the closing bracket */

enum err CHECKED append_signature(struct append *a, struct append_signature *s);

enum err CHECKED append_info_date(
    struct append *a, int64_t now);             /* /ModDate, when there is an /Info */
void append_date(struct buf *out, int64_t now); /* (D:20260101000000Z) */

/* Insert a file specification into a name tree (ISO 32000-1 §7.9.6), in order. */
void append_name(struct append *a, struct slot tree, const char *key, qpdf_oh value);

/* Print it: the bytes that follow the file's own. seed changes /ID[1]. */
enum err CHECKED append_write(struct append *a, struct span seed, struct buf *out);

#endif
