/*
 * Does every letter exist in every language, say what it must, and escape what people wrote?
 */
#include "base/text.h"
#include "courier/courier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *const languages[] = {"pt-BR", "en", "es"};

static struct letter_values values(void)
{
	return (struct letter_values){
	    .organisation = "Banco <Azul> & Filhos",
	    .name = "Ana \"Flor\"",
	    .subject = "Contrato nº 1 <script>",
	    .link = "https://sign.example.com/s/AbCdEfGhIjKlMnOpQrStUv",
	    .until = "2026-12-01 23:59",
	    .code = "012345",
	    .support_email = "help@example.com",
	};
}

static bool has(const struct buf *b, const char *needle)
{
	return memmem(b->data, b->size, needle, strlen(needle)) != NULL;
}

static void check_letter(enum letter_kind kind, const char *language)
{
	struct letter_values v = values();
	struct letter l;

	letter_init(&l);
	assert_int_equal(letter_write(kind, language, &v, &l), OK);
	assert_true(has(&l.subject, v.subject));
	assert_true(has(&l.text, v.organisation) && has(&l.text, v.support_email));
	assert_true(has(&l.html, "Banco &lt;Azul&gt; &amp; Filhos"));
	assert_true(has(&l.html, "Contrato nº 1 &lt;script&gt;") && !has(&l.html, "<script"));
	assert_true(has(&l.html, "mailto:help@example.com") && has(&l.html, language));
	assert_false(has(&l.html, "<img") || has(&l.text, "SANDBOX"));
	const char *vital = kind == LETTER_CODE ? v.code : v.link;
	assert_true(has(&l.text, vital) && has(&l.html, vital) && has(&l.brief, vital));
	assert_true(kind != LETTER_CODE || !has(&l.subject, v.code));
	assert_true(kind != LETTER_INVITE || has(&l.text, v.until));
	assert_true(text_length(buf_span(&l.brief)) <= 160);
	assert_true(text_is_clean(buf_span(&l.brief)) && text_is_clean(buf_span(&l.subject)));
	letter_free(&l);
}

static void test_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (enum letter_kind kind = LETTER_INVITE; kind <= LETTER_COMPLETED; kind++)
			check_letter(kind, languages[i]);
	}
}

static void test_optional_sentences(void **state)
{
	struct letter_values v = values();
	struct letter l;

	(void)state;
	v.support_email = v.name = v.until = NULL;
	v.is_sandbox = true;
	letter_init(&l);
	assert_int_equal(letter_write(LETTER_INVITE, "en", &v, &l), OK);
	assert_false(has(&l.text, "Questions?") || has(&l.html, "mailto:"));
	assert_false(has(&l.text, "Hello") || has(&l.text, "until"));
	assert_true(has(&l.text, "SANDBOX:") && has(&l.html, "SANDBOX:"));
	letter_free(&l);
}

static void test_long_subject_is_shortened_in_brief_only(void **state)
{
	struct letter_values v = values();
	struct letter l;
	char subject[601];

	(void)state;
	memset(subject, 0, sizeof(subject));
	for (size_t i = 0; i < 200; i++)
		memcpy(subject + 3 * i, "契", 3);
	v.subject = subject;
	letter_init(&l);
	assert_int_equal(letter_write(LETTER_INVITE, "pt-BR", &v, &l), OK);
	assert_true(has(&l.subject, subject) && !has(&l.brief, subject) && has(&l.brief, "契..."));
	assert_true(text_is_utf8(buf_span(&l.brief)));
	letter_free(&l);
}

static void test_language(void **state)
{
	(void)state;
	assert_string_equal(letter_language("en-GB"), "en");
	assert_string_equal(letter_language("es"), "es");
	assert_string_equal(letter_language("pt"), "pt-BR");
	assert_string_equal(letter_language("ja"), "pt-BR");
	assert_string_equal(letter_language(NULL), "pt-BR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all),
	    cmocka_unit_test(test_optional_sentences),
	    cmocka_unit_test(test_long_subject_is_shortened_in_brief_only),
	    cmocka_unit_test(test_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
