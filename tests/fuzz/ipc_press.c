/* The requests that press reads: every field and every descriptor as front would never send it. */
#include "../../src/pdf/press_serve.c"

#include "../pdf/seal_support.c"
#include "ipc.h"

/* What a try had mapped when it was ended is unmapped after it (the link wraps both calls). */
#define MAPS_MAX 16
static struct mapped maps[MAPS_MAX];

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	void *made = __real_mmap(at, size, protection, flags, fd, offset);
	for (size_t i = 0; i < MAPS_MAX && fd >= 0; i++)
		if (maps[i].size == 0) {
			maps[i] = (struct mapped){made, size};
			break;
		}
	return made;
}

int __wrap_munmap(void *at, size_t size)
{
	for (size_t i = 0; i < MAPS_MAX; i++)
		if (maps[i].at == at)
			maps[i] = (struct mapped){0};
	return __real_munmap(at, size);
}

static const char pdf[] = "%PDF-1.4\n"
			  "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
			  "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
			  "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>\nendobj\n"
			  "xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n"
			  "0000000058 00000 n \n0000000115 00000 n \n"
			  "trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n182\n%%EOF\n";

static struct test_seal seal_keys;
static struct span files[5];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const uint8_t jpeg[] = {0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0,
	    0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0, 0xff, 0xd9};

	test_seal_new(&seal_keys, false);
	files[0] = span_str(pdf);
	files[1] = span_of(jpeg, sizeof jpeg);
	files[2] = span_str("{\"version\":1}");
	files[3] = buf_span(&seal_keys.chain);
	files[4] = SPAN_EMPTY;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wire_reader r;
	static struct wire_writer w;
	struct span in = span_of(data, size);
	int fds[WIRE_FDS_MAX];
	size_t n = ipc_descriptors(&in, files, 5, fds);

	ipc_reader(&r, in.size > 16 ? span_of(in.data, 16) : in, fds, n);
	wire_writer_init(&w);
	if (setjmp(death) == 0)
		request_serve(
		    ipc_socket(
			in.size > 16 ? span_of(in.data + 16, in.size - 16) : SPAN_EMPTY, NULL, 0),
		    &r, &w);
	wire_reader_free(&r);
	wire_writer_free(&w);
	for (size_t i = 0; i < MAPS_MAX; i++)
		if (maps[i].size > 0)
			__wrap_munmap(maps[i].at, maps[i].size);
	ipc_end();
	return 0;
}
