/*
 * The supervisor's loop. A role that dies is started again at once the first time, then after
 * growing pauses; a role that says its configuration is wrong ends everything. At SIGTERM front
 * drains first, since it still needs the others; then the others are left without their socket,
 * which ends them.
 */
#include "main/supervisor.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/wire.h"
#include "main/broker.h"
#include "main/role.h"
#include "main/secrets.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAUSE_FIRST_MS 100
#define PAUSE_MOST_MS 5000
#define LIVED_MS 1000       /* a role that lived this long starts with a clean slate */
#define FRONT_FRAME_MS 1000 /* front has this long to finish a frame it began */
/* What a front may ask for, and as much again that one which died left behind. */
#define PRESS_MOST (2 * (LIMIT_WORKERS + LIMIT_PRESS_PARALLEL))
#define PRESS_LIFE_MS (LIMIT_PRESS_MS * 2)

struct child {
	enum role role;
	pid_t pid;                 /* 0: not running */
	int control;               /* -1: none */
	int64_t started, start_at; /* clock_monotonic */
	int64_t pause;
};

struct press_child {
	pid_t pid; /* 0: free */
	int64_t started;
};

static struct {
	int config, listener, signals;
	struct config *settings;
	const struct supervisor_reload *reload;
	const char *address;
	struct child children[3]; /* in the order of starting */
	struct press_child press[PRESS_MOST];
	bool is_ready, is_stopping;
	int64_t stop_by; /* then what still runs is killed */
	int status;
} self;

#define CHILDREN (sizeof(self.children) / sizeof(self.children[0]))

static struct child *child_of(enum role role)
{
	for (size_t i = 0; i < CHILDREN; i++)
		if (self.children[i].role == role)
			return &self.children[i];
	return NULL;
}

static bool child_start(struct child *c)
{
	struct role_start start = {.role = c->role, .config = self.config, .listener = -1};
	int pair[2];
	enum err e;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	start.socket = pair[1];
	if (c->role == ROLE_FRONT)
		start.listener = self.listener;
	e = role_start(&start, &c->pid);
	close(pair[1]);
	if (e != OK) {
		close(pair[0]);
		c->pid = 0;
		return false;
	}
	c->control = pair[0];
	c->started = clock_monotonic();
	log_info("started", "child=%s child_pid=%d", role_name(c->role), (int)c->pid);
	return true;
}

static void child_signal(const struct child *c, int number)
{
	if (c->pid > 0)
		kill(c->pid, number);
}

static void stop_begin(int status)
{
	if (!self.is_stopping)
		log_info("stopping", "status=%d", status);
	self.is_stopping = true;
	self.status = self.status != 0 ? self.status : status;
	self.stop_by = clock_monotonic() + LIMIT_DRAIN_MS + 5000;
	/* Before it was ready front has nothing to drain, and may be waiting for a keyd that ended.
	 */
	child_signal(child_of(ROLE_FRONT), self.is_ready ? SIGTERM : SIGKILL);
}

static void pause_grow(struct child *c, int64_t now)
{
	if (now - c->started >= LIVED_MS)
		c->pause = 0;
	c->start_at = now + c->pause;
	c->pause = c->pause == 0 ? PAUSE_FIRST_MS : c->pause * 2;
	if (c->pause > PAUSE_MOST_MS)
		c->pause = PAUSE_MOST_MS;
}

static void child_ended(struct child *c, int status)
{
	int64_t now = clock_monotonic();
	bool is_own_end = WIFEXITED(status) && WEXITSTATUS(status) == 0 && self.is_stopping;

	c->pid = 0;
	if (c->control >= 0)
		close(c->control);
	c->control = -1;
	if (!is_own_end)
		log_error(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS
			      ? "killed by its sandbox"
			      : "ended",
		    "child=%s signal=%d status=%d", role_name(c->role),
		    WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		    WIFEXITED(status) ? WEXITSTATUS(status) : 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == ROLE_EXIT_CONFIG)
		stop_begin(1);
	pause_grow(c, now);
}

static void press_ended(pid_t pid, int status)
{
	for (size_t i = 0; i < PRESS_MOST; i++)
		if (self.press[i].pid == pid)
			self.press[i].pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		log_warn(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? "killed by its sandbox"
									   : "ended",
		    "child=press signal=%d status=%d", WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		    WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child *found = NULL;
		for (size_t i = 0; i < CHILDREN; i++)
			if (self.children[i].pid == pid)
				found = &self.children[i];
		if (found != NULL)
			child_ended(found, status);
		else
			press_ended(pid, status);
	}
}

static void press_start(int sock)
{
	struct role_start start = {
	    .role = ROLE_PRESS, .socket = sock, .config = self.config, .listener = -1};

	for (size_t i = 0; i < PRESS_MOST; i++) {
		if (self.press[i].pid != 0)
			continue;
		if (role_start(&start, &self.press[i].pid) != OK)
			self.press[i].pid = 0;
		self.press[i].started = clock_monotonic();
		return;
	}
	log_warn("too many documents at once", "most=%d", PRESS_MOST);
}

/* When the role is not there the descriptor is closed, and front dials again at the end of file. */
static void connect_role(enum role role, int sock)
{
	struct child *c = child_of(role);

	if (role == ROLE_PRESS)
		press_start(sock);
	else if (c != NULL && c->control >= 0 && broker_hand_over(c->control, sock) != OK)
		log_warn("a connection was not handed over", "to=%s", role_name(role));
}

