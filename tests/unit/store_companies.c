/*
 * Do companies keep to their organisation and environment, does a search take every word and page
 * without loss, is a party in a company once and only so often, and does time end an upload for
 * its finder, its sweep and the sweep of the blobs alike?
 */
#include "store_pair.h"

#include "base/limits.h"
#include "store/companies.h"
#include "store/envelopes.h"

static struct word_hash word(char c)
{
	struct word_hash w;
	memset(w.bytes, c, sizeof(w.bytes));
	return w;
}

static enum err add(struct db *db, int64_t of, int environment, const char *id, const char *words)
{
	struct company_scope scope = {of, environment};
	struct stored_company c = {.id = id, .profile = span_str(id), .created_at = 5};
	struct word_hash hashes[8];
	size_t n = strlen(words);

	for (size_t i = 0; i < n; i++)
		hashes[i] = word(words[i]);
	MUST(store_company_add(db, &scope, &c));
	return store_company_words(db, &scope, c.row, hashes, n);
}

/* The ids found, without blanks. */
static enum err find(struct db *db, int64_t of, const char *words, size_t limit, char out[64])
{
	struct company_search s = {.scope = {of, 0}, .limit = limit};
	struct stored_company *rows;
	size_t count;
	int64_t total;

	out[0] = '\0';
	for (; *words != '\0'; words++)
		s.words[s.word_count++] = word(*words);
	do {
		MUST(store_company_search(db, &s, arena, &rows, &count, &total));
		for (size_t i = 0; i < count && i < limit; i++)
			strncat(out, rows[i].id, 8);
		s.after = count > 0 ? rows[(count < limit ? count : limit) - 1].row : 0;
	} while (count > limit);
	ENSURE((size_t)total == strlen(out), ERR_INTERNAL);
	return OK;
}

static enum err search_work(struct db *db, void *ctx)
{
	static const char *const asked[][2] = {
	    {"", "abc"}, {"x", "ab"}, {"xy", "a"}, {"yx", "a"}, {"z", "c"}, {"xz", ""}, {"q", ""}};
	char out[64];

	MUST(add(db, first, 0, "a", "xy"));
	MUST(add(db, first, 1, "p", "xy"));
	MUST(add(db, second, 0, "s", "xyz"));
	MUST(add(db, first, 0, "b", "xxw"));
	MUST(add(db, first, 0, "c", "z"));
	for (size_t limit = 1; limit < 5; limit++) {
		for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
			MUST(find(db, first, asked[i][0], limit, out));
			ENSURE(strcmp(out, asked[i][1]) == 0, ERR_INTERNAL);
		}
	}
	MUST(find(db, second, "x", 9, out));
	ENSURE(strcmp(out, "s") == 0, ERR_INTERNAL);
	return OK;
}

static void test_search(void **state)
{
	assert_int_equal(store_write(store, search_work, NULL), OK);
}

static enum err parties_work(struct db *db, void *ctx)
{
	struct company_scope scope = {first, 0};
	struct stored_company c;
	struct stored_party p = {.id = "p0", .profile = span_str("p"), .address = word('p')};
	struct stored_party *list;
	size_t count;

	MUST(store_company_find(db, &scope, "a", arena, &c));
	MUST(store_party_add(db, first, c.row, &p));
	p.id = "p1";
	MUST_BE(store_party_add(db, first, c.row, &p), ERR_CONFLICT);
	for (int i = 1; i < LIMIT_TRUSTED_PARTIES; i++) {
		p.id = arena_format(arena, "p%d", i);
		memcpy(p.address.bytes, &i, sizeof i);
		MUST(store_party_add(db, first, c.row, &p));
	}
	p.id = "more";
	p.address = word('m');
	MUST_BE(store_party_add(db, first, c.row, &p), ERR_TOO_MANY);
	MUST(store_party_list(db, first, c.row, arena, &list, &count));
	ENSURE(count == LIMIT_TRUSTED_PARTIES && strcmp(list[0].id, "p0") == 0, ERR_INTERNAL);
	MUST_BE(store_party_remove(db, second, c.row, "p0"), ERR_NOT_FOUND);
	MUST(store_party_remove(db, first, c.row, "p0"));
	MUST_BE(store_party_remove(db, first, c.row, "p0"), ERR_NOT_FOUND);
	return store_party_add(db, first, c.row, &p);
}

static void test_parties(void **state)
{
	assert_int_equal(store_write(store, parties_work, NULL), OK);
}

static enum err uploads_work(struct db *db, void *ctx)
{
	struct company_scope scope = {first, 0}, production = {first, 1}, other = {second, 0};
	struct stored_upload u = {
	    .id = "u", .blob = "blob", .media = UPLOAD_PDF, .created_at = 100, .expires_at = 200};
	struct stored_upload found;
	bool is_named = false;

	MUST(store_upload_add(db, &scope, &u));
	MUST(store_upload_find(db, &scope, "u", 199, arena, &found));
	ENSURE(found.media == UPLOAD_PDF && strcmp(found.blob, "blob") == 0, ERR_INTERNAL);
	MUST_BE(store_upload_find(db, &scope, "u", 200, arena, &found), ERR_NOT_FOUND);
	MUST_BE(store_upload_find(db, &production, "u", 150, arena, &found), ERR_NOT_FOUND);
	MUST_BE(store_upload_find(db, &other, "u", 150, arena, &found), ERR_NOT_FOUND);
	MUST_BE(store_upload_by_row(db, second, found.row, arena, &found), ERR_NOT_FOUND);
	MUST(store_upload_sweep(db, 199));
	MUST(store_blob_named(db, "blob", &is_named));
	ENSURE(is_named, ERR_INTERNAL);
	MUST(store_upload_sweep(db, 200));
	MUST(store_blob_named(db, "blob", &is_named));
	ENSURE(!is_named, ERR_INTERNAL);
	return OK;
}

static void test_uploads(void **state)
{
	assert_int_equal(store_write(store, uploads_work, NULL), OK);
}

static enum err owner_work(struct db *db, void *ctx)
{
	struct stored_user u = {
	    .external_id = "u", .email = "u@example.com", .name = "U", .created_at = 1};
	int64_t owner = 0;

	MUST(store_user_add(db, &u));
	MUST_BE(store_company_owner(db, "s", 0, u.row, &owner), ERR_NOT_FOUND);
	MUST(store_membership_set(db, second, u.row, "reader", 1));
	MUST_BE(store_company_owner(db, "s", 0, u.row, &owner), ERR_NOT_FOUND);
	MUST(store_membership_set(db, second, u.row, "administrator", 1));
	MUST(store_company_owner(db, "s", 0, u.row, &owner));
	ENSURE(owner == second, ERR_INTERNAL);
	MUST_BE(store_company_owner(db, "s", 1, u.row, &owner), ERR_NOT_FOUND);
	MUST_BE(store_company_owner(db, "a", 0, u.row, &owner), ERR_NOT_FOUND);
	return OK;
}

static void test_owner(void **state)
{
	assert_int_equal(store_write(store, owner_work, NULL), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_search),
	    cmocka_unit_test(test_parties),
	    cmocka_unit_test(test_uploads),
	    cmocka_unit_test(test_owner),
	};
	return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
