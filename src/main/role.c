/*
 * Starting a role and being one. A role begins with an environment made here, no descriptor of its
 * parent's, no way to gain privileges and a death that follows its parent's.
 */
#include "main/role.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/wire.h"
#include "main/broker.h"
#include "main/front.h"
#include "main/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char *const names[ROLE_COUNT] = {
    [ROLE_FRONT] = "front",
    [ROLE_KEYD] = "keyd",
    [ROLE_PRESS] = "press",
    [ROLE_COURIER] = "courier",
};

const char *role_name(enum role role)
{
	return names[role];
}

bool role_find(const char *name, enum role *out)
{
	for (int i = ROLE_FRONT; i < ROLE_COUNT; i++)
		if (strcmp(names[i], name) == 0) {
			*out = (enum role)i;
			return true;
		}
	return false;
}

#define ENVIRONMENT_MAX 16

/* What a role may see of our environment: nothing that changes what it does, save for tests. */
static void environment_make(char *out[ENVIRONMENT_MAX])
{
	static const char *const kept[] = {
	    "CREDENTIALS_DIRECTORY",
#ifdef CHIROGRAPH_TEST_SEAMS
	    "CHIROGRAPH_TEST_CLOCK",
	    "CHIROGRAPH_TEST_FAULT",
	    "CHIROGRAPH_SANDBOX",
#endif
#ifdef CHIROGRAPH_SANITIZED
	    "ASAN_OPTIONS",
	    "UBSAN_OPTIONS",
	    "LSAN_OPTIONS",
	    "TSAN_OPTIONS",
#endif
	};
	static char rows[sizeof(kept) / sizeof(kept[0])][512];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const char *value = getenv(kept[i]);
		int size;
		if (value == NULL)
			continue;
		size = snprintf(rows[count], sizeof(rows[0]), "%s=%s", kept[i], value);
		if (size > 0 && size < (int)sizeof(rows[0])) {
			out[count] = rows[count];
			count++;
		}
	}
	out[count] = NULL;
}

static void signals_reset(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN); /* a terminal's Ctrl+C is the supervisor's to understand */
	signal(SIGHUP, SIG_IGN);
	/* Only front drains at SIGTERM; the others end when the supervisor closes their socket. */
	signal(SIGTERM, SIG_IGN);
}

/* Descriptors go up first, out of the way of the numbers they are wanted at. */
static bool descriptors_place(const struct role_start *start)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int socket = fcntl(start->socket, F_DUPFD_CLOEXEC, 16);
	int config = fcntl(start->config, F_DUPFD_CLOEXEC, 16);
	int listener = start->listener < 0 ? 0 : fcntl(start->listener, F_DUPFD_CLOEXEC, 16);

	if (null < 0 || socket < 0 || config < 0 || listener < 0)
		return false;
	if (dup2(null, 0) < 0 || dup2(2, 1) < 0 || dup2(socket, ROLE_SOCKET) < 0 ||
	    dup2(config, ROLE_CONFIG) < 0)
		return false;
	if (start->listener >= 0 && dup2(listener, ROLE_LISTENER) < 0)
		return false;
	return close_range(start->listener < 0 ? ROLE_LISTENER : ROLE_LISTENER + 1, ~0u, 0) == 0;
}

static _Noreturn void child(const struct role_start *start, pid_t parent)
{
	char argument[32];
	char name[] = "chirograph";
	char *arguments[] = {name, argument, NULL};
	char *environment[ENVIRONMENT_MAX];

	snprintf(argument, sizeof(argument), "--role=%s", role_name(start->role));
	environment_make(environment);
	signals_reset();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(71);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !descriptors_place(start))
		_exit(71);
	execve("/proc/self/exe", arguments, environment);
	_exit(71);
}

enum err role_start(const struct role_start *start, pid_t *pid)
{
	pid_t parent = getpid();

	*pid = fork();
	ENSURE(*pid >= 0, ERR_MEMORY);
	if (*pid == 0)
		child(start, parent);
	return OK;
}

static enum err config_receive(struct config *config)
{
	struct buf packed CLEANUP(buf_free);

	buf_init(&packed, LIMIT_CONFIG_BYTES);
	TRY(wire_fd_read(ROLE_CONFIG, LIMIT_CONFIG_BYTES, &packed));
	close(ROLE_CONFIG);
	return config_unpack(config, buf_span(&packed));
}

void config_log_level(const struct config *config)
{
	static const char *const words[] = {"debug", "info", "warn", "error"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(config_text(config, CONFIG_SERVER_LOG_LEVEL), words[i]) == 0)
			log_threshold((enum log_level)i);
}

static int role_run(enum role role, const struct config *config)
{
	switch (role) {
	case ROLE_FRONT: return role_front(config);
	case ROLE_KEYD: return role_keyd(config);
	case ROLE_PRESS: return role_press(config);
	case ROLE_COURIER: return role_courier(config);
	case ROLE_COUNT: break;
	}
	return ROLE_EXIT_CONFIG;
}

int role_main(const char *name)
{
	static struct config config;
	enum role role;

#ifdef CHIROGRAPH_TEST_SEAMS
	if (strncmp(name, "probe:", 6) == 0)
		return sandbox_probe(name + 6);
#endif
	if (!role_find(name, &role))
		return ROLE_EXIT_CONFIG;
	log_role(name);
	clock_seam_open();
	if (config_receive(&config) != OK) {
		log_error("a role without its configuration: start chirograph serve instead",
		    "role=%s", name);
		return ROLE_EXIT_CONFIG;
	}
	config_log_level(&config);
	return role_run(role, &config);
}
