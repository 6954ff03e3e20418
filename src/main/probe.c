/*
 * Test builds only: enter a role's sandbox and do one act. The tests expect most of these to die.
 * Exit status: 0 the act was allowed, 3 it was answered with an error.
 */
#ifdef CHIROGRAPH_TEST_SEAMS

#include "main/sandbox.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

static int act_nothing(int sock)
{
	return 0;
}

static int act_exec(int sock)
{
	char name[] = "true";
	char *arguments[] = {name, NULL}, *none[] = {NULL};

	return execve("/bin/true", arguments, none);
}

static int act_socket(int sock)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int act_connect(int sock)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = 9};

	return connect(sock, (struct sockaddr *)&at, sizeof(at));
}

static int act_accept(int sock)
{
	return accept(sock, NULL, NULL);
}

static int act_listen(int sock)
{
	return listen(sock, 1);
}

static int act_open(int sock)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int act_create(int sock)
{
	return open("/tmp/chirograph-probe", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static int act_fork(int sock)
{
	return fork();
}

static int act_ptrace(int sock)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int act_mount(int sock)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static const struct {
	const char *name;
	int (*act)(int sock);
} acts[] = {
    {"nothing", act_nothing},
    {"exec", act_exec},
    {"socket", act_socket},
    {"connect", act_connect},
    {"accept", act_accept},
    {"listen", act_listen},
    {"open", act_open},
    {"create", act_create},
    {"fork", act_fork},
    {"ptrace", act_ptrace},
    {"mount", act_mount},
};

static int act_run(const char *name, int sock)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strcmp(acts[i].name, name) == 0)
			return acts[i].act(sock) < 0 ? 3 : 0;
	return 4;
}

int sandbox_probe(const char *what)
{
	struct sandbox box = {.data = "/nonexistent"};
	const char *colon = strchr(what, ':');
	char role[16];
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (colon == NULL)
		return 4;
	snprintf(role, sizeof(role), "%.*s", (int)(colon - what), what);
	box.keys = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!role_find(role, &box.role) || sandbox_enter(&box) != OK)
		return 4;
	return act_run(colon + 1, sock);
}

#else
typedef int probe_is_for_test_builds;
#endif
