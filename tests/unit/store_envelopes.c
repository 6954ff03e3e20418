/* Is what is written read back, once, by its owner only, and never in clear on disk? */
#include "envelope_rows_support.h"

#include <dirent.h>

static struct arena *arena;

static int each_setup(void **state)
{
	arena = arena_new(64u * LIMIT_MB);
	return store_setup(state);
}

static int each_teardown(void **state)
{
	arena_free(arena);
	return store_teardown(state);
}

static void test_create_and_find(void **state)
{
	struct envelope_new in = envelope_plain("e1");
	struct finding f = {organisation, 1, "e1", arena, {.expiration_date = NULL}};
	struct signer_profile p;
	const char *text;
	int64_t row = 0;
	assert_int_equal(envelope_make(&in, arena, &row), OK);
	assert_int_equal(store_read(store, work_find, &f), OK);
	assert_int_equal(f.record.state.row, row);
	assert_int_equal(f.record.state.state, ENVELOPE_CREATED);
	assert_int_equal(f.record.state.version, 1);
	assert_int_equal(f.record.state.expires_at, EXPIRES);
	assert_string_equal(f.record.expiration_date, "2026-01-30");
	assert_int_equal(f.record.state.signer_count, 2);
	assert_string_equal(f.record.state.signers[1].id, "s1");
	assert_int_equal(f.record.state.signers[1].code_channel, CHANNEL_SMS);
	assert_int_equal(record_subject(&f.record, key, arena, &text), OK);
	assert_string_equal(text, SUBJECT);
	assert_int_equal(record_profile(&f.record, 1, key, arena, &p), OK);
	assert_string_equal(p.name, "Wadih Õzil 山田");
	assert_null(p.phone_area);
	assert_int_equal(record_profile(&f.record, 0, key, arena, &p), OK);
	assert_string_equal(p.phone_number, "998877665");
	assert_int_equal(record_link(&f.record, 0, key, arena, &text), OK);
	assert_null(text);
}

static void test_ids(void **state)
{
	struct envelope_new in = envelope_plain("same");
	struct finding f = {organisation, 0, "same", arena, {.expiration_date = NULL}};
	static char second[] = "second";
	int64_t first = organisation;
	struct signer_new twice[2] = {two_signers[0], two_signers[0]};
	assert_int_equal(envelope_make(&in, arena, NULL), OK);
	assert_int_equal(envelope_make(&in, arena, NULL), ERR_CONFLICT);
	assert_int_equal(store_read(store, work_find, &f), ERR_NOT_FOUND);
	in.environment = 0;
	assert_int_equal(envelope_make(&in, arena, NULL), OK);
	assert_int_equal(store_write(store, work_organisation, second), OK);
	assert_int_not_equal(organisation, first);
	in = envelope_plain("same");
	assert_int_equal(envelope_make(&in, arena, NULL), OK);
	in.id = "twice";
	in.signers = twice;
	assert_int_equal(envelope_make(&in, arena, NULL), ERR_CONFLICT);
	f = (struct finding){organisation, 1, "twice", arena, {.expiration_date = NULL}};
	assert_int_equal(store_read(store, work_find, &f), ERR_NOT_FOUND);
}

static void test_another_tenant_cannot_command(void **state)
{
	struct envelope_new in = envelope_plain("mine");
	int64_t row = 0;
	assert_int_equal(envelope_make(&in, arena, &row), OK);
	struct commanding c = commanding_at(row, arena);
	c.w.organisation = organisation + 1;
	assert_int_equal(command_run(&c, COMMAND_CANCEL, 0), ERR_NOT_FOUND);
}

