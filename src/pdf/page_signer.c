/*
 * A page for each signer: the signature, who it was, and every step with its time, in order.
 * What did not happen is on the page too, with an open dot.
 */
#include "pdf/page_book.h"

#include "base/limits.h"

#include <stdio.h>
#include <string.h>

#define FIELD_WIDTH 249.0 /* the signature field is three times as wide as high */
#define FIELD_HEIGHT 83.0
#define STEPS_MAX 256
#define LINE_X (COLUMN_C - 11.0)

struct step {
	const char *at; /* RFC 3339; NULL: did not happen */
	const char *what;
	const char *detail; /* or NULL */
};

struct steps {
	struct step items[STEPS_MAX];
	size_t count;
};

static void step_add(struct steps *s, const char *at, const char *what, const char *detail)
{
	if (s->count < STEPS_MAX)
		s->items[s->count++] = (struct step){at, what, detail};
}

static const char *tries_text(struct book *b, const json_t *check)
{
	return label_fill(
	    b, "step.tries", "count", book_number(b, number_at(check, "tries"), false), NULL);
}

static void cpf_step(struct book *b, struct steps *s, const json_t *c)
{
	const char *result = text_at(c, "result");
	bool has_passed = result != NULL && strcmp(result, "passed") == 0;

	step_add(s, text_at(c, "at"), label(b, has_passed ? "step.cpf" : "step.cpf_failed"),
	    tries_text(b, c));
}

static void read_step(struct book *b, struct steps *s, const json_t *c)
{
	const char *name = text_at(c, "name");
	const json_t *ms = json_object_get(c, "duration_ms");
	const char *duration = json_is_integer(ms) ? book_duration(b, number_at(c, "duration_ms"))
						   : label(b, "none.recorded");

	step_add(s, text_at(c, "at"), label(b, "step.read"),
	    label_fill(b, "step.pages", "name", name != NULL ? name : text_at(c, "document"),
		"pages", book_number(b, number_at(c, "pages"), true), "duration", duration, NULL));
}

static void code_step(struct book *b, struct steps *s, const json_t *c)
{
	const char *channel = label_of(b, "channel", text_at(c, "channel"), "none.recorded");

	step_add(s, text_at(c, "sent_at"), label(b, "step.code_sent"),
	    label_fill(b, "step.by", "channel", channel, "target", text_at(c, "target"), NULL));
	step_add(s, text_at(c, "used_at"), label(b, "step.code_used"), tries_text(b, c));
}

static void checks_add(struct book *b, struct steps *s, const json_t *checks)
{
	static const struct {
		const char *kind, *none;
		void (*add)(struct book *, struct steps *, const json_t *);
	} kinds[] = {
	    {"cpf", "step.cpf_none", cpf_step},
	    {"read", "step.read", read_step},
	    {"code", "step.code_sent", code_step},
	};
	size_t i;
	json_t *c;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		bool found = false;
		json_array_foreach(checks, i, c)
		{
			const char *kind = text_at(c, "kind");
			if (kind == NULL || strcmp(kind, kinds[k].kind) != 0)
				continue;
			kinds[k].add(b, s, c);
			found = true;
		}
		if (!found)
			step_add(s, NULL, label(b, kinds[k].none), NULL);
	}
}

/* Stable: equal times keep the order of the way; what has no time goes last. */
static void steps_sort(struct steps *s)
{
	for (size_t i = 1; i < s->count; i++) {
		struct step moved = s->items[i];
		size_t at = i;
		while (at > 0 && moved.at != NULL &&
		       (s->items[at - 1].at == NULL || strcmp(s->items[at - 1].at, moved.at) > 0)) {
			s->items[at] = s->items[at - 1];
			at--;
		}
		s->items[at] = moved;
	}
}

static void steps_collect(struct book *b, struct steps *s, const json_t *signer)
{
	const json_t *times = json_object_get(signer, "times");
	const json_t *consent = json_object_get(signer, "consent");
	const json_t *declined = json_object_get(signer, "declined");
	const char *by =
	    label_of(b, "channel", text_at(signer, "delivery_method"), "none.recorded");

	step_add(s, text_at(times, "sent_at"), label(b, "step.sent"), by);
	step_add(s, text_at(times, "delivered_at"), label(b, "step.delivered"), NULL);
	step_add(s, text_at(times, "opened_at"), label(b, "step.opened"), NULL);
	checks_add(b, s, json_object_get(signer, "checks"));
	step_add(s, text_at(consent, "at"), label(b, "step.consent"), text_at(consent, "version"));
	step_add(s, text_at(times, "signed_at"), label(b, "step.signed"), NULL);
	if (json_is_object(declined))
		step_add(s, text_at(declined, "at"), label(b, "step.declined"), NULL);
	steps_sort(s);
}

