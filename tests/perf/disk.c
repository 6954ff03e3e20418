/*
 * How often can this disk append and sync? The physical limit of anything durable, measured the
 * way a log is written: append a page, fdatasync, again.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define APPEND_BYTES 4096

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static const uint8_t bytes[APPEND_BYTES] = {1};
	char path[4096];
	unsigned long n = 0;
	double seconds = argc > 2 ? strtod(argv[2], NULL) : 1;
	snprintf(path, sizeof(path), "%s/append.%d", argc > 1 ? argv[1] : ".", (int)getpid());
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	double start = now();
	while (fd >= 0 && now() < start + seconds) {
		if (write(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes) || fdatasync(fd) != 0)
			return 1;
		n++;
	}
	printf("{\"rate\":%.1f}\n", (double)n / (now() - start));
	unlink(path);
	return n > 0 ? 0 : 1;
}
