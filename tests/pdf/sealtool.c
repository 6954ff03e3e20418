/*
 * The pdf room alone, on a file given by name: analyse it, seal it through a press as front
 * does, and leave what came of it in a folder. The tests beside it look at the results with
 * other people's tools. With --measure everything happens in this process and its cost is said.
 */
#include "seal_support.h"

#include "base/limits.h"
#include "pdf/build.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

struct options {
	bool allow_unlock, measure, rsa;
	const char *evidence, *drawings, *pages, *in, *folder;
};

static void file_read(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	char chunk[65536];
	size_t n;
	buf_init(out, LIMIT_BLOB_BYTES);
	if (f == NULL) {
		perror(path);
		exit(2);
	}
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_put(out, chunk, n);
	fclose(f);
}

static FILE *file_open(const struct options *o, const char *name)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", o->folder, name);
	FILE *f = fopen(path, "wb");
	if (f == NULL) {
		perror(path);
		exit(2);
	}
	return f;
}

static void file_write(const struct options *o, const char *name, struct span bytes)
{
	FILE *f = file_open(o, name);
	fwrite(bytes.data, 1, bytes.size, f);
	fclose(f);
}

/* In this process, with evidence pages made before when they are given. */
static enum err seal_here(const struct options *o, const struct pdf_job *job,
    struct test_seal *seal, struct span pages, size_t *count)
{
	struct pdf_draft drafts[PDF_DRAFTS_MAX] = {0};
	enum err e = o->pages != NULL ? pdf_build_on(job, pages, drafts, count)
				      : pdf_build(job, drafts, count);
	for (size_t i = 0; i < *count && e == OK; i++) {
		struct buf signature;
		buf_init(&signature, LIMIT_KB);
		e = test_seal_sign(seal, buf_span(&drafts[i].signed_attributes), &signature);
		if (e == OK)
			e = pdf_finish(&drafts[i], buf_span(&seal->chain), buf_span(&signature));
		buf_free(&signature);
	}
	for (size_t i = 0; i < PDF_DRAFTS_MAX; i++)
		pdf_draft_free(&drafts[i]);
	return e;
}

static double cpu_ms(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static void say_cost(double before)
{
	struct rusage u;
	double spent = cpu_ms() - before;
	getrusage(RUSAGE_SELF, &u);
	printf("cpu_ms=%.1f\npeak_mib=%.1f\n", spent, (double)u.ru_maxrss / 1024);
}

static void write_outputs(const struct options *o, struct buf outputs[PDF_DRAFTS_MAX], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char name[32];
		snprintf(name, sizeof name, "out.%zu.pdf", i);
		file_write(o, name, buf_span(&outputs[i]));
		buf_free(&outputs[i]);
	}
}

static enum err seal_file(
    const struct options *o, enum pdf_verdict verdict, struct span in, struct test_seal *seal)
{
	const struct press press = {.spawn = test_press_spawn};
	struct buf evidence, drawings, pages, outputs[PDF_DRAFTS_MAX];
	size_t count = 0;
	file_read(o->pages != NULL ? o->pages : "/dev/null", &pages);
	file_read(o->evidence, &evidence);
	file_read(o->drawings, &drawings);
	for (size_t i = 0; i < PDF_DRAFTS_MAX; i++)
		buf_init(&outputs[i], LIMIT_BLOB_BYTES);
	struct pdf_job job = {.input = in,
	    .verdict = verdict,
	    .evidence = buf_span(&evidence),
	    .drawings = buf_span(&drawings),
	    .chain = buf_span(&seal->chain),
	    .now = INT64_C(1800000000000)};
	double before = cpu_ms();
	enum err e = o->measure ? seal_here(o, &job, seal, buf_span(&pages), &count)
				: press_seal(&press, &job, test_seal_sign, seal, outputs, &count);
	if (o->measure)
		say_cost(before);
	printf("sealed=%s\noutputs=%zu\n", err_symbol(e), count);
	if (e == OK && !o->measure)
		write_outputs(o, outputs, count);
	buf_free(&evidence);
	buf_free(&drawings);
	buf_free(&pages);
	return e;
}

static void write_authority(const struct options *o, const struct test_seal *seal)
{
	FILE *f = file_open(o, "authority.pem");
	PEM_write_X509(f, seal->authority);
	fclose(f);
}

/* Mapped, as press has it. */
static struct span file_map(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		perror(path);
		exit(2);
	}
	if (st.st_size == 0)
		return SPAN_EMPTY;
	void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return at == MAP_FAILED ? SPAN_EMPTY : span_of(at, (size_t)st.st_size);
}

static int run(const struct options *o)
{
	const struct press press = {.spawn = test_press_spawn};
	struct span in = file_map(o->in);
	struct buf normalised;
	struct pdf_report r;
	struct test_seal seal;
	buf_init(&normalised, LIMIT_BLOB_BYTES);
	enum err e = press_analyse(&press, in, o->allow_unlock, &r, &normalised);
	printf("error=%s\nverdict=%s\nreason=%s\npages=%u\nsignatures=%u\nencrypted=%d\n",
	    err_symbol(e), pdf_verdict_name(r.verdict), r.reason, r.pages, r.signatures,
	    r.is_encrypted);
	fflush(stdout);
	if (e == OK) {
		struct span base = normalised.size > 0 ? buf_span(&normalised) : in;
		test_seal_new(&seal, o->rsa);
		write_authority(o, &seal);
		file_write(o, "base.pdf", base);
		e = seal_file(o, r.verdict, base, &seal);
		test_seal_free(&seal);
		e = e == OK ? OK : ERR_INTERNAL;
	} else if (e == ERR_PDF_REFUSED || e == ERR_PDF_UNLOCK) {
		e = OK;
	}
	buf_free(&normalised);
	return e == OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct options o = {.evidence = "tests/vectors/evidence/one-pt-BR.json",
	    .drawings = "tests/vectors/evidence/one-pt-BR.drawings.json"};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--unlock") == 0)
			o.allow_unlock = true;
		else if (strcmp(argv[i], "--measure") == 0)
			o.measure = true;
		else if (strcmp(argv[i], "--pages") == 0 && i + 1 < argc)
			o.pages = argv[++i];
		else if (strcmp(argv[i], "--rsa") == 0)
			o.rsa = true;
		else if (o.in == NULL)
			o.in = argv[i];
		else
			o.folder = argv[i];
	}
	if (o.folder == NULL) {
		fprintf(stderr, "usage: pdf_sealtool [--unlock] [--rsa] [--measure [--pages FILE]] "
				"FILE FOLDER\n");
		return 2;
	}
	return run(&o);
}