static void test_documents(void **state)
{
	struct envelope_new in = envelope_plain("docs");
	struct document_new other = one_document;
	struct finding f = {organisation, 1, "docs", arena, {.expiration_date = NULL}};
	const char *name;
	int64_t row = 0;
	assert_int_equal(envelope_make(&in, arena, &row), OK);
	struct commanding c = commanding_at(row, arena);
	document_put(&c, &one_document);
	c.w.document = &one_document;
	assert_int_equal(command_run(&c, COMMAND_ADD_DOCUMENT, 0), ERR_CONFLICT);
	assert_string_equal(c.fault.field, "id");
	other.id = "d1";
	other.normalised.blob = NULL;
	document_put(&c, &other);
	assert_int_equal(store_read(store, work_find, &f), OK);
	assert_int_equal(f.record.state.document_count, 2);
	assert_int_equal(f.record.state.version, 3);
	assert_int_equal(f.record.documents[0].pages, 3);
	assert_string_equal(f.record.documents[0].reason, "structure_repaired");
	assert_int_equal(f.record.documents[0].normalised.size, 1100);
	assert_int_equal(f.record.documents[0].original.sha256[0], 1);
	assert_null(f.record.documents[1].normalised.blob);
	assert_null(f.record.documents[0].dossier.blob);
	assert_int_equal(record_document_name(&f.record, 1, key, arena, &name), OK);
	assert_string_equal(name, "Laudo Kryptos");
}

static enum err work_photos(struct db *db, void *ctx)
{
	struct finding *f = ctx;
	struct photo_record *photos;
	size_t count;
	bool is_named;
	TRY(store_photos_load(db, &f->record, arena, &photos, &count));
	assert_int_equal(count, 2);
	assert_string_equal(photos[0].template, "cnh_front");
	assert_int_equal(photos[0].file.size, 20);
	assert_string_equal(photos[1].template, "rg_back");
	TRY(store_blob_named(db, "p2", &is_named));
	assert_true(is_named);
	TRY(store_blob_named(db, "p1", &is_named));
	assert_false(is_named);
	TRY(store_blob_named(db, one_document.normalised.blob, &is_named));
	assert_true(is_named);
	return OK;
}

static void test_photos_replace(void **state)
{
	struct envelope_new in = envelope_plain("photos");
	struct photo_new first = {1, "cnh_front", {"p1", 10, {1}, {1}}};
	struct photo_new again = {1, "cnh_front", {"p2", 20, {2}, {2}}};
	struct photo_new side = {0, "rg_back", {"p3", 30, {3}, {3}}};
	struct finding f = {organisation, 1, "photos", arena, {.expiration_date = NULL}};
	const struct photo_new *all[] = {&first, &side, &again};
	int64_t row = 0;
	in.documents = &one_document;
	in.document_count = 1;
	assert_int_equal(envelope_make(&in, arena, &row), OK);
	struct commanding c = commanding_at(row, arena);
	for (size_t i = 0; i < 3; i++) {
		c.w.photo = all[i];
		c.now++;
		assert_int_equal(command_run(&c, COMMAND_ADD_PHOTO, 0), OK);
	}
	assert_int_equal(store_read(store, work_find, &f), OK);
	assert_int_equal(store_read(store, work_photos, &f), OK);
}

struct linking {
	uint8_t hash[SHA256_SIZE];
	struct envelope_record record;
	size_t signer;
	bool is_code;
};

static enum err work_link(struct db *db, void *ctx)
{
	struct linking *l = ctx;
	if (l->is_code)
		return store_envelope_by_code(db, l->hash, arena, &l->record);
	return store_envelope_by_link(db, l->hash, arena, &l->record, &l->signer);
}

static void links_are_found(const struct envelope_record *r)
{
	struct linking l = {.signer = 9};
	const char *token, *code;
	assert_int_equal(record_link(r, 1, key, arena, &token), OK);
	assert_int_equal(strlen(token), 22);
	assert_int_equal(store_token_hash(span_str(token), l.hash), OK);
	assert_int_equal(store_read(store, work_link, &l), OK);
	assert_int_equal(l.signer, 1);
	assert_int_equal(l.record.state.row, r->state.row);
	assert_int_equal(record_code(r, key, arena, &code), OK);
	assert_int_equal(strlen(code), 20);
	l.is_code = true;
	assert_int_equal(store_read(store, work_link, &l), ERR_NOT_FOUND);
	assert_int_equal(store_token_hash(span_str(code), l.hash), OK);
	assert_int_equal(store_read(store, work_link, &l), OK);
	l.is_code = false;
	assert_int_equal(store_read(store, work_link, &l), ERR_LINK);
}