static void step_make(struct book *b, const struct step *s, bool is_last)
{
	bool happened = s->at != NULL;
	enum page_style style = happened ? STYLE_VALUE : STYLE_MUTED;

	book_need(b, 27);
	double top = b->y;
	size_t page = b->page_count;
	struct page_op *thread = book_op(b, OP_RULE, LINE_X, top + 6, 0, 0);
	thread->ink = INK_RULE;
	struct page_op *dot = book_op(b, OP_DOT, LINE_X, top + 6, 2.1, 0);
	dot->ink = happened ? INK_ACCENT : INK_SOFT;
	dot->is_hollow = !happened;
	book_line(b, COLUMN_B, top + 0.8, LINE_X - 5 - COLUMN_B, STYLE_LABEL,
	    happened ? book_time(b, s->at) : label(b, "none.happened"));
	book_text_two(
	    b, COLUMN_C, WIDTH_C, style, s->what, happened ? book_keep(b, s->detail) : NULL);
	b->y += 4;
	if (!is_last && b->page_count == page)
		thread->h = b->y - top;
}

static void steps_make(struct book *b, const json_t *signer)
{
	struct steps s = {.count = 0};

	steps_collect(b, &s, signer);
	book_section(b, label(b, "steps.title"), 60);
	for (size_t i = 0; i < s.count; i++)
		step_make(b, &s.items[i], i + 1 == s.count);
}

static void aside_make(struct book *b, const json_t *signature)
{
	const double x = COLUMN_B + FIELD_WIDTH + 12, w = PAGE_RIGHT - x;
	const char *at = book_time(b, text_at(signature, "at"));

	book_text(b, x, w, STYLE_LABEL, label(b, "signature.kind"));
	book_text(b, x, w, STYLE_VALUE,
	    label_of(b, "signature", text_at(signature, "kind"), "none.recorded"));
	b->y += ROW_GAP;
	book_text(b, x, w, STYLE_LABEL, label(b, "signature.at"));
	book_text(b, x, w, STYLE_VALUE, at != NULL ? at : label(b, "none.recorded"));
}

static void field_make(struct book *b, const char *id, const json_t *signature)
{
	const char *kind = text_at(signature, "kind");
	const json_t *strokes = id == NULL ? NULL : json_object_get(b->drawings, id);
	bool is_typed = kind != NULL && strcmp(kind, "typed") == 0;
	const char *text = text_at(signature, "text");
	double top = b->y;

	book_op(b, OP_FRAME, COLUMN_B, top, FIELD_WIDTH, FIELD_HEIGHT)->ink = INK_RULE;
	if (is_typed && text != NULL && strlen(text) <= 4 * LIMIT_TYPED_CHARS) {
		struct page_op *op = book_op(
		    b, OP_FIT, COLUMN_B + 12, top + 16, FIELD_WIDTH - 24, FIELD_HEIGHT - 32);
		op->style = STYLE_SIGNATURE;
		op->ink = INK_ACCENT;
		op->text = book_keep(b, text);
	} else if (json_is_array(strokes) && json_array_size(strokes) > 0) {
		struct page_op *op =
		    book_op(b, OP_STROKES, COLUMN_B, top, FIELD_WIDTH, FIELD_HEIGHT);
		op->ink = INK_ACCENT;
		op->strokes = strokes;
	} else if (!is_typed || text == NULL) {
		b->y = top + 30;
		book_text(
		    b, COLUMN_B + 12, FIELD_WIDTH - 24, STYLE_MUTED, label(b, "signature.kept"));
	}
	b->y = top;
	aside_make(b, signature);
	b->y = top + FIELD_HEIGHT + 8;
	if (is_typed && text != NULL && strlen(text) > 4 * LIMIT_TYPED_CHARS)
		book_text(b, COLUMN_B, WIDTH_BC, STYLE_QUOTE, book_keep(b, text));
}

static void signature_make(struct book *b, const json_t *signer)
{
	const json_t *s = json_object_get(signer, "signature");
	const char *statement = text_at(s, "statement"), *hash = text_at(s, "sha256");

	book_section(b, label(b, "signature.title"), FIELD_HEIGHT + 60);
	if (!json_is_object(s)) {
		book_text(b, COLUMN_B, WIDTH_BC, STYLE_MUTED, label(b, "signature.none"));
		b->y += ROW_GAP;
		return;
	}
	field_make(b, text_at(signer, "id"), s);
	if (statement != NULL) {
		book_text(b, COLUMN_B, WIDTH_BC, STYLE_QUOTE,
		    book_keep(b, arena_format(b->arena, "“%s”", statement)));
		b->y += ROW_GAP + 2;
	} else {
		book_row_or(b, "signature.statement", NULL, "none.recorded");
	}
	book_row(b, label(b, "signature.sha256"), STYLE_HASH,
	    hash != NULL ? book_keep(b, hash) : label(b, "none.recorded"));
}

