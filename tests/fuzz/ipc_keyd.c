/*
 * The requests that keyd reads, against real keys: whatever is asked, the process neither
 * breaks nor answers with a key that it keeps.
 */
#include "../../src/keyd/serve.c"

#include "ipc.h"

#include <stdio.h>

static struct keyring ring;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const hosts[] = {"localhost", NULL};
	static char folder[256];
	static struct keyd_config config = {.control = -1, .data = folder};
	const char *where = getenv("TMPDIR");

	snprintf(folder, sizeof folder, "%s/fuzz-keyd-XXXXXX", where != NULL ? where : "/tmp");
	promise(mkdtemp(folder) != NULL);
	promise(keyd_keys_create(folder, "Fuzz", hosts) == OK);
	promise(keyring_load(&ring, &config) == OK);
	return 0;
}

static void keeps_root(struct span answer)
{
	promise(answer.size < KEY_SIZE ||
		memmem(answer.data, answer.size, ring.root, KEY_SIZE) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wire_reader r;
	static struct wire_writer w;
	struct span in = span_of(data, size);
	int fds[WIRE_FDS_MAX];
	size_t n = ipc_descriptors(&in, NULL, 0, fds);

	ipc_reader(&r, in, fds, n);
	wire_writer_init(&w);
	if (setjmp(death) == 0)
		frame_answer(&ring, &r, &w);
	keeps_root(buf_span(&w.body));
	wire_reader_free(&r);
	wire_writer_free(&w);
	ipc_end();
	return 0;
}
