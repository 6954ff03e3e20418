/*
 * The event log: every event, with the hash before it and its own, so that the chain can be
 * followed by eye. Rows are of one height and nothing is measured, which keeps thousands of
 * them cheap.
 */
#include "pdf/page_book.h"

#include <string.h>

#define ROW_HEIGHT 25.0
#define COLUMN_TIME (PAGE_LEFT + 34)
#define COLUMN_EVENT (COLUMN_TIME + 116)
#define COLUMN_WHO (COLUMN_EVENT + 140)
#define PREVIOUS_SHOWN 12

static const char *signer_name(struct book *b, const char *id)
{
	const json_t *list = json_object_get(b->evidence, "signers");
	size_t i;
	json_t *s;

	json_array_foreach(list, i, s)
	{
		const char *one = text_at(s, "id");
		if (id != NULL && one != NULL && strcmp(one, id) == 0)
			return text_at(s, "name");
	}
	return id;
}

static const char *chain_text(struct book *b, const json_t *event)
{
	const char *hash = text_at(event, "hash"), *previous = text_at(event, "previous");

	return book_keep(b, arena_format(b->arena, "%.*s… → %s", PREVIOUS_SHOWN,
				previous != NULL ? previous : "—", hash != NULL ? hash : "—"));
}

static void event_make(struct book *b, const json_t *event)
{
	const char *at = book_time(b, text_at(event, "at"));
	const char *who = signer_name(b, text_at(event, "signer"));

	book_need(b, ROW_HEIGHT);
	double y = b->y;
	book_rule(b, PAGE_LEFT, y, WIDTH_ALL);
	book_line(b, PAGE_LEFT, y + 3.6, 32, STYLE_LABEL,
	    book_number(b, number_at(event, "sequence"), false));
	book_line(b, COLUMN_TIME, y + 3.6, 114, STYLE_LABEL, at != NULL ? at : "—");
	book_line(b, COLUMN_EVENT, y + 2.6, 136, STYLE_VALUE,
	    book_keep(b, label_of(b, "event", text_at(event, "kind"), "none.recorded")));
	if (who != NULL)
		book_line(b, COLUMN_WHO, y + 3.6, PAGE_RIGHT - COLUMN_WHO, STYLE_LABEL,
		    book_keep(b, who));
	book_line(
	    b, COLUMN_TIME, y + 14.4, PAGE_RIGHT - COLUMN_TIME, STYLE_HASH, chain_text(b, event));
	b->y += ROW_HEIGHT;
}

static void tree_make(struct book *b, const json_t *log)
{
	const json_t *index = json_object_get(log, "log_index");
	const char *root = text_at(log, "root");

	if (json_is_integer(index))
		book_text(b, PAGE_LEFT, WIDTH_ALL, STYLE_VALUE,
		    label_fill(b, "log.index", "index",
			book_number(b, number_at(log, "log_index"), false), NULL));
	if (root == NULL)
		return;
	book_text(b, PAGE_LEFT, WIDTH_ALL, STYLE_LABEL,
	    label_fill(
		b, "log.tree", "size", book_number(b, number_at(log, "tree_size"), false), NULL));
	book_text(b, PAGE_LEFT, WIDTH_ALL, STYLE_HASH, book_keep(b, root));
}

void log_make(struct book *b)
{
	const json_t *log = json_object_get(b->evidence, "log");
	const json_t *events = json_object_get(log, "events");
	size_t i;
	json_t *event;

	b->heading = label(b, "log.title");
	book_page(b);
	b->heading = label_fill(b, "continued", "what", label(b, "log.title"), NULL);
	book_text(b, PAGE_LEFT, WIDTH_ALL, STYLE_NAME, label(b, "log.title"));
	b->y += 3;
	book_text(b, PAGE_LEFT, WIDTH_ALL, STYLE_LABEL, label(b, "log.intro"));
	b->y += 4;
	tree_make(b, log);
	b->y += 8;
	if (json_array_size(events) == 0)
		book_text(b, PAGE_LEFT, WIDTH_ALL, STYLE_MUTED, label(b, "log.empty"));
	json_array_foreach(events, i, event) event_make(b, event);
}
