/*
 * Search without clear text: a name's words, and their beginnings of LIMIT_WORD_START letters and
 * more, become keyed hashes, other ones in each organisation and environment. A query's word is
 * found when it begins a word of the name; case and accents do not count, nor do letters after the
 * LIMIT_WORD_LETTERSth.
 */
#ifndef CHIROGRAPH_API_WORDS_H
#define CHIROGRAPH_API_WORDS_H

#include "api/app.h"
#include "store/companies.h"

struct words {
	struct word_hash *items; /* arena */
	size_t count;
};

/* Of a name to be found; adds to *out, whose items are NULL at first. texts: NULL ended. */
enum err CHECKED words_of_name(const struct app *app, const struct company_scope *scope,
    const char *const *texts, struct arena *arena, struct words *out);
/* Of a query: search->words, the longest first. ERR_TOO_MANY. */
enum err CHECKED words_of_query(
    const struct app *app, struct span query, struct company_search *search);
/* Of a text that is found as a whole only. */
enum err CHECKED word_of_whole(const struct app *app, const struct company_scope *scope,
    struct span text, struct word_hash *out);

#endif
