/*
 * The signer's steps: the first letter says which, the rest is the body that a browser sent. The
 * link wraps the visit, so no store stands behind it; what reaches the domain is checked there.
 */
#include "base/limits.h"
#include "base/text.h"
#include "fuzz.h"
#include "web/signer.h"

#include <string.h>

#define NOW INT64_C(1790000000000)

void __wrap_visit_run(
    void *app, const struct http_request *req, struct http_reply *reply, visit_body body);
enum err __wrap_visit_command(struct visit *v, struct envelope_write *w);

void __wrap_visit_run(
    void *app, const struct http_request *req, struct http_reply *reply, visit_body body)
{
	static struct signer_progress signer = {.code_channel = CHANNEL_EMAIL};
	static struct document_progress documents[2];
	struct visit v = {.app = app, .req = req, .reply = reply, .arena = req->arena};

	v.record.state = (struct envelope){
	    .signers = &signer, .signer_count = 1, .documents = documents, .document_count = 2};
	v.profile = (struct signer_profile){.cpf = "52998224725", .email = "ana@example.com"};
	v.language = "pt-BR";
	enum err e = body(&v);
	promise(e == OK || (err_row(e)->status >= 400 && err_row(e)->status < 500));
}

static void is_clean(struct span s)
{
	promise(text_is_clean(s));
}

/* Points as they will be drawn: digits, brackets, points and commas only. */
static void is_canonical(struct span s)
{
	for (size_t i = 0; i < s.size; i++)
		promise(memchr("0123456789.,[]", s.data[i], 14) != NULL);
}

enum err __wrap_visit_command(struct visit *v, struct envelope_write *w)
{
	const struct command *c = &w->command;
	promise(c->document < v->record.state.document_count);
	promise(c->pages <= LIMIT_PAGES && c->duration_ms >= 0);
	is_clean(c->text);
	is_clean(c->actor.screen);
	is_clean(c->actor.language);
	is_clean(c->actor.time_zone);
	if (c->kind == COMMAND_SIGN) {
		is_clean(w->drawing->typed);
		is_canonical(w->drawing->strokes);
		promise((w->drawing->typed.size > 0) != (w->drawing->strokes.size > 0));
	}
	return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t no_limits[RATE_KINDS]; /* nothing depends on what came before */
	static struct app app;
	static const http_handler steps[] = {signer_open, signer_cpf, signer_read, signer_code_send,
	    signer_code_check, signer_sign, signer_decline};
	struct arena *arena CLEANUP(arena_freep) = arena_new(LIMIT_ARENA_REQUEST);
	struct http_request req = {.arena = arena, .now = NOW, .client = "203.0.113.7"};
	struct http_reply reply = {0};

	if (app.rates == NULL)
		promise(rates_new(no_limits, &app.rates) == OK);
	req.body = span_of(data, size);
	unsigned step = take_choice(&req.body) % (sizeof steps / sizeof steps[0]);
	steps[step](&app, &req, &reply);
	return 0;
}
