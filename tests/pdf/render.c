/* pages_render EVIDENCE.json DRAWINGS.json OUT.pdf: the evidence pages alone, for black-box tests.
 */
#include "pdf/pages.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>


static int file_read(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;
	char part[65536];

	buf_init(out, 1u << 28);
	while (fd >= 0 && (n = read(fd, part, sizeof(part))) > 0)
		buf_put(out, part, (size_t)n);
	if (fd >= 0)
		close(fd);
	return n == 0 && out->failed == OK ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct buf evidence, drawings, pdf;
	struct pages_counts counts = {0};

	if (argc != 4 || file_read(argv[1], &evidence) != 0 || file_read(argv[2], &drawings) != 0)
		return 2;
	buf_init(&pdf, 1u << 28);
	enum err e = pdf_pages_counted(buf_span(&evidence), buf_span(&drawings), &pdf, &counts);
	int fd = e != OK ? -1 : open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool is_written = fd >= 0 && write(fd, pdf.data, pdf.size) == (ssize_t)pdf.size;
	fprintf(stderr, "%s pages=%u unknown=%u replaced=%u bytes=%zu\n", err_symbol(e),
	    counts.pages, counts.unknown_glyphs, counts.replaced, pdf.size);
	if (fd >= 0)
		close(fd);
	buf_free(&evidence);
	buf_free(&drawings);
	buf_free(&pdf);
	return is_written ? 0 : 1;
}