static void test_links_by_command_and_in_one_call(void **state)
{
	struct envelope_new in = envelope_plain("links");
	struct finding f = {organisation, 1, "links", arena, {.expiration_date = NULL}};
	int64_t row = 0;
	assert_int_equal(envelope_make(&in, arena, &row), OK);
	struct commanding c = commanding_at(row, arena);
	assert_int_equal(command_run(&c, COMMAND_SUBMIT, 0), ERR_EMPTY_DOCUMENTS);
	document_put(&c, &one_document);
	assert_int_equal(command_run(&c, COMMAND_SUBMIT, 0), OK);
	links_are_found(&c.out.record);
	assert_int_equal(command_run(&c, COMMAND_SUBMIT, 0), OK);
	assert_int_equal(c.out.count, 0);
	in.id = f.id = "at once";
	in.documents = &one_document;
	in.document_count = 1;
	in.submit = true;
	assert_int_equal(envelope_make(&in, arena, NULL), OK);
	assert_int_equal(store_read(store, work_find, &f), OK);
	assert_int_equal(f.record.state.state, ENVELOPE_SUBMITTED);
	assert_int_equal(f.record.state.signers[1].state, SIGNER_SENT);
	assert_int_equal(f.record.state.signers[1].sent_at, START);
	links_are_found(&f.record);
}

static void test_codes_survive_storage(void **state)
{
	struct envelope_new in = envelope_plain("codes");
	int64_t row = 0;
	in.documents = &one_document;
	in.document_count = 1;
	in.submit = true;
	assert_int_equal(envelope_make(&in, arena, &row), OK);
	struct commanding c = commanding_at(row, arena);
	assert_int_equal(command_run(&c, COMMAND_OPEN, 0), OK);
	c.w.command.is_match = false;
	assert_int_equal(command_run(&c, COMMAND_CHECK_CPF, 0), OK);
	assert_int_equal(c.out.answer, ERR_CPF_WRONG);
	c.w.command.is_match = true;
	walk_to_signature(&c, 0);
	assert_int_equal(c.out.record.state.signers[0].cpf_tries, 1);
}

/* ---- lists ---- */

struct listing {
	struct envelope_filter filter;
	struct envelope_row *rows;
	size_t count;
	const char *next;
};

static enum err work_list(struct db *db, void *ctx)
{
	struct listing *l = ctx;
	return store_envelope_list(db, &l->filter, arena, &l->rows, &l->count, &l->next);
}

static void make_seven(void)
{
	for (int i = 0; i < 7; i++) {
		struct envelope_new in = envelope_plain("");
		int64_t row = 0;
		in.id = arena_format(arena, "n%d", i);
		assert_int_equal(envelope_make(&in, arena, &row), OK);
		struct commanding c = commanding_at(row, arena);
		if (i % 2 == 0)
			assert_int_equal(command_run(&c, COMMAND_CANCEL, 0), OK);
	}
}

static void test_list(void **state)
{
	struct listing l = {
	    .filter = {.organisation = organisation, .environment = 1, .state = -1, .limit = 3}};
	const char *subject;
	make_seven();
	assert_int_equal(store_read(store, work_list, &l), OK);
	assert_int_equal(l.count, 3);
	assert_string_equal(l.rows[0].id, "n6");
	assert_int_equal(row_subject(&l.rows[0], key, arena, &subject), OK);
	assert_string_equal(subject, SUBJECT);
	l.filter.cursor = l.next;
	assert_int_equal(store_read(store, work_list, &l), OK);
	assert_string_equal(l.rows[2].id, "n1");
	l.filter.cursor = l.next;
	assert_int_equal(store_read(store, work_list, &l), OK);
	assert_int_equal(l.count, 1);
	assert_null(l.next);
	l.filter.cursor = "bm9uZQ";
	assert_int_equal(store_read(store, work_list, &l), ERR_CURSOR);
	l.filter.cursor = "!";
	assert_int_equal(store_read(store, work_list, &l), ERR_CURSOR);
	l.filter = (struct envelope_filter){organisation, 1, ENVELOPE_CANCELED, 0, NULL, 2, 3};
	assert_int_equal(store_read(store, work_list, &l), OK);
	assert_int_equal(l.count, 1);
	assert_string_equal(l.rows[0].id, "n0");
	l.filter = (struct envelope_filter){organisation, 1, -1, START, NULL, 1, 3};
	assert_int_equal(store_read(store, work_list, &l), OK);
	assert_int_equal(l.count, 0);
	l.filter = (struct envelope_filter){organisation, 0, -1, 0, NULL, 1, 3};
	assert_int_equal(store_read(store, work_list, &l), OK);
	assert_int_equal(l.count, 0);
}

