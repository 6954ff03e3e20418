/*
 * See the header. Beginnings shorter than three letters are left out: so few are possible that
 * their numbers would give them away.
 */
#include "api/words.h"

#include "base/limits.h"
#include "base/text.h"

#include <string.h>

#define FOLDED_MAX (16 * LIMIT_KB)

static enum err word_hash(const struct app *app, const struct company_scope *scope,
    const char *kind, struct span text, struct word_hash *out)
{
	uint8_t mac[SHA256_SIZE];
	CLEANUP(buf_free) struct buf b = {0};

	buf_init(&b, FOLDED_MAX);
	buf_format(&b, "%s %lld %d ", kind, (long long)scope->organisation, scope->environment);
	buf_put_span(&b, text);
	TRY(buf_done(&b));
	TRY(hmac_sha256(span_of(app->index_key, KEY_SIZE), buf_span(&b), mac));
	memcpy(out->bytes, mac, WORD_HASH_SIZE);
	return OK;
}

enum err word_of_whole(const struct app *app, const struct company_scope *scope, struct span text,
    struct word_hash *out)
{
	return word_hash(app, scope, "whole", text, out);
}

/* Hashes of each beginning that counts; of a short word, of itself. */
static enum err add_word(
    const struct app *app, const struct company_scope *scope, struct span word, struct words *out)
{
	size_t letters = 0;

	for (size_t at = 0; at < word.size && letters < LIMIT_WORD_LETTERS;) {
		ENSURE(text_point(word, &at) >= 0, ERR_TEXT);
		letters++;
		if (letters < LIMIT_WORD_START && at < word.size)
			continue;
		TRY(word_hash(app, scope, "word", span_of(word.data, at), &out->items[out->count]));
		out->count++;
	}
	return OK;
}

enum err words_of_name(const struct app *app, const struct company_scope *scope,
    const char *const *texts, struct arena *arena, struct words *out)
{
	CLEANUP(buf_free) struct buf folded = {0};

	buf_init(&folded, FOLDED_MAX);
	for (; *texts != NULL; texts++)
		text_fold(span_str(*texts), &folded);
	TRY(buf_done(&folded));
	out->count = 0;
	out->items = arena_alloc(arena, (folded.size + 1) * sizeof(*out->items));
	ENSURE(out->items != NULL, ERR_MEMORY);
	for (struct span rest = buf_span(&folded); rest.size > 0;)
		TRY(add_word(app, scope, span_cut(&rest, ' '), out));
	return OK;
}

static struct span word_start(struct span word)
{
	size_t at = 0;

	for (size_t n = 0; n < LIMIT_WORD_LETTERS && at < word.size; n++)
		if (text_point(word, &at) < 0)
			break;
	return span_of(word.data, at);
}

enum err words_of_query(const struct app *app, struct span query, struct company_search *search)
{
	CLEANUP(buf_free) struct buf folded = {0};
	size_t longest = 0;

	buf_init(&folded, FOLDED_MAX);
	text_fold(query, &folded);
	TRY(buf_done(&folded));
	for (struct span rest = buf_span(&folded); rest.size > 0;) {
		struct span word = span_cut(&rest, ' ');
		size_t at = search->word_count;

		ENSURE(at < COMPANY_QUERY_WORDS, ERR_TOO_MANY);
		if (word.size > longest && at > 0) {
			longest = word.size;
			search->words[at] = search->words[0];
			at = 0;
		}
		longest = word.size > longest ? word.size : longest;
		TRY(word_hash(app, &search->scope, "word", word_start(word), &search->words[at]));
		search->word_count++;
	}
	return OK;
}
