/*
 * Filling templates. Values are escaped by default when the template is HTML; a placeholder is
 * exactly {letters_and_digits}, so the braces of a style sheet stay what they are. A line that
 * names an empty value is left out whole.
 */
#include "courier/courier.h"

#include "base/text.h"

static void put_escaped(struct buf *out, struct span value)
{
	for (size_t i = 0; i < value.size; i++) {
		switch (value.data[i]) {
		case '&': buf_put_str(out, "&amp;"); break;
		case '<': buf_put_str(out, "&lt;"); break;
		case '>': buf_put_str(out, "&gt;"); break;
		case '"': buf_put_str(out, "&quot;"); break;
		case '\'': buf_put_str(out, "&#39;"); break;
		default: buf_put_byte(out, value.data[i]);
		}
	}
}

/* In text: a value stays on its line, so it cannot pretend to be the message's own sentence. */
static void put_line(struct buf *out, struct span value)
{
	for (size_t i = 0; i < value.size; i++) {
		bool is_break = value.data[i] == '\r' || value.data[i] == '\n';
		buf_put_byte(out, is_break ? ' ' : value.data[i]);
	}
}

static const struct template_value *value_find(
    const struct template_value *values, size_t count, struct span name)
{
	for (size_t i = 0; i < count; i++) {
		if (span_equal_str(name, values[i].name))
			return &values[i];
	}
	return NULL;
}

static void put_value(struct buf *out, const struct template_value *v, bool is_html)
{
	if (v->is_markup)
		buf_put_span(out, v->value);
	else if (is_html)
		put_escaped(out, v->value);
	else
		put_line(out, v->value);
}

static enum err fill_line(struct span line, const struct template_value *values, size_t count,
    bool is_html, struct buf *out)
{
	size_t start = out->size;

	for (size_t i = 0; i < line.size; i++) {
		struct span name = SPAN_EMPTY;
		if (line.data[i] == '{')
			name = text_placeholder(span_of(line.data + i, line.size - i));
		if (name.size == 0) {
			buf_put_byte(out, line.data[i]);
			continue;
		}
		const struct template_value *v = value_find(values, count, name);
		ENSURE(v != NULL, ERR_INTERNAL);
		if (v->value.size == 0) {
			out->size = start;
			return OK;
		}
		put_value(out, v, is_html);
		i += name.size + 1;
	}
	return OK;
}

enum err template_fill(struct span template, const struct template_value *values, size_t count,
    bool is_html, struct buf *out)
{
	size_t at = 0;

	while (at < template.size) {
		size_t end = at;
		while (end < template.size && template.data[end] != '\n')
			end++;
		end += end < template.size;
		TRY(fill_line(span_of(template.data + at, end - at), values, count, is_html, out));
		at = end;
	}
	return buf_done(out);
}
