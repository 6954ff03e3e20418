/*
 * Dialing. Every connection is a socketpair made by the one who wants it; its other end travels to
 * the role.
 */
#include "main/broker.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/wire.h"
#include "keyd/keyd.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BROKER_TIMEOUT_MS 5000
#define BROKER_CHILDREN 64

struct broker {
	pthread_mutex_t lock;
	int supervisor;           /* front: its socket; a tool: -1 */
	int config;               /* a tool: configuration for its roles */
	int controls[ROLE_COUNT]; /* a tool: sockets of the roles it started; -1: none */
	pid_t children[BROKER_CHILDREN];
	size_t child_count;
};

int config_memory(const struct config *config)
{
	struct buf packed CLEANUP(buf_free);

	buf_init(&packed, LIMIT_CONFIG_BYTES);
	return config_pack(config, &packed) == OK ? wire_memfd(buf_span(&packed)) : -1;
}

static enum err broker_new(struct broker **out)
{
	struct broker *b = mem_alloc(sizeof(*b));

	ENSURE(b != NULL, ERR_MEMORY);
	pthread_mutex_init(&b->lock, NULL);
	b->supervisor = -1;
	b->config = -1;
	for (size_t i = 0; i < ROLE_COUNT; i++)
		b->controls[i] = -1;
	*out = b;
	return OK;
}

enum err broker_new_front(int control, struct broker **out)
{
	TRY(broker_new(out));
	(*out)->supervisor = control;
	return OK;
}

enum err broker_new_tool(const struct config *config, struct broker **out)
{
	TRY(broker_new(out));
	(*out)->config = config_memory(config);
	if ((*out)->config >= 0)
		return OK;
	broker_free(*out);
	*out = NULL;
	return ERR_IO;
}

void broker_free(struct broker *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (b->controls[i] >= 0)
			close(b->controls[i]);
	for (size_t i = 0; i < b->child_count; i++) {
		kill(b->children[i], SIGKILL);
		waitpid(b->children[i], NULL, 0);
	}
	if (b->config >= 0)
		close(b->config);
	pthread_mutex_destroy(&b->lock);
	mem_free(b, sizeof(*b));
}

void broker_freep(struct broker **b)
{
	broker_free(*b);
}

enum err broker_hand_over(int control, int sock)
{
	struct wire_writer w CLEANUP(wire_writer_free);

	wire_writer_init(&w);
	wire_put_fd(&w, sock);
	return wire_send(control, &w, BROKER_TIMEOUT_MS);
}

static enum err ask_supervisor(int supervisor, enum role role, int sock)
{
	struct wire_writer w CLEANUP(wire_writer_free);

	wire_writer_init(&w);
	wire_put_u32(&w, BROKER_CONNECT);
	wire_put_u32(&w, (uint32_t)role);
	wire_put_fd(&w, sock);
	return wire_send(supervisor, &w, BROKER_TIMEOUT_MS);
}

static enum err child_start(struct broker *b, enum role role, int socket)
{
	struct role_start start = {
	    .role = role, .socket = socket, .config = b->config, .listener = -1};

	ENSURE(b->child_count < BROKER_CHILDREN, ERR_LIMIT);
	TRY(role_start(&start, &b->children[b->child_count]));
	b->child_count++;
	return OK;
}

static enum err control_open(struct broker *b, enum role role)
{
	int pair[2];
	enum err e;

	if (b->controls[role] >= 0)
		return OK;
	ENSURE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, ERR_IO);
	e = child_start(b, role, pair[1]);
	close(pair[1]);
	if (e == OK)
		b->controls[role] = pair[0];
	else
		close(pair[0]);
	return e;
}

static enum err give_own(struct broker *b, enum role role, int sock)
{
	if (role == ROLE_PRESS)
		return child_start(b, role, sock);
	TRY(control_open(b, role));
	return broker_hand_over(b->controls[role], sock);
}

int role_dial(struct broker *b, enum role role)
{
	int pair[2];
	enum err e;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	pthread_mutex_lock(&b->lock);
	e = b->supervisor >= 0 ? ask_supervisor(b->supervisor, role, pair[1])
			       : give_own(b, role, pair[1]);
	pthread_mutex_unlock(&b->lock);
	close(pair[1]);
	if (e == OK)
		return pair[0];
	log_debug("no connection to a role", "to=%s error=%s", role_name(role), err_symbol(e));
	close(pair[0]);
	return -1;
}

/* A tool's keyd that ended is not started again: it has said why. */
int broker_dial_keyd(void *ctx)
{
	const struct broker *b = ctx;
	int sock = role_dial(ctx, ROLE_KEYD);

	return sock < 0 && b->supervisor < 0 ? KEYD_GONE : sock;
}

int broker_dial_press(void *ctx)
{
	return role_dial(ctx, ROLE_PRESS);
}

int broker_dial_courier(void *ctx)
{
	return role_dial(ctx, ROLE_COURIER);
}

enum err broker_ready(struct broker *b)
{
	struct wire_writer w CLEANUP(wire_writer_free);
	enum err e;

	wire_writer_init(&w);
	wire_put_u32(&w, BROKER_READY);
	pthread_mutex_lock(&b->lock);
	e = wire_send(b->supervisor, &w, BROKER_TIMEOUT_MS);
	pthread_mutex_unlock(&b->lock);
	return e;
}
