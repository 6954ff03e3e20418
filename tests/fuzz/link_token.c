/*
 * Tokens of the links to files: what opens is exactly what was made with our key. The target
 * makes a link, changes its token as the input says, and opens it.
 */
#include "api/links.h"
#include "fuzz.h"

#include <string.h>

static struct app app = {.base_url = "", .file_key = {1, 2, 3}};

static void open_text(struct span token, const char *made)
{
	struct link out;
	if (link_open(&app, token, 0, &out) != OK)
		return;
	struct span head = span_cut(&token, '.');
	promise(span_starts(head, "") && head.size == strlen(made) - 4);
	promise(span_equal(head, span_of(made, head.size)));
	promise(out.kind == LINK_DOSSIER && out.organisation == 7 && out.envelope == 8 &&
		out.item == 9 && out.expires_at == 10);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct link link = {LINK_DOSSIER, 7, 8, 9, 10};
	struct arena *arena CLEANUP(arena_freep) = arena_new(4096);
	const char *url = link_make(&app, &link, arena);
	struct link out;
	promise(url != NULL);
	const char *made = url + 3; /* after /f/ */
	char *changed = arena_string(arena, made, strlen(made));

	promise(link_open(&app, span_str(made), 9, &out) == OK);
	promise(link_open(&app, span_str(made), 10, &out) == ERR_NOT_FOUND);
	open_text(span_of(data, size), made);
	for (size_t i = 0; i + 1 < size && i < 16; i += 2)
		changed[data[i] % strlen(made)] ^= (char)data[i + 1];
	open_text(span_of(changed, strlen(made)), made);
	return 0;
}
