/*
 * Header lines and URLs, as far as signatures need them.
 */
#include "lib/own.h"

#include <string.h>

static void lower(uint8_t *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (uint8_t)(p[i] + 32);
}

static struct span copy(struct arena *a, struct span s)
{
	char *p = span_dup(a, s);

	return span_of(p, p != NULL ? s.size : 0);
}

void fields_add(
    struct fields *f, struct arena *a, struct said *s, struct span name, struct span value)
{
	struct message_header *h = &f->items[f->count];

	if (f->count == FIELDS_MAX) {
		say(s, CHG_ERR_FORM, "more than %d header lines", FIELDS_MAX);
		return;
	}
	h->name = copy(a, name);
	h->value = copy(a, span_trim(value));
	if (h->name.data == NULL || h->value.data == NULL) {
		say(s, CHG_ERR_MEMORY, "the header lines are too long, or memory ran out");
		return;
	}
	lower((uint8_t *)h->name.data, h->name.size);
	f->count++;
}

void fields_add_line(struct fields *f, struct arena *a, struct said *s, struct span line)
{
	struct span rest = span_trim(line);
	const uint8_t *colon = rest.size > 0 ? memchr(rest.data, ':', rest.size) : NULL;

	if (colon == NULL || colon == rest.data ||
	    memchr(rest.data, ' ', (size_t)(colon - rest.data)))
		return;
	struct span name = span_cut(&rest, ':');
	fields_add(f, a, s, name, rest);
}

bool fields_find(const struct fields *f, const char *name, struct span *value, struct said *s)
{
	size_t found = 0;

	for (size_t i = 0; i < f->count; i++) {
		if (!span_equal_nocase(f->items[i].name, name))
			continue;
		*value = f->items[i].value;
		found++;
	}
	if (found > 1)
		say(s, CHG_ERR_FORM, "the header %s is there %zu times", name, found);
	return found == 1;
}

bool fields_has(const struct fields *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (span_equal_nocase(f->items[i].name, name))
			return true;
	return false;
}

static struct span authority_of(struct span raw, struct span scheme, struct arena *a)
{
	const char *port =
	    span_equal_str(scheme, "https") || span_equal_str(scheme, "wss") ? ":443" : ":80";
	struct span s = copy(a, raw);
	size_t size = strlen(port);

	lower((uint8_t *)s.data, s.size);
	if (s.size > size && memcmp(s.data + s.size - size, port, size) == 0)
		s.size -= size;
	return s;
}

static bool is_clean(struct span url)
{
	for (size_t i = 0; i < url.size; i++)
		if (url.data[i] <= ' ' || url.data[i] == 0x7f || url.data[i] == '#')
			return false;
	return true;
}

/* "/" when the URL ends behind its authority (RFC 9421 §2.2.6). */
static struct span path_of(struct span rest, struct arena *a)
{
	char *p;

	if (rest.size > 0 && rest.data[0] == '/')
		return copy(a, rest);
	p = arena_format(a, "/%.*s", (int)rest.size, (const char *)rest.data);
	return span_str(p);
}

enum chg_status target_read(const char *url, struct arena *a, struct target *out, struct said *s)
{
	struct span rest = span_str(url);
	const uint8_t *mark = memmem(rest.data, rest.size, "://", 3);
	size_t size = 0;

	if (mark == NULL || mark == rest.data || !is_clean(rest))
		return say(s, CHG_ERR_ARGUMENT,
		    "a full URL is needed, without spaces and fragment: https://host/path?query");
	out->url = rest;
	out->scheme = span_of(rest.data, (size_t)(mark - rest.data));
	rest = span_of(mark + 3, rest.size - out->scheme.size - 3);
	while (size < rest.size && rest.data[size] != '/' && rest.data[size] != '?')
		size++;
	if (size == 0 || memchr(rest.data, '@', size) != NULL)
		return say(s, CHG_ERR_ARGUMENT, "the URL must name a host, without a user");
	out->authority = authority_of(span_of(rest.data, size), out->scheme, a);
	out->path = path_of(span_of(rest.data + size, rest.size - size), a);
	if (out->authority.data == NULL || out->path.size == 0)
		return say(s, CHG_ERR_MEMORY, "memory ran out");
	return CHG_OK;
}
