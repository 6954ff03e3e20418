/*
 * Letters: what the platform writes to people, as e-mail (subject, text, HTML) and as a short
 * message. The words are files in templates/, one folder a language, so a translator needs no C.
 * The first line of a .txt is the e-mail's subject.
 */
#include "courier/courier.h"

#include "base/embedded.h"
#include "base/limits.h"

#include <stdio.h>
#include <strings.h>

#define VALUES_MAX 12
#define BRIEF_NAME_CHARS 40 /* so that a short message stays one */

extern const struct embedded courier_templates[];
extern const size_t courier_templates_count;

struct value_list {
	struct template_value items[VALUES_MAX];
	size_t count;
	struct buf organisation, subject; /* shortened */
};

const char *letter_kind_name(enum letter_kind kind)
{
	switch (kind) {
	case LETTER_INVITE: return "invite";
	case LETTER_CODE: return "code";
	case LETTER_COMPLETED: return "completed";
	case LETTER_INCIDENT: return "incident";
	}
	return "";
}

const char *letter_language(const char *language)
{
	if (language != NULL && strncasecmp(language, "en", 2) == 0)
		return "en";
	if (language != NULL && strncasecmp(language, "es", 2) == 0)
		return "es";
	return "pt-BR";
}

void letter_init(struct letter *l)
{
	buf_init(&l->subject, 4 * LIMIT_KB);
	buf_init(&l->text, 64 * LIMIT_KB);
	buf_init(&l->html, 128 * LIMIT_KB);
	buf_init(&l->brief, 4 * LIMIT_KB);
}

void letter_free(struct letter *l)
{
	buf_free(&l->subject);
	buf_free(&l->text);
	buf_free(&l->html);
	buf_free(&l->brief);
}

static void value_add(struct value_list *list, const char *name, struct span value)
{
	list->items[list->count++] = (struct template_value){.name = name, .value = value};
}

static void values_collect(struct value_list *list, const struct letter_values *v,
    struct span organisation, struct span subject)
{
	list->count = 0;
	value_add(list, "organisation", organisation);
	value_add(list, "subject", subject);
	value_add(list, "name", span_str(v->name));
	value_add(list, "link", span_str(v->link));
	value_add(list, "until", span_str(v->until));
	value_add(list, "code", span_str(v->code));
	value_add(list, "support_email", span_str(v->support_email));
	value_add(list, "sandbox", span_str(v->is_sandbox ? "SANDBOX" : NULL));
}

static enum err template_find(
    const char *language, const char *kind, const char *form, struct span *out)
{
	char name[64];

	snprintf(name, sizeof(name), "%s/%s.%s", language, kind, form);
	const struct embedded *e = embedded_find(courier_templates, courier_templates_count, name);
	ENSURE(e != NULL, ERR_INTERNAL);
	*out = span_of(e->data, e->size);
	return OK;
}

static enum err write_text(
    const char *language, const char *kind, const struct value_list *values, struct letter *out)
{
	struct span template;

	TRY(template_find(language, kind, "txt", &template));
	struct span subject = span_cut(&template, '\n');
	TRY(template_fill(subject, values->items, values->count, false, &out->subject));
	return template_fill(span_trim(template), values->items, values->count, false, &out->text);
}

static enum err write_html(
    const char *language, const char *kind, const struct value_list *values, struct letter *out)
{
	const struct embedded *layout =
	    embedded_find(courier_templates, courier_templates_count, "layout.html");
	struct span template;
	struct buf content;
	ENSURE(layout != NULL, ERR_INTERNAL);

	TRY(template_find(language, kind, "html", &template));
	buf_init(&content, 64 * LIMIT_KB);
	enum err e = template_fill(template, values->items, values->count, true, &content);
	struct template_value frame[] = {
	    {"language", span_str(language), false},
	    {"title", buf_span(&out->subject), false},
	    {"content", buf_span(&content), true},
	};
	if (e == OK)
		e = template_fill(span_of(layout->data, layout->size), frame, 3, true, &out->html);
	buf_free(&content);
	return e;
}

/* At most BRIEF_NAME_CHARS code points; three dots tell of the rest. */
static void shorten(struct buf *out, const char *text)
{
	struct span s = span_str(text);
	size_t chars = 0, at = 0;

	while (at < s.size && chars < BRIEF_NAME_CHARS) {
		at++;
		while (at < s.size && (s.data[at] & 0xc0) == 0x80)
			at++;
		chars++;
	}
	buf_init(out, LIMIT_KB);
	buf_put(out, s.data, at);
	if (at < s.size)
		buf_put_str(out, "...");
}

static enum err write_brief(
    const char *language, const char *kind, const struct letter_values *v, struct letter *out)
{
	struct value_list list;
	struct span template;

	TRY(template_find(language, kind, "brief", &template));
	shorten(&list.organisation, v->organisation);
	shorten(&list.subject, v->subject);
	values_collect(&list, v, buf_span(&list.organisation), buf_span(&list.subject));
	enum err e = template_fill(span_trim(template), list.items, list.count, false, &out->brief);
	buf_free(&list.organisation);
	buf_free(&list.subject);
	return e;
}

enum err letter_write(enum letter_kind kind, const char *language,
    const struct letter_values *values, struct letter *out)
{
	const char *known = letter_language(language), *name = letter_kind_name(kind);
	struct value_list list;

	values_collect(&list, values, span_str(values->organisation), span_str(values->subject));
	TRY(write_text(known, name, &list, out));
	TRY(write_html(known, name, &list, out));
	return write_brief(known, name, values, out);
}
