/*
 * The work of one dossier, as a process of its own so that its cost can be told: evidence pages
 * alone, append and seal with pages already made, or both. The last form asks the program itself:
 * it starts the two press processes that the server starts, one that builds and one that verifies,
 * in their sandboxes, and says what each used.
 *
 * The key and its chain are made once, by `seal key`: the press of a server makes none either.
 *
 * usage: seal start | seal key FOLDER | seal pages OUT | seal append FOLDER IN PAGES OUT |
 *        seal whole FOLDER IN OUT | seal server PROGRAM IN OUT
 */
#include "../pdf/seal_support.h"

#include "base/limits.h"
#include "base/wire.h"
#include "main/role.h"
#include "pdf/build.h"
#include "pdf/pages.h"

#include <openssl/evp.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVIDENCE "tests/vectors/evidence/one-pt-BR.json"
#define DRAWINGS "tests/vectors/evidence/one-pt-BR.drawings.json"
#define NOW INT64_C(1800000000000)

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(1);
}

static void file_read(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0, path);
	buf_init(out, LIMIT_BLOB_BYTES);
	must(wire_fd_read(fd, LIMIT_BLOB_BYTES, out) == OK, path);
	close(fd);
}

static void file_write(const char *path, struct span a, struct span b)
{
	FILE *f = fopen(path, "wb");
	must(f != NULL, path);
	must(fwrite(a.data, 1, a.size, f) == a.size, path);
	must(b.size == 0 || fwrite(b.data, 1, b.size, f) == b.size, path);
	fclose(f);
}

static void pages(const char *out)
{
	struct buf evidence, drawings, made;
	file_read(EVIDENCE, &evidence);
	file_read(DRAWINGS, &drawings);
	buf_init(&made, LIMIT_BLOB_BYTES);
	must(pdf_pages(buf_span(&evidence), buf_span(&drawings), &made) == OK, "pages");
	file_write(out, buf_span(&made), SPAN_EMPTY);
}

static void job_make(struct pdf_job *job, const char *in, const struct test_seal *seal)
{
	static struct buf input, evidence, drawings;
	file_read(in, &input);
	file_read(EVIDENCE, &evidence);
	file_read(DRAWINGS, &drawings);
	*job = (struct pdf_job){.input = buf_span(&input),
	    .verdict = PDF_CLEAN,
	    .evidence = buf_span(&evidence),
	    .drawings = buf_span(&drawings),
	    .chain = buf_span(&seal->chain),
	    .now = NOW};
}

static const char *in_folder(const char *folder, const char *name)
{
	static char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void key_make(const char *folder)
{
	struct test_seal seal;
	unsigned char *der = NULL;
	test_seal_new(&seal, false);
	int size = i2d_PrivateKey(seal.key, &der);
	must(size > 0, "key");
	file_write(in_folder(folder, "seal.key"), span_of(der, (size_t)size), SPAN_EMPTY);
	file_write(in_folder(folder, "seal.chain"), buf_span(&seal.chain), SPAN_EMPTY);
}

static void key_read(const char *folder, struct test_seal *seal)
{
	struct buf der;
	file_read(in_folder(folder, "seal.key"), &der);
	file_read(in_folder(folder, "seal.chain"), &seal->chain);
	const unsigned char *at = der.data;
	seal->key = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, (long)der.size);
	must(seal->key != NULL, "key");
}

/* made NULL: the pages are drawn here too */
static void seal_here(const char *keys, const char *in, const char *made, const char *out)
{
	struct pdf_draft drafts[PDF_DRAFTS_MAX];
	struct test_seal seal = {0};
	struct buf ready, signature;
	struct pdf_job job;
	size_t count = 0;
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL); /* as press_serve */
	key_read(keys, &seal);
	job_make(&job, in, &seal);
	buf_init(&signature, LIMIT_KB);
	if (made != NULL) {
		file_read(made, &ready);
		must(pdf_build_on(&job, buf_span(&ready), drafts, &count) == OK, "append");
	} else {
		must(pdf_build(&job, drafts, &count) == OK, "build");
	}
	must(test_seal_sign(&seal, buf_span(&drafts[0].signed_attributes), &signature) == OK,
	    "sign");
	must(pdf_finish(&drafts[0], buf_span(&seal.chain), buf_span(&signature)) == OK, "finish");
	file_write(out, drafts[0].base, buf_span(&drafts[0].tail));
}

