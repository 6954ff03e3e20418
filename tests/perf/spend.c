/*
 * What does a command cost, from exec to exit? Runs it several times and says the processor time
 * of each run, sorted, and the largest resident set of any. The peers are programs of other
 * people, so the kernel's account of the ended child is the one thing that all can be asked for.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX 101

static double ms_of(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static _Noreturn void child(char **command)
{
	int null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		_exit(126);
	execvp(command[0], command);
	_exit(127);
}

static int run_once(char **command, struct rusage *used)
{
	int status;
	pid_t pid = fork();
	if (pid == 0)
		child(command);
	if (pid < 0 || wait4(pid, &status, 0, used) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv)
{
	double cpu[RUNS_MAX], wall[RUNS_MAX];
	long peak = 0, runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	if (runs < 1 || runs > RUNS_MAX) {
		fprintf(stderr, "usage: spend RUNS COMMAND [ARGUMENT]…\n");
		return 2;
	}
	for (long i = 0; i < runs; i++) {
		struct rusage used;
		double start = now_ms();
		int status = run_once(argv + 2, &used);
		if (status != 0) {
			fprintf(stderr, "%s: status %d\n", argv[2], status);
			return 1;
		}
		wall[i] = now_ms() - start;
		cpu[i] = ms_of(used.ru_utime) + ms_of(used.ru_stime);
		peak = used.ru_maxrss > peak ? used.ru_maxrss : peak;
	}
	qsort(cpu, (size_t)runs, sizeof(cpu[0]), by_size);
	qsort(wall, (size_t)runs, sizeof(wall[0]), by_size);
	printf("{\"cpu_ms\":%.2f,\"cpu_least_ms\":%.2f,\"wall_ms\":%.2f,\"peak_mib\":%.1f}\n",
	    cpu[runs / 2], cpu[0], wall[runs / 2], (double)peak / 1024);
	return 0;
}