static void declined_make(struct book *b, const json_t *signer)
{
	const json_t *d = json_object_get(signer, "declined");

	if (!json_is_object(d))
		return;
	book_section(b, label(b, "declined.title"), 34);
	book_row_or(b, "declined.at", book_time(b, text_at(d, "at")), "none.recorded");
	book_row_or(b, "declined.reason", text_at(d, "reason"), "none.given");
}

static void person_make(struct book *b, const json_t *s)
{
	const json_t *order = json_object_get(s, "order");
	const char *birth = text_at(s, "birthdate");

	book_section(b, label(b, "person.title"), 60);
	book_row_or(b, "person.cpf", text_at(s, "cpf"), "none.given");
	book_row_or(b, "person.email", text_at(s, "email"), "none.given");
	book_row_or(b, "person.phone", text_at(s, "phone"), "none.given");
	book_row_or(b, "person.birthdate",
	    birth == NULL ? NULL : label_of(b, "birthdate", birth, "none.given"), "none.given");
	if (text_at(s, "role") != NULL)
		book_row_or(b, "person.role", text_at(s, "role"), "none.given");
	if (json_is_integer(order))
		book_row(b, label(b, "person.order"), STYLE_VALUE,
		    book_number(b, number_at(s, "order"), false));
	book_row_or(b, "person.delivery",
	    label_of(b, "channel", text_at(s, "delivery_method"), "none.recorded"),
	    "none.recorded");
	book_row(b, label(b, "person.identity"), STYLE_MUTED,
	    label(b, json_is_object(json_object_get(s, "identity")) ? "identity.some"
								    : "identity.none"));
	book_row_or(b, "person.id", text_at(s, "id"), "none.recorded");
}

static void consent_make(struct book *b, const json_t *signer)
{
	const json_t *c = json_object_get(signer, "consent");
	const char *hash = text_at(c, "sha256");

	book_section(b, label(b, "consent.title"), 30);
	if (!json_is_object(c)) {
		book_text(b, COLUMN_B, WIDTH_BC, STYLE_MUTED, label(b, "none.happened"));
		b->y += ROW_GAP;
		return;
	}
	book_row_or(b, "consent.version", text_at(c, "version"), "none.recorded");
	book_row(b, label(b, "consent.sha256"), STYLE_HASH,
	    hash != NULL ? book_keep(b, hash) : label(b, "none.recorded"));
	book_row_or(b, "consent.language", text_at(c, "language"), "none.recorded");
}

static const char *text_or(const json_t *object, const char *name, const char *otherwise)
{
	const char *text = text_at(object, name);

	return text != NULL ? text : otherwise;
}

static void network_make(struct book *b, const json_t *signer)
{
	const json_t *n = json_object_get(signer, "network");
	const json_t *d = json_object_get(signer, "device");
	const char *none = label(b, "none.recorded");

	book_section(b, label(b, "network.title"), 60);
	book_row_or(b, "network.ip", text_at(n, "ip"), "none.recorded");
	book_row_or(b, "network.forwarded", text_at(n, "forwarded"), "none.recorded");
	book_row_or(b, "network.user_agent", text_at(n, "user_agent"), "none.recorded");
	book_row_or(b, "network.device",
	    json_is_object(d)
		? label_fill(b, "network.device_of", "screen", text_or(d, "screen", none),
		      "language", text_or(d, "language", none), "zone",
		      text_or(d, "time_zone", none), NULL)
		: NULL,
	    "none.recorded");
	book_row_or(b, "network.location", text_at(d, "location"), "none.given");
}

static void signer_make(struct book *b, const json_t *s, size_t at, size_t count)
{
	const char *name = text_at(s, "name");
	const char *status = label_of(b, "status", text_at(s, "status"), "none.recorded");
	const char *when = book_time(b, text_at(json_object_get(s, "times"), "signed_at"));
	const char *position =
	    label_fill(b, "signers.of", "at", book_number(b, (json_int_t)at + 1, false), "count",
		book_number(b, (json_int_t)count, false), NULL);

	b->heading = position;
	book_page(b);
	b->heading = label_fill(b, "continued", "what", position, NULL);
	book_text(b, PAGE_LEFT, WIDTH_ALL, STYLE_NAME,
	    name != NULL ? book_keep(b, name) : label(b, "none.given"));
	b->y += 3;
	book_text(b, PAGE_LEFT, WIDTH_ALL, STYLE_ACCENT, book_keep(b, status));
	if (when != NULL)
		book_text(b, PAGE_LEFT, WIDTH_ALL, STYLE_LABEL, when);
	signature_make(b, s);
	declined_make(b, s);
	person_make(b, s);
	steps_make(b, s);
	consent_make(b, s);
	network_make(b, s);
}

void signers_make(struct book *b)
{
	const json_t *list = json_object_get(b->evidence, "signers");
	size_t i, count = json_array_size(list);
	json_t *s;

	json_array_foreach(list, i, s) signer_make(b, s, i, count);
}
