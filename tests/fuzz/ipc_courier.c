/*
 * The jobs that courier reads. What is taken has what a transfer needs, and written again it
 * reads as the same bytes.
 */
#include "courier/carry.h"

#include "ipc.h"

#include <string.h>

static void list_check(const char *const *list, size_t most)
{
	size_t n = 0;
	while (list[n] != NULL)
		promise(list[n++][0] != '\0');
	promise(n <= most);
}

static void job_check(const struct frame_job *job)
{
	struct wire_writer w;
	wire_writer_init(&w);
	if (job->kind == FRAME_MAIL) {
		promise(job->mail.host != NULL && job->mail.port <= 65535);
		promise((job->mail.from == NULL) == (job->mail.to == NULL));
		frame_put_mail(&w, &job->mail, 0);
	} else {
		promise(job->post.url != NULL);
		list_check(job->post.headers, COURIER_HEADERS_MAX);
		list_check(job->post.allowed, COURIER_ALLOWED_MAX);
		frame_put_post(&w, &job->post, 0);
	}
	promise(buf_done(&w.body) == OK);
	wire_writer_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct span files[] = {{(const uint8_t *)"body", 4}, {NULL, 0}};
	struct arena *arena CLEANUP(arena_freep) = arena_new(1u << 20);
	struct span in = span_of(data, size);
	struct frame_job job = {0};
	struct wire_reader r;
	int fds[WIRE_FDS_MAX];
	size_t n = ipc_descriptors(&in, files, 2, fds);

	buf_init(&job.content, COURIER_MESSAGE_MAX);
	ipc_reader(&r, in, fds, n);
	if (frame_get_job(&r, arena, &job) == OK)
		job_check(&job);
	buf_free(&job.content);
	wire_reader_free(&r);
	ipc_end();
	return 0;
}
