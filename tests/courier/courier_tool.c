/*
 * Drives the courier room from a black-box test. Starts the real role in a child process, then
 * answers JSON lines: {"id":1,"do":"mail"|"post"|"compose"|"letter"|"sign"|"egress", …} gives
 * {"id":1,…}. Each line is served by a thread of its own, so jobs overlap as they do in front.
 */
#include "courier_child.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "sign/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the answers */

static const char *text(const json_t *job, const char *name)
{
	return json_string_value(json_object_get(job, name));
}

static struct span bytes(const json_t *job, const char *name)
{
	const json_t *v = json_object_get(job, name);
	return span_of(json_string_value(v), json_string_length(v));
}

static void list(const json_t *job, const char *name, const char **out, size_t room)
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(job, name), i, item)
	{
		if (i + 1 < room)
			out[i] = json_string_value(item);
	}
}

static void put_outcome(struct json_writer *w, enum err e, struct courier_outcome *o)
{
	jw_string(w, "error", err_symbol(e));
	jw_bool(w, "isDone", o->is_done);
	jw_bool(w, "isPermanent", o->is_permanent);
	jw_int(w, "status", o->status);
	jw_string(w, "detail", o->detail);
	jw_span(w, "answer", buf_span(&o->answer));
	courier_outcome_free(o);
}

static void do_mail(const json_t *job, struct json_writer *w)
{
	struct courier_outcome o;
	struct courier_mail mail = {
	    .host = text(job, "host"),
	    .port = (unsigned)json_integer_value(json_object_get(job, "port")),
	    .security = (enum smtp_security)json_integer_value(json_object_get(job, "security")),
	    .user = text(job, "user"),
	    .password = text(job, "password"),
	    .ca_file = text(job, "ca"),
	    .from = text(job, "from"),
	    .to = text(job, "to"),
	    .message = bytes(job, "message"),
	    .is_guarded = json_is_true(json_object_get(job, "isGuarded")),
	};

	enum err e = courier_mail(&courier_child, &mail, &o);
	put_outcome(w, e, &o);
}

static void do_post(const json_t *job, struct json_writer *w)
{
	const char *headers[16] = {0}, *allowed[16] = {0};
	struct courier_outcome o;
	struct courier_post post = {
	    .url = text(job, "url"),
	    .headers = headers,
	    .body = bytes(job, "body"),
	    .ca_pem = text(job, "ca"),
	    .allowed = allowed,
	};

	list(job, "headers", headers, 16);
	list(job, "allowed", allowed, 16);
	enum err e = courier_post(&courier_child, &post, &o);
	put_outcome(w, e, &o);
}

static void do_compose(const json_t *job, struct json_writer *w)
{
	struct buf out;
	struct mail_parts parts = {
	    .from_name = text(job, "fromName"),
	    .from = text(job, "from"),
	    .to_name = text(job, "toName"),
	    .to = text(job, "to"),
	    .reply_to = text(job, "replyTo"),
	    .subject = text(job, "subject"),
	    .text = bytes(job, "text"),
	    .html = bytes(job, "html"),
	    .message_id = text(job, "messageId"),
	    .now = json_integer_value(json_object_get(job, "now")),
	};

	buf_init(&out, LIMIT_MB);
	enum err e = mail_compose(&parts, &out);
	jw_string(w, "error", err_symbol(e));
	jw_b64(w, "message", buf_span(&out));
	buf_free(&out);
}

static void do_letter(const json_t *job, struct json_writer *w)
{
	struct letter l;
	struct letter_values values = {
	    .organisation = text(job, "organisation"),
	    .name = text(job, "name"),
	    .subject = text(job, "subject"),
	    .link = text(job, "link"),
	    .until = text(job, "until"),
	    .code = text(job, "code"),
	    .support_email = text(job, "support"),
	    .is_sandbox = json_is_true(json_object_get(job, "isSandbox")),
	};

	letter_init(&l);
	enum err e =
	    letter_write((enum letter_kind)json_integer_value(json_object_get(job, "kind")),
		text(job, "language"), &values, &l);
	jw_string(w, "error", err_symbol(e));
	jw_span(w, "subject", buf_span(&l.subject));
	jw_span(w, "text", buf_span(&l.text));
	jw_span(w, "html", buf_span(&l.html));
	jw_span(w, "brief", buf_span(&l.brief));
	letter_free(&l);
}

static void do_sign(const json_t *job, struct json_writer *w)
{
	struct span key = bytes(job, "key"), body = bytes(job, "body");
	int64_t at = json_integer_value(json_object_get(job, "timestamp"));
	char legacy[41] = "";
	struct buf v1;

	buf_init(&v1, LIMIT_KB);
	enum err e = webhook_signature_legacy(key, text(job, "url"), body, legacy);
	if (e == OK)
		e = webhook_signature_v1(key, text(job, "messageId"), at, body, &v1);
	jw_string(w, "error", err_symbol(e));
	jw_string(w, "legacy", legacy);
	jw_span(w, "v1", buf_span(&v1));
	buf_free(&v1);
}

static void do_egress(const json_t *job, struct json_writer *w)
{
	const char *allowed[16] = {0};
	struct fault fault = {0};

	list(job, "allowed", allowed, 16);
	enum err e = egress_check_url(text(job, "url"), allowed, &fault);
	jw_string(w, "error", err_symbol(e));
	jw_string(w, "detail", fault.detail);
}

static const struct {
	const char *name;
	void (*run)(const json_t *job, struct json_writer *w);
} commands[] = {
    {"mail", do_mail},
    {"post", do_post},
    {"compose", do_compose},
    {"letter", do_letter},
    {"sign", do_sign},
    {"egress", do_egress},
};

static void answer(const json_t *job, struct json_writer *w)
{
	const char *name = text(job, "do");

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (name != NULL && strcmp(name, commands[i].name) == 0)
			commands[i].run(job, w);
	}
}

static void *serve_line(void *arg)
{
	json_t *job = arg;
	struct json_writer w;
	struct buf out;

	buf_init(&out, 4 * LIMIT_MB);
	jw_init(&w, &out);
	jw_object(&w, NULL);
	jw_int(&w, "id", json_integer_value(json_object_get(job, "id")));
	answer(job, &w);
	jw_end_object(&w);
	buf_put_byte(&out, '\n');
	pthread_mutex_lock(&lock);
	(void)!write(STDOUT_FILENO, out.data, out.size);
	pthread_mutex_unlock(&lock);
	buf_free(&out);
	json_decref(job);
	return NULL;
}

static void serve_lines(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;

	while ((size = getline(&line, &room, stdin)) > 0) {
		pthread_t thread;
		json_t *job = json_loadb(line, (size_t)size, JSON_ALLOW_NUL, NULL);
		if (job != NULL && pthread_create(&thread, NULL, serve_line, job) == 0)
			pthread_detach(thread);
	}
	free(line);
}

int main(void)
{
	pid_t child = courier_start();

	if (child < 0)
		return 1;
	serve_lines();
	close(courier_control);
	int status = 1;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
