/* When any single allocation fails, is the error clean, and is nothing of the work kept? */
#include "envelope_rows_support.h"

static struct arena *arena;

static int each_setup(void **state)
{
	arena = arena_new(256u * LIMIT_MB);
	return store_setup(state);
}

static int each_teardown(void **state)
{
	mem_fail_at(0);
	arena_free(arena);
	return store_teardown(state);
}

/* The id stays free after every failure, so the first success takes it. */
static void test_create(void **state)
{
	struct envelope_new in = envelope_plain("torture");
	unsigned long n = 1;
	enum err e = ERR_MEMORY;
	in.documents = &one_document;
	in.document_count = 1;
	in.submit = true;
	for (; e != OK && n < 5000; n++) {
		struct arena *a = arena_new(8u * LIMIT_MB);
		mem_fail_at(n);
		e = envelope_make(&in, a, NULL);
		mem_fail_at(0);
		arena_free(a);
		if (e != OK && e != ERR_MEMORY)
			fail_msg("allocation %lu: %s", n, err_symbol(e));
	}
	assert_int_equal(e, OK);
	assert_true(n > 20);
}

struct counting {
	int64_t row;
	size_t events;
	int64_t version;
};

static enum err work_count(struct db *db, void *ctx)
{
	struct counting *c = ctx;
	struct envelope_record r;
	struct event_record *events;
	TRY(store_envelope_by_row(db, organisation, c->row, arena, &r));
	c->version = r.state.version;
	return store_events_load(db, organisation, c->row, arena, &events, &c->events);
}

static void signing_fails(struct commanding *c, struct counting *before, unsigned long n)
{
	struct counting after = {.row = before->row};
	struct arena *a = arena_new(8u * LIMIT_MB);
	c->arena = a;
	mem_fail_at(n);
	enum err e = sign(c, 0);
	mem_fail_at(0);
	arena_free(a);
	assert_int_equal(store_read(store, work_count, &after), OK);
	assert_int_equal(after.events, after.version);
	if (e == OK) {
		assert_int_equal(after.version, before->version + 2);
		before->events = 0; /* done */
		return;
	}
	if (e != ERR_MEMORY)
		fail_msg("allocation %lu: %s", n, err_symbol(e));
	assert_int_equal(after.version, before->version);
}

static void test_sign(void **state)
{
	struct envelope_new in = envelope_plain("torture");
	struct counting before = {0};
	unsigned long n = 1;
	in.documents = &one_document;
	in.document_count = 1;
	in.submit = true;
	assert_int_equal(envelope_make(&in, arena, &before.row), OK);
	struct commanding c = commanding_at(before.row, arena);
	walk_to_signature(&c, 0);
	assert_int_equal(store_read(store, work_count, &before), OK);
	for (; before.events > 0 && n < 2000; n++)
		signing_fails(&c, &before, n);
	assert_int_equal(before.events, 0);
	assert_true(n > 10);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, each_setup, each_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {EACH(test_create), EACH(test_sign)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