static void ready_print(void)
{
	if (!self.is_ready)
		dprintf(STDERR_FILENO, "ready https://%s\n", self.address);
	self.is_ready = true;
}

static bool frame_handle(struct wire_reader *r)
{
	uint32_t kind = wire_u32(r), role;
	int sock;

	if (kind == BROKER_READY && wire_end(r)) {
		ready_print();
		return true;
	}
	role = wire_u32(r);
	sock = wire_fd(r);
	if (kind != BROKER_CONNECT || !wire_end(r) ||
	    (role != ROLE_KEYD && role != ROLE_PRESS && role != ROLE_COURIER)) {
		if (sock >= 0)
			close(sock);
		return false;
	}
	connect_role((enum role)role, sock);
	close(sock);
	return true;
}

/* The one frame-reader of this process. A sender of malformed frames is killed, not believed. */
static void front_read(struct child *front)
{
	struct wire_reader r CLEANUP(wire_reader_free);
	enum err e;

	wire_reader_init(&r);
	e = wire_receive(front->control, &r, FRONT_FRAME_MS);
	if (e == OK && frame_handle(&r))
		return;
	if (e != ERR_PEER_GONE) {
		log_error("malformed frame from front", "error=%s", err_symbol(e));
		child_signal(front, SIGKILL);
	}
	close(front->control);
	front->control = -1;
}

/* The files are read anew; what is wrong with them is logged, and the old settings stay. */
static bool settings_read(struct front_secrets *secrets)
{
	struct fault fault = {0};
	enum err e = self.reload->run(self.reload->ctx, self.settings, &fault);
	int fresh;

	if (e == OK)
		e = secrets_read(self.settings, secrets);
	if (e != OK) {
		log_error("the configuration is not read again", "error=%s why=%s", err_symbol(e),
		    fault.detail);
		return false;
	}
	fresh = config_memory(self.settings);
	if (fresh < 0)
		return false;
	close(self.config);
	self.config = fresh;
	config_log_level(self.settings);
	return true;
}

static void reload(void)
{
	struct front_secrets secrets = {0};
	struct child *front = child_of(ROLE_FRONT);
	bool is_read = settings_read(&secrets);
	enum err e = OK;

	if (front->control >= 0)
		e = is_read ? reload_send(front->control, self.settings, &secrets)
			    : reload_send_nothing(front->control);
	secrets_free(&secrets);
	if (e != OK)
		log_warn(
		    "front was not told to read its settings again", "error=%s", err_symbol(e));
	child_signal(front, SIGHUP);
}

static void signals_read(void)
{
	struct signalfd_siginfo info;

	while (read(self.signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap();
		else if (info.ssi_signo == SIGHUP)
			reload();
		else if (self.is_stopping)
			self.stop_by = clock_monotonic(); /* asked twice */
		else
			stop_begin(0);
	}
}

/* Once front is gone nobody needs the others. */
static bool stop_step(int64_t now)
{
	bool is_over = now >= self.stop_by, any = false;

	for (size_t i = 0; i < CHILDREN; i++) {
		struct child *c = &self.children[i];
		if (c->pid > 0 && is_over)
			child_signal(c, SIGKILL);
		if (c->role != ROLE_FRONT && child_of(ROLE_FRONT)->pid == 0 && c->control >= 0) {
			close(c->control);
			c->control = -1;
		}
		any = any || c->pid > 0;
	}
	return !any;
}

static int start_due(int64_t now)
{
	int64_t wait = 60000;

	for (size_t i = 0; i < CHILDREN; i++) {
		struct child *c = &self.children[i];
		if (c->pid != 0)
			continue;
		if (c->start_at <= now && !child_start(c))
			c->start_at = now + PAUSE_MOST_MS;
		if (c->pid == 0 && c->start_at - now < wait)
			wait = c->start_at - now;
	}
	return (int)wait;
}

static int press_check(int64_t now, int wait)
{
	for (size_t i = 0; i < PRESS_MOST; i++) {
		if (self.press[i].pid == 0)
			continue;
		if (now - self.press[i].started > PRESS_LIFE_MS)
			kill(self.press[i].pid, SIGKILL);
		wait = wait < 1000 ? wait : 1000;
	}
	return wait;
}

static void wait_once(int timeout)
{
	struct child *front = child_of(ROLE_FRONT);
	struct pollfd watched[2] = {
	    {.fd = self.signals, .events = POLLIN}, {.fd = front->control, .events = POLLIN}};

	if (poll(watched, 2, timeout) <= 0)
		return;
	if (watched[1].revents != 0)
		front_read(front);
	if (watched[0].revents != 0)
		signals_read();
}

static int loop(void)
{
	for (;;) {
		int64_t now = clock_monotonic();
		int timeout = self.is_stopping ? 200 : start_due(now);
		if (self.is_stopping && stop_step(now))
			return self.status;
		wait_once(press_check(now, timeout));
	}
}

static bool signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	self.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return self.signals >= 0;
}

int supervisor_run(struct config *config, const struct supervisor_reload *reload, int listener,
    const char *address)
{
	static const enum role order[CHILDREN] = {ROLE_KEYD, ROLE_COURIER, ROLE_FRONT};

	self.settings = config;
	self.reload = reload;
	self.config = config_memory(config);
	self.listener = listener;
	self.address = address;
	for (size_t i = 0; i < CHILDREN; i++)
		self.children[i] = (struct child){.role = order[i], .control = -1};
	if (self.config < 0 || !signals_open()) {
		log_error("the supervisor cannot start", "errno=%d", errno);
		return 1;
	}
	return loop();
}
