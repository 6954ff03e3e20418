/*
 * The courier role. Connections are handed over on the control socket; each is served by a
 * thread, one job after another. At most COURIER_PLACES run: the next connection is
 * taken from the control socket when one of them ends. A malformed frame ends the process.
 */
#include "courier/carry.h"

#include "base/late.h"
#include "base/limits.h"
#include "base/log.h"

#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include <curl/curl.h>

#define JOB_ARENA_MAX (1u * LIMIT_MB)
#define COURIER_PLACES (2 * (LIMIT_COURIER_PARALLEL + LIMIT_LANE_SPARE))
#define STACK_BYTES (512u * LIMIT_KB)

static sem_t free_places;

enum err courier_prepare(void)
{
	struct addrinfo *found = NULL;

	signal(SIGPIPE, SIG_IGN);
	TRY(late_open(&late_curl));
	ENSURE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, ERR_INTERNAL);
	/* Loads what the resolver needs of its libraries while files may still be opened. */
	if (getaddrinfo("localhost", NULL, NULL, &found) == 0)
		freeaddrinfo(found);
	return OK;
}

static void job_log(const struct frame_job *job, const struct courier_outcome *o)
{
	log_write(o->is_done ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "carried",
	    "kind=%s done=%d status=%u detail=%s", job->kind == FRAME_MAIL ? "mail" : "post",
	    o->is_done, o->status, o->detail);
}

static enum err serve_job(int sock, struct wire_reader *r, struct arena *arena)
{
	struct courier_outcome outcome;
	struct wire_writer w;
	struct frame_job job = {0};

	buf_init(&job.content, COURIER_MESSAGE_MAX);
	if (frame_get_job(r, arena, &job) != OK)
		wire_die("courier: malformed job");
	courier_outcome_init(&outcome);
	if (job.kind == FRAME_MAIL)
		carry_mail(&job.mail, &outcome);
	else
		carry_post(&job.post, &outcome);
	job_log(&job, &outcome);
	wire_writer_init(&w);
	frame_put_outcome(&w, &outcome);
	enum err e = wire_send(sock, &w, LIMIT_COURIER_MS);
	wire_writer_free(&w);
	courier_outcome_free(&outcome);
	buf_free(&job.content);
	return e;
}

static enum err serve_next(int sock)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new(JOB_ARENA_MAX);
	struct wire_reader r;
	ENSURE(arena != NULL, ERR_MEMORY);

	wire_reader_init(&r);
	enum err e = wire_receive(sock, &r, -1);
	if (e == OK)
		e = serve_job(sock, &r, arena);
	wire_reader_free(&r);
	return e;
}

static void *serve_connection(void *arg)
{
	int sock = (int)(intptr_t)arg;

	while (serve_next(sock) == OK)
		;
	close(sock);
	sem_post(&free_places);
	return NULL;
}

static void connection_start(int sock)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (pthread_create(&thread, &attr, serve_connection, (void *)(intptr_t)sock) != 0) {
		log_error("no thread for a connection", "limit=%d", COURIER_PLACES);
		close(sock);
		sem_post(&free_places);
	}
	pthread_attr_destroy(&attr);
}

static enum err accept_next(int control)
{
	struct wire_reader r;

	while (sem_wait(&free_places) != 0)
		;
	wire_reader_init(&r);
	enum err e = wire_receive(control, &r, -1);
	if (e == OK) {
		int sock = wire_fd(&r);
		if (sock < 0 || !wire_end(&r))
			wire_die("courier: malformed hand-over");
		connection_start(sock);
	}
	wire_reader_free(&r);
	return e;
}

int courier_serve(int control)
{
	enum err e = OK;

	if (sem_init(&free_places, 0, COURIER_PLACES) != 0)
		return 70;
	while (e == OK)
		e = accept_next(control);
	return e == ERR_PEER_GONE ? 0 : 70;
}