/* ---- the program's own press ---- */

struct presses {
	pid_t pids[2];
	int sockets[2];
	unsigned next;
};

static pid_t press_exec(const char *program, int config, int sock)
{
	char *const empty[] = {NULL};
	pid_t pid = fork();
	must(pid >= 0, "fork");
	if (pid > 0)
		return pid;
	int high = fcntl(sock, F_DUPFD, 16), settings = fcntl(config, F_DUPFD, 16);
	if (high < 0 || settings < 0 || dup2(high, ROLE_SOCKET) < 0 ||
	    dup2(settings, ROLE_CONFIG) < 0 || close_range(ROLE_CONFIG + 1, ~0u, 0) != 0)
		_exit(126);
	char name[] = "chirograph", role[] = "--role=press";
	char *const arguments[] = {name, role, NULL};
	execve(program, arguments, empty);
	_exit(127);
}

/* Started before anything is read: a child's peak counts what its parent held at the fork. */
static void presses_start(struct presses *p, const char *program)
{
	static struct config settings;
	struct fault fault = {0};
	struct buf packed;
	buf_init(&packed, LIMIT_CONFIG_BYTES);
	must(config_load(&settings, "/tmp", NULL, &fault) == OK, fault.detail);
	must(config_pack(&settings, &packed) == OK, "configuration");
	int config = wire_memfd(buf_span(&packed));
	must(config >= 0, "configuration");
	for (int i = 0; i < 2; i++) {
		int pair[2];
		must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socket");
		p->pids[i] = press_exec(program, config, pair[1]);
		p->sockets[i] = pair[0];
		close(pair[1]);
	}
}

static int presses_next(void *ctx)
{
	struct presses *p = ctx;
	return p->next < 2 ? p->sockets[p->next++] : -1;
}

static double ms_of(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static void press_cost(pid_t pid, const char *what, const char *after)
{
	struct rusage used;
	int status;
	must(wait4(pid, &status, 0, &used) == pid && status == 0, what);
	printf("\"%s_ms\":%.2f,\"%s_mib\":%.1f%s", what,
	    ms_of(used.ru_utime) + ms_of(used.ru_stime), what, (double)used.ru_maxrss / 1024,
	    after);
}

static void seal_server(const char *program, const char *in, const char *out)
{
	struct presses presses = {0};
	struct press press = {.spawn = presses_next, .ctx = &presses};
	struct buf outputs[PDF_DRAFTS_MAX];
	struct test_seal seal;
	struct pdf_job job;
	size_t count = 0;
	presses_start(&presses, program);
	test_seal_new(&seal, false);
	job_make(&job, in, &seal);
	for (size_t i = 0; i < PDF_DRAFTS_MAX; i++)
		buf_init(&outputs[i], LIMIT_BLOB_BYTES);
	must(press_seal(&press, &job, test_seal_sign, &seal, outputs, &count) == OK, "press");
	file_write(out, buf_span(&outputs[0]), SPAN_EMPTY);
	printf("{");
	press_cost(presses.pids[0], "build", ",");
	press_cost(presses.pids[1], "verify", "}\n");
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	if (argc == 2 && strcmp(verb, "start") == 0) /* the dynamic linker's part of the rest */
		must(pdf_prepare() == OK, "libqpdf");
	else if (argc == 3 && strcmp(verb, "pages") == 0)
		pages(argv[2]);
	else if (argc == 3 && strcmp(verb, "key") == 0)
		key_make(argv[2]);
	else if (argc == 6 && strcmp(verb, "append") == 0)
		seal_here(argv[2], argv[3], argv[4], argv[5]);
	else if (argc == 5 && strcmp(verb, "whole") == 0)
		seal_here(argv[2], argv[3], NULL, argv[4]);
	else if (argc == 5 && strcmp(verb, "server") == 0)
		seal_server(argv[2], argv[3], argv[4]);
	else
		return 2;
	return 0;
}
