/*
 * Text from people: what passes keeps its promise wherever it travels (a mail header, a page,
 * a file of evidence).
 */
#include "base/clock.h"
#include "base/text.h"
#include "fuzz.h"

#include <string.h>

static void check_text(struct span in)
{
	if (!text_is_utf8(in))
		promise(!text_is_clean(in));
	else
		promise(text_length(in) <= in.size);
	if (!text_is_clean(in))
		return;
	for (size_t i = 0; i < in.size; i++)
		promise(in.data[i] >= 0x20 && in.data[i] != 0x7f);
}

static void check_email(struct span in)
{
	if (!text_is_email(in))
		return;
	char address[256];
	struct buf masked;
	promise(in.size <= 254 && memchr(in.data, '@', in.size) != NULL);
	for (size_t i = 0; i < in.size; i++)
		promise(in.data[i] > 0x20 && in.data[i] < 0x7f &&
			strchr("<>,;:\"\\", in.data[i]) == NULL);
	memcpy(address, in.data, in.size);
	address[in.size] = 0;
	buf_init(&masked, 1024);
	email_mask(address, &masked);
	promise(buf_done(&masked) == OK);
	buf_free(&masked);
}

static void check_cpf(struct span in)
{
	char cpf[CPF_SIZE], again[CPF_SIZE], masked[15];
	bool repeated;
	if (cpf_parse(in, cpf, &repeated) != OK)
		return;
	promise(strlen(cpf) == 11 && strspn(cpf, "0123456789") == 11);
	promise(cpf_parse(span_str(cpf), again, &repeated) == OK && strcmp(cpf, again) == 0);
	cpf_mask(cpf, masked);
	promise(strlen(masked) == 14);
}

static void check_time(struct span in)
{
	struct date d;
	int64_t t = 0, again = 0;
	char text[CLOCK_TEXT_SIZE];
	if (date_parse(in, &d) == OK)
		promise(d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= 31);
	if (clock_parse(in, &t) != OK)
		return;
	clock_format_ms(t, text);
	promise(clock_parse(span_str(text), &again) == OK && again == t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	check_text(in);
	check_email(in);
	check_cpf(in);
	check_time(in);
	if (text_is_id(in))
		promise(size >= 1 && size <= 64 && memchr(data, '/', size) == NULL);
	return 0;
}
