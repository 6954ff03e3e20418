/*
 * embed: turns files into linkable bytes, so that pages, texts and schemas live in files
 * of their own kind and the program still is one binary.
 *
 *   embed [--gzip] --name TABLE --source OUT.c --blob OUT.bin --depfile OUT.d [--root DIR] PATH...
 *
 * PATH is a file, a folder (taken whole, dot files left out) or NAME=FILE. An entry is called
 * NAME, or its path below DIR (--root counts for the paths after it). OUT.c holds
 * `const struct embedded TABLE[]`, sorted by name, and `const size_t TABLE_count`
 * (src/base/embedded.h); OUT.bin holds the bytes and is taken in by .incbin. OUT.c is written
 * anew at every run, so the object is always made after the bytes; OUT.d names every file and
 * folder read, so a changed, added or removed file runs embed again.
 *
 * How a room uses it (meson.build):
 *
 *   room_files = custom_target('room_files',
 *     output: ['room_files.c', 'room_files.bin'], depfile: 'room_files.d', input: files('a.html',
 * 'b.html'), command: [embed, '--name', 'room_files', '--source', '@OUTPUT0@', '--blob',
 * '@OUTPUT1@',
 *       '--depfile', '@DEPFILE@', '--root', meson.current_source_dir(), '@INPUT@'])
 *   room_lib = static_library('room', files('room.c'), room_files[0], ...)
 *
 * and in C: `extern const struct embedded room_files[]; extern const size_t room_files_count;`
 */
#include "base/embedded.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/evp.h>
#include <zlib.h>

#define ENTRIES_MAX 8192
#define ALIGNMENT 16

struct entry {
	char *name;
	char *path;
	size_t at, size, gzip_at, gzip_size;
	char sha256[65];
};

struct job {
	const char *table, *source, *blob, *depfile;
	const char *root;
	bool want_gzip;
	struct entry entries[ENTRIES_MAX];
	size_t count;
	FILE *dep, *bytes;
	size_t written;
};

static struct job job;

