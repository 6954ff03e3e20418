/*
 * See the header. What always holds: a write's mark is in the store when its answer leaves, whether
 * it was done or refused; a nonce also after a read.
 */
#include "api/session.h"

#include "store/integrations.h"
#include "store/keys.h"
#include "store/public_keys.h"
#include "store/replay.h"

struct session *session_of(const struct http_request *req)
{
	return req->context;
}

const struct stored_organisation *session_organisation(const struct session *s)
{
	return s->auth.key != NULL ? s->auth.key->tenant : NULL;
}

/* A wrong key or signature counts against the address it came from. */
static enum err session_guess(struct app *app, struct session *s, enum err e)
{
	const struct http_request *req = s->auth.req;

	if (e != ERR_AUTH_KEY && e != ERR_CLIENT_KEY && e != ERR_TOKEN && e != ERR_SIGNATURE)
		return e;
	s->auth.retry_after_s = rate_count(app->rates, RATE_KEY, req->client, req->now);
	if (s->auth.retry_after_s == 0)
		return e;
	return fault_set(&s->fault, ERR_RATE, "", "%s", "");
}

enum err session_head(struct app *app, struct http_request *req)
{
	struct session *s = arena_alloc(req->arena, sizeof(*s));

	ENSURE(s != NULL, ERR_MEMORY);
	req->context = s;
	enum err e = auth_head(app->auth, req, &s->auth, &s->fault);
	s->is_judged = e == OK;
	return session_guess(app, s, e);
}

static enum err doubt_work(struct db *db, void *ctx)
{
	struct session *s = ctx;

	return store_replay_check(db, s->auth.principal.organisation, s->auth.mark);
}

/* Was this read's signature a write's, or a nonce's, before memory reaches? */
static enum err doubt_clear(struct app *app, struct session *s)
{
	if (!s->auth.is_doubtful)
		return OK;
	enum err e = store_read(app->store, doubt_work, s);
	return e == ERR_REPLAY
		   ? fault_set(&s->fault, e, "", "It came under another method or field.")
		   : e;
}

/* A read owes what every request uses up; a write's debts are paid with its effect. */
enum err session_admit(struct app *app, struct http_request *req)
{
	struct session *s = session_of(req);

	if (s == NULL)
		TRY(session_head(app, req));
	s = session_of(req);
	TRY(session_guess(app, s, auth_body(app->auth, &s->auth, &s->fault)));
	TRY(doubt_clear(app, s));
	s->floor = auth_floor(&s->auth);
	return auth_is_write(req) ? OK : session_settle(app, s);
}

void session_release(void *app, struct http_request *req)
{
	struct session *s = session_of(req);

	auth_session_end(&s->auth);
	buf_free(&s->answer.body);
	secret_wipe(s->archived.key, sizeof(s->archived.key));
}

static bool has_lasting_mark(const struct session *s)
{
	return s->auth.has_mark && (auth_is_write(s->auth.req) || s->auth.field == 'n');
}

static bool is_needed(const struct session *s)
{
	return has_lasting_mark(s) || s->floor != 0;
}

bool session_is_owing(const struct session *s)
{
	return !s->is_marked && (is_needed(s) || s->auth.is_use_due);
}

/* To the minute: when did this key last call, and which public key verified it? */
static enum err use_note(const struct session *s, struct db *db)
{
	const struct auth_session *a = &s->auth;
	int64_t organisation = a->key->organisation, now = a->req->now;

	if (a->key->client_key != NULL)
		TRY(store_integration_verified(db, organisation, a->key->row, now));
	else
		TRY(store_key_touch(db, organisation, a->key->row, now));
	return a->public_key != NULL ? store_public_key_verified(db, a->public_key->row, now) : OK;
}

/* Below 0: the floor of that key's nonces, see auth/scheme_x_sign.c. */
static enum err floor_keep(const struct session *s, struct db *db)
{
	const struct principal *p = &s->auth.principal;
	enum err e = store_nonce_advance(db, p->organisation, -p->key, s->floor);

	return e == ERR_REPLAY ? OK : e;
}

enum err session_mark(struct session *s, struct db *db)
{
	const struct auth_session *a = &s->auth;
	const struct principal *p = &a->principal;

	if (!session_is_owing(s))
		return OK;
	if (has_lasting_mark(s))
		TRY(store_replay_add(db, p->organisation, a->mark, a->mark_until));
	if (a->field == 'n')
		TRY(store_nonce_advance(db, p->organisation, p->key, a->nonce));
	if (s->floor != 0)
		TRY(floor_keep(s, db));
	return a->is_use_due ? use_note(s, db) : OK;
}

void session_marked(struct app *app, struct session *s)
{
	if (!session_is_owing(s))
		return;
	s->is_marked = true;
	if (has_lasting_mark(s)) /* a read that only kept its floor may come again */
		auth_spent(app->auth, &s->auth);
	if (s->floor != 0)
		auth_floor_kept(&s->auth, s->floor);
}

static enum err settle_work(struct db *db, void *ctx)
{
	return session_mark(ctx, db);
}

enum err session_settle(struct app *app, struct session *s)
{
	if (!session_is_owing(s))
		return OK;
	enum err e = store_write(app->store, settle_work, s);
	if (e == OK)
		session_marked(app, s);
	return is_needed(s) ? e : OK; /* that a key was used may be lost */
}