struct dueing {
	int64_t now;
	struct envelope_due *rows;
	size_t count;
};

static enum err work_due(struct db *db, void *ctx)
{
	struct dueing *d = ctx;
	return store_envelopes_due(db, d->now, 10, arena, &d->rows, &d->count);
}

static void test_due(void **state)
{
	struct envelope_new in = envelope_plain("due");
	struct dueing d = {EXPIRES + 999, NULL, 0};
	int64_t row = 0;
	assert_int_equal(envelope_make(&in, arena, &row), OK);
	assert_int_equal(store_read(store, work_due, &d), OK);
	assert_int_equal(d.count, 0);
	d.now++;
	assert_int_equal(store_read(store, work_due, &d), OK);
	assert_int_equal(d.count, 1);
	assert_int_equal(d.rows[0].row, row);
	struct commanding c = commanding_at(row, arena);
	c.now = d.now;
	assert_int_equal(command_run(&c, COMMAND_EXPIRE, 0), OK);
	assert_int_equal(c.out.kinds[0], EVENT_EXPIRED);
	assert_int_equal(c.out.record.state.signers[0].state, SIGNER_EXPIRED);
	assert_int_equal(store_read(store, work_due, &d), OK);
	assert_int_equal(d.count, 0);
}

/* ---- nothing personal in clear ---- */

static bool file_has(const char *path, const char *needle)
{
	struct buf text CLEANUP(buf_free);
	uint8_t block[65536];
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	buf_init(&text, 64u * LIMIT_MB);
	for (size_t n; (n = fread(block, 1, sizeof(block), f)) > 0;)
		buf_put(&text, block, n);
	fclose(f);
	assert_int_equal(buf_done(&text), OK);
	return text.size > 0 && memmem(text.data, text.size, needle, strlen(needle)) != NULL;
}

static bool database_has(const char *needle)
{
	char path[2 * PATH_MAX];
	bool found = false;
	snprintf(path, sizeof(path), "%s/db", folder);
	DIR *d = opendir(path);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		snprintf(path, sizeof(path), "%s/db/%s", folder, e->d_name);
		found = found || (e->d_type == DT_REG && file_has(path, needle));
	}
	closedir(d);
	return found;
}

static void test_no_personal_data_in_clear(void **state)
{
	static const char *const secrets[] = {"Zulmira", "zulmira@", "52998224725", "998877665",
	    "Zyx-Segredo", "Kryptos", "Wadih", "198.51.100.7", "TelefoneEspecial", "123456",
	    "naoconcordo", "0.25"};
	struct envelope_new in = envelope_plain("clear-id");
	int64_t row = 0;
	const char *token, *code;
	in.documents = &one_document;
	in.document_count = 1;
	in.submit = true;
	in.actor.address = span_str("198.51.100.7");
	assert_int_equal(envelope_make(&in, arena, &row), OK);
	struct commanding c = commanding_at(row, arena);
	c.w.command.actor.user_agent = span_str("TelefoneEspecial");
	walk_to_signature(&c, 0);
	assert_int_equal(sign(&c, 0), OK);
	c.w.command.text = span_str("naoconcordo");
	assert_int_equal(command_run(&c, COMMAND_DECLINE, 1), OK);
	assert_int_equal(record_link(&c.out.record, 0, key, arena, &token), OK);
	assert_int_equal(record_code(&c.out.record, key, arena, &code), OK);
	assert_true(database_has("clear-id")); /* the search finds what is there */
	assert_false(database_has(token));
	assert_false(database_has(code));
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		if (database_has(secrets[i]))
			fail_msg("%s stands in the database", secrets[i]);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, each_setup, each_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_create_and_find),
	    EACH(test_ids),
	    EACH(test_another_tenant_cannot_command),
	    EACH(test_documents),
	    EACH(test_photos_replace),
	    EACH(test_links_by_command_and_in_one_call),
	    EACH(test_codes_survive_storage),
	    EACH(test_list),
	    EACH(test_due),
	    EACH(test_no_personal_data_in_clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