static _Noreturn void __attribute__((format(printf, 1, 2))) fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("embed: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static void *need(void *p)
{
	if (p == NULL)
		fail("out of memory");
	return p;
}

static FILE *open_or_fail(const char *path, const char *mode)
{
	FILE *f = fopen(path, mode);

	if (f == NULL)
		fail("%s: %s", path, strerror(errno));
	return f;
}

static void depend_on(const char *path)
{
	fputc(' ', job.dep);
	for (; *path != '\0'; path++) {
		if (strchr(" #$\\", *path) != NULL)
			fputc(*path == '$' ? '$' : '\\', job.dep);
		fputc(*path, job.dep);
	}
}

static const char *name_below_root(const char *path)
{
	size_t n = job.root == NULL ? 0 : strlen(job.root);

	if (n == 0 || strncmp(path, job.root, n) != 0 || path[n] != '/')
		return path;
	return path + n + 1;
}

static void entry_add(const char *name, const char *path)
{
	if (job.count == ENTRIES_MAX)
		fail("more than %d files", ENTRIES_MAX);
	struct entry *e = &job.entries[job.count++];
	e->name = need(strdup(name));
	e->path = need(strdup(path));
}

static bool is_folder(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		fail("%s: %s", path, strerror(errno));
	return S_ISDIR(st.st_mode);
}

static void path_add(const char *path)
{
	char below[PATH_MAX];
	struct dirent *item;

	depend_on(path);
	if (!is_folder(path)) {
		entry_add(name_below_root(path), path);
		return;
	}
	DIR *folder = need(opendir(path));
	while ((item = readdir(folder)) != NULL) {
		if (item->d_name[0] == '.')
			continue;
		if (snprintf(below, sizeof(below), "%s/%s", path, item->d_name) >= PATH_MAX)
			fail("%s: path too long", path);
		path_add(below);
	}
	closedir(folder);
}

static void argument_add(char *arg)
{
	char *equals = strchr(arg, '=');

	if (equals == NULL) {
		path_add(arg);
		return;
	}
	*equals = '\0';
	depend_on(equals + 1);
	entry_add(arg, equals + 1);
}

static int entry_compare(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static size_t bytes_append(const uint8_t *data, size_t size)
{
	static const uint8_t zero[ALIGNMENT];
	size_t at = job.written;
	size_t pad = ALIGNMENT - size % ALIGNMENT; /* at least one: texts end with a NUL */

	if (fwrite(data, 1, size, job.bytes) != size || fwrite(zero, 1, pad, job.bytes) != pad)
		fail("%s: %s", job.blob, strerror(errno));
	job.written += size + pad;
	return at;
}

static uint8_t *file_read(const char *path, size_t *size)
{
	struct stat st;
	FILE *f = open_or_fail(path, "rb");

	if (fstat(fileno(f), &st) != 0)
		fail("%s: %s", path, strerror(errno));
	*size = (size_t)st.st_size;
	uint8_t *data = need(malloc(*size + 1));
	if (fread(data, 1, *size, f) != *size)
		fail("%s: short read", path);
	fclose(f);
	return data;
}

/* Kept only when it saves a tenth: already compressed files go out as they are. */
static void gzip_append(struct entry *e, uint8_t *data)
{
	z_stream z = {0};
	const int gzip_window = 15 + 16;

	if (deflateInit2(&z, 9, Z_DEFLATED, gzip_window, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		fail("zlib");
	size_t room = deflateBound(&z, (uLong)e->size);
	uint8_t *out = need(malloc(room));
	z.next_in = data;
	z.avail_in = (uInt)e->size;
	z.next_out = out;
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		fail("%s: zlib", e->path);
	if (z.total_out < e->size - e->size / 10) {
		e->gzip_size = z.total_out;
		e->gzip_at = bytes_append(out, e->gzip_size);
	}
	deflateEnd(&z);
	free(out);
}

static void entry_write(struct entry *e)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	uint8_t *data = file_read(e->path, &e->size);

	if (EVP_Digest(data, e->size, digest, &n, EVP_sha256(), NULL) != 1)
		fail("libcrypto");
	for (unsigned i = 0; i < n && 2 * i + 2 < sizeof(e->sha256); i++)
		snprintf(e->sha256 + 2 * (size_t)i, 3, "%02x", digest[i]);
	e->at = bytes_append(data, e->size);
	if (job.want_gzip)
		gzip_append(e, data);
	free(data);
}

static void quoted(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		fputc(*s, f);
	}
	fputc('"', f);
}

static void source_row(FILE *f, const struct entry *e)
{
	fputs("\t{", f);
	quoted(f, e->name);
	fprintf(f, ", %s_bytes + %zu, %zu, ", job.table, e->at, e->size);
	if (e->gzip_size > 0)
		fprintf(f, "%s_bytes + %zu, %zu, ", job.table, e->gzip_at, e->gzip_size);
	else
		fputs("NULL, 0, ", f);
	fprintf(f, "\"%s\"},\n", e->sha256);
}

static void source_write(void)
{
	char blob[PATH_MAX];
	FILE *f = open_or_fail(job.source, "w");
	const char *t = job.table;

	if (realpath(job.blob, blob) == NULL)
		fail("%s: %s", job.blob, strerror(errno));
	fputs("/* Made by tools/embed.c. */\n#include \"base/embedded.h\"\n\n", f);
	fprintf(f, "extern const uint8_t %s_bytes[];\n", t);
	fprintf(f, "extern const struct embedded %s[];\nextern const size_t %s_count;\n\n", t, t);
	fprintf(f, "__asm__(\".pushsection .rodata\\n.balign %d\\n.globl %s_bytes\\n\"\n",
	    ALIGNMENT, t);
	fprintf(f, "\t\".hidden %s_bytes\\n%s_bytes:\\n\"\n\t\".incbin \\\"%s\\\"\\n", t, t, blob);
	fprintf(f, ".byte 0\\n.popsection\\n\");\n\nconst struct embedded %s[] = {\n", t);
	for (size_t i = 0; i < job.count; i++)
		source_row(f, &job.entries[i]);
	fprintf(f, "\t{NULL, NULL, 0, NULL, 0, NULL},\n};\nconst size_t %s_count = %zu;\n", t,
	    job.count);
	if (fclose(f) != 0)
		fail("%s: %s", job.source, strerror(errno));
}

static const char **option_of(const char *arg)
{
	static const struct {
		const char *name;
		const char **value;
	} options[] = {
	    {"--name", &job.table},
	    {"--source", &job.source},
	    {"--blob", &job.blob},
	    {"--depfile", &job.depfile},
	    {"--root", &job.root},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strcmp(arg, options[i].name) == 0)
			return options[i].value;
	return NULL;
}

static void outputs_open(void)
{
	if (job.table == NULL || job.source == NULL || job.blob == NULL || job.depfile == NULL)
		fail("--name, --source, --blob and --depfile come before the first path");
	job.dep = open_or_fail(job.depfile, "w");
	job.bytes = open_or_fail(job.blob, "wb");
	fprintf(job.dep, "%s:", job.source);
}

static void arguments_read(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char **value = option_of(argv[i]);

		if (strcmp(argv[i], "--gzip") == 0) {
			job.want_gzip = true;
		} else if (value != NULL) {
			*value = i + 1 < argc ? argv[++i] : NULL;
		} else {
			if (job.dep == NULL)
				outputs_open();
			argument_add(argv[i]);
		}
	}
}

int main(int argc, char **argv)
{
	arguments_read(argc, argv);
	if (job.count == 0)
		fail("no files");
	qsort(job.entries, job.count, sizeof(job.entries[0]), entry_compare);
	for (size_t i = 1; i < job.count; i++)
		if (strcmp(job.entries[i - 1].name, job.entries[i].name) == 0)
			fail("two files are called %s", job.entries[i].name);
	for (size_t i = 0; i < job.count; i++)
		entry_write(&job.entries[i]);
	fputc('\n', job.dep);
	if (fclose(job.dep) != 0 || fclose(job.bytes) != 0)
		fail("%s: %s", job.blob, strerror(errno));
	source_write();
	return 0;
}
