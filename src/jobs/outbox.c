/*
 * Messages that no server carries: files in DIR/outbox, written beside and renamed, so a reader
 * never sees half of one. The name is the job's, so a repeated job replaces its own file.
 */
#include "jobs/case.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err content_write(int fd, struct span content)
{
	while (content.size > 0) {
		ssize_t n = write(fd, content.data, content.size);
		if (n < 0 && errno == EINTR)
			continue;
		ENSURE(n > 0, ERR_IO);
		content = span_of(content.data + n, content.size - (size_t)n);
	}
	return fsync(fd) == 0 ? OK : ERR_IO;
}

static enum err file_write(int folder, const char *name, struct span content)
{
	char beside[256];

	snprintf(beside, sizeof(beside), ".%s.part", name);
	int fd =
	    openat(folder, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	ENSURE(fd >= 0, ERR_IO);
	enum err e = content_write(fd, content);
	if (close(fd) != 0)
		e = ERR_IO;
	if (e == OK && renameat(folder, beside, folder, name) != 0)
		e = ERR_IO;
	return e;
}

enum err outbox_write(const char *data, const char *name, struct span content)
{
	char path[4096];

	int n = snprintf(path, sizeof(path), "%s/outbox", data);
	ENSURE(n > 0 && (size_t)n < sizeof(path), ERR_IO);
	ENSURE(mkdir(path, 0700) == 0 || errno == EEXIST, ERR_IO);
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ENSURE(folder >= 0, ERR_IO);
	enum err e = file_write(folder, name, content);
	close(folder);
	return e;
}
