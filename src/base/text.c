/*
 * Text from people. Everything here judges or masks; nothing guesses or repairs.
 */
#include "base/text.h"

#include <string.h>

/* Strict UTF-8: RFC 3629 §4. */
int32_t text_point(struct span s, size_t *at)
{
	uint8_t c = s.data[*at];
	size_t extra = c < 0x80                 ? 0
		       : c >= 0xc2 && c <= 0xdf ? 1
		       : (c & 0xf0) == 0xe0     ? 2
		       : c >= 0xf0 && c <= 0xf4 ? 3
						: 9;
	if (extra == 9 || *at + extra >= s.size)
		return -1;
	int32_t v = extra == 0 ? c : c & (0x3f >> extra);
	for (size_t i = 1; i <= extra; i++) {
		if ((s.data[*at + i] & 0xc0) != 0x80)
			return -1;
		v = v << 6 | (s.data[*at + i] & 0x3f);
	}
	static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
	if (v < least[extra] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return -1;
	*at += extra + 1;
	return v;
}

bool text_is_utf8(struct span s)
{
	for (size_t at = 0; at < s.size;)
		if (text_point(s, &at) < 0)
			return false;
	return true;
}

/* Bidirectional overrides and isolates (UAX #9) can make a name read as another. */
static bool is_forbidden(int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe;
}

bool text_is_clean(struct span s)
{
	for (size_t at = 0; at < s.size;) {
		int32_t c = text_point(s, &at);
		if (c < 0 || is_forbidden(c))
			return false;
	}
	return true;
}

size_t text_length(struct span s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.size; i++)
		n += (s.data[i] & 0xc0) != 0x80;
	return n;
}

bool text_is_id(struct span s)
{
	return s.size >= 1 && s.size <= 64 && !span_equal_str(s, ".") && !span_equal_str(s, "..") &&
	       span_is_plain(s, "._-");
}

static bool is_email_local(struct span s)
{
	return s.size > 0 && s.size <= 64 && span_is_plain(s, ".!#$%&'*+/=?^_`{|}~-");
}

static bool is_label(struct span s)
{
	return s.size > 0 && s.size <= 63 && s.data[0] != '-' && s.data[s.size - 1] != '-' &&
	       span_is_plain(s, "-");
}

bool text_is_email(struct span s)
{
	struct span domain = s, local = span_cut(&domain, '@');
	if (s.size > 254 || local.size == s.size || domain.size == 0 || !is_email_local(local))
		return false;
	size_t labels = 0;
	if (domain.data[domain.size - 1] == '.')
		return false;
	for (; domain.size > 0; labels++)
		if (!is_label(span_cut(&domain, '.')))
			return false;
	return labels >= 2;
}

static int check_digit(const char *digits, int count)
{
	int sum = 0;
	for (int i = 0; i < count; i++)
		sum += (digits[i] - '0') * (count + 1 - i);
	int rest = sum % 11;
	return rest < 2 ? 0 : 11 - rest;
}

/* "000.000.000-00" or eleven digits; nothing between. */
static enum err cpf_digits(struct span in, char out[CPF_SIZE])
{
	size_t n = 0;
	ENSURE(in.size == 11 || in.size == 14, ERR_CPF);
	for (size_t i = 0; i < in.size; i++) {
		char c = (char)in.data[i], want = i == 3 || i == 7 ? '.' : i == 11 ? '-' : 0;
		if (in.size == 14 && want != 0) {
			ENSURE(c == want, ERR_CPF);
			continue;
		}
		ENSURE(c >= '0' && c <= '9', ERR_CPF);
		out[n++] = c;
	}
	out[n] = 0;
	return OK;
}

enum err cpf_parse(struct span in, char out[CPF_SIZE], bool *repeated)
{
	TRY(cpf_digits(in, out));
	ENSURE(
	    check_digit(out, 9) == out[9] - '0' && check_digit(out, 10) == out[10] - '0', ERR_CPF);
	*repeated = strspn(out, (char[]){out[0], 0}) == 11;
	return OK;
}

void cpf_mask(const char *cpf, char out[15])
{
	memcpy(out, "***.***.***-**", 15);
	if (strlen(cpf) != 11)
		return;
	memcpy(out + 4, cpf + 3, 3);
	memcpy(out + 8, cpf + 6, 3);
}

static void put_first(struct buf *out, struct span s)
{
	buf_put(out, s.data, s.size > 0 ? 1 : 0);
	buf_put_str(out, "***");
}

void email_mask(const char *email, struct buf *out)
{
	struct span domain = span_str(email), local = span_cut(&domain, '@');
	struct span top = domain, first = span_cut(&top, '.');
	put_first(out, local);
	buf_put_byte(out, '@');
	put_first(out, first);
	buf_put_byte(out, '.');
	buf_put_span(out, top);
}

void phone_mask(const char *dial, const char *area, const char *number, struct buf *out)
{
	size_t n = strlen(number), shown = n > 4 ? 4 : 0;
	buf_format(out, "+%s %s ", dial, area);
	for (size_t i = 0; i < n - shown; i++)
		buf_put_byte(out, '*');
	buf_format(out, "-%s", number + n - shown);
}

struct span text_placeholder(struct span s)
{
	if (s.size == 0 || s.data[0] != '{')
		return SPAN_EMPTY;
	for (size_t i = 1; i < s.size; i++) {
		uint8_t c = s.data[i];
		if (c == '}' && i > 1)
			return span_of(s.data + 1, i - 1);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
			break;
	}
	return SPAN_EMPTY;
}
