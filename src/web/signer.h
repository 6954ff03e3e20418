/*
 * The signer's way as JSON below /s/<token>. The token says whose way it is: 128 bits or more,
 * found by its hash. What it leads to is for browsers that proved themselves (web/browser.h).
 * A GET changes nothing; every POST is one command of the domain and answers the state after
 * it, so each step is saved and the same link goes on elsewhere.
 */
#ifndef CHIROGRAPH_WEB_SIGNER_H
#define CHIROGRAPH_WEB_SIGNER_H

#include "api/app.h"
#include "api/fields.h"
#include "http/http.h"
#include "store/envelopes.h"
#include "store/organisations.h"
#include "web/browser.h"

void signer_state(void *app, const struct http_request *req, struct http_reply *reply);
void signer_open(void *app, const struct http_request *req, struct http_reply *reply);
void signer_cpf(void *app, const struct http_request *req, struct http_reply *reply);
void signer_read(void *app, const struct http_request *req, struct http_reply *reply);
void signer_code_send(void *app, const struct http_request *req, struct http_reply *reply);
void signer_code_check(void *app, const struct http_request *req, struct http_reply *reply);
void signer_sign(void *app, const struct http_request *req, struct http_reply *reply);
void signer_decline(void *app, const struct http_request *req, struct http_reply *reply);
void signer_document(void *app, const struct http_request *req, struct http_reply *reply);
void signer_dossier(void *app, const struct http_request *req, struct http_reply *reply);
void signer_qr(void *app, const struct http_request *req, struct http_reply *reply);

/* http_config.screen: is there such a link? */
bool signer_screen(void *app, const struct http_request *req, struct http_reply *reply);

/* ---- shared by the files of this part ---- */

struct visit {
	struct app *app;
	const struct http_request *req;
	struct http_reply *reply;
	struct arena *arena;
	struct fault fault;
	struct envelope_record record;
	size_t signer;
	struct browser browser;
	struct stored_organisation organisation;
	struct signer_profile profile;
	const char *language;
	uint8_t key[KEY_SIZE];
};

typedef enum err (*visit_body)(struct visit *v);
/* Finds the envelope by its link, opens what the page needs, runs the body, answers its error. */
void visit_run(
    void *app, const struct http_request *req, struct http_reply *reply, visit_body body);
/* One command in the writer; then the state as the reply. w's rows and key are filled in. */
enum err CHECKED visit_command(struct visit *v, struct envelope_write *w);
enum err CHECKED visit_state(struct visit *v);
struct actor visit_actor(const struct visit *v);
const struct signer_progress *visit_signer(const struct visit *v);
/* Masked e-mail or phone that codes go to. In the arena. */
const char *visit_target(struct visit *v);
bool visit_is_over(const struct visit *v); /* canceled or expired */

/* "[[[0.1000,0.2000],…],…]": strokes checked and in one canonical form. */
enum err CHECKED strokes_canonical(const struct fields *f, json_t *strokes, struct buf *out);

#endif
