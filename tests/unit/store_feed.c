/*
 * Does the feed tell each event once and in order, to its own organisation and environment only,
 * until it is acknowledged, withdrawn, too old or one too many?
 */
#include "envelope_rows_support.h"

#include "store/feed.h"

#include <stdatomic.h>

#define ROOM 300

static struct arena *arena;

static int each_setup(void **state)
{
	arena = arena_new(256u * LIMIT_MB);
	return store_setup(state);
}

static int each_teardown(void **state)
{
	arena_free(arena);
	return store_teardown(state);
}

struct reading {
	struct feed_scope scope;
	int64_t after;
	struct feed_item items[ROOM];
	size_t count, room;
};

static enum err work_list(struct db *db, void *ctx)
{
	struct reading *r = ctx;
	return store_feed_list(db, &r->scope, r->after, arena, r->items, r->room, &r->count);
}

static void feed_read(struct reading *r, int64_t after)
{
	r->after = after;
	if (r->scope.organisation == 0)
		r->scope = (struct feed_scope){organisation, 1};
	if (r->room == 0)
		r->room = ROOM;
	assert_int_equal(store_read(store, work_list, r), OK);
}

/* "type signer state" of each item, a line each. */
static const char *told(const struct reading *r)
{
	static const char *const types[] = {"", "SignEnvelope", "EnvelopeStatus", "SignerStatus"};
	struct buf b CLEANUP(buf_free);

	buf_init(&b, LIMIT_MB);
	for (size_t i = 0; i < r->count; i++)
		buf_format(&b, "%s %s %d\n", types[r->items[i].type],
		    r->items[i].signer != NULL ? r->items[i].signer : "-", r->items[i].state);
	return span_dup(arena, buf_span(&b));
}

static int64_t submitted(const char *id)
{
	struct envelope_new in = envelope_plain(id);
	int64_t row = 0;
	in.documents = &one_document;
	in.document_count = 1;
	in.submit = true;
	assert_int_equal(envelope_make(&in, arena, &row), OK);
	return row;
}

static void test_the_whole_way(void **state)
{
	static const struct dossier_new dossier = {
	    .dossier = {"0000000000000000000000000000000c", 5000, {3}, {4}}};
	struct reading r = {0};
	struct commanding c = commanding_at(submitted("whole"), arena);

	feed_read(&r, 0);
	assert_string_equal(told(&r), "EnvelopeStatus - 1\nSignEnvelope s0 1\nSignEnvelope s1 1\n");
	for (size_t i = 0; i < 2; i++) {
		walk_to_signature(&c, i);
		assert_int_equal(sign(&c, i), OK);
	}
	c.w.dossier = &dossier;
	assert_int_equal(command_run(&c, COMMAND_SEALED, 0), OK);
	feed_read(&r, 0);
	/* what waited waits no more */
	assert_string_equal(told(&r), "EnvelopeStatus - 1\nSignerStatus s0 2\nSignerStatus s0 3\n"
				      "SignerStatus s1 2\nSignerStatus s1 3\nEnvelopeStatus - 2\n");
	for (size_t i = 0; i < r.count; i++) {
		assert_string_equal(r.items[i].envelope, "whole");
		assert_int_equal(r.items[i].expires_at, EXPIRES);
		assert_int_equal(strlen(r.items[i].id), KSUID_TEXT_SIZE - 1);
		assert_null(r.items[i].company);
		assert_true(i == 0 || r.items[i].position > r.items[i - 1].position);
	}
}

static void test_ends(void **state)
{
	struct reading r = {0};
	struct commanding c = commanding_at(submitted("canceled"), arena);

	assert_int_equal(command_run(&c, COMMAND_DECLINE, 1), OK);
	feed_read(&r, 0);
	assert_string_equal(told(&r), "EnvelopeStatus - 1\nSignEnvelope s0 1\nSignerStatus s1 4\n");
	assert_int_equal(command_run(&c, COMMAND_CANCEL, 0), OK);
	feed_read(&r, r.items[2].position);
	assert_string_equal(told(&r), "EnvelopeStatus - 3\n");
	feed_read(&r, 0);
	assert_string_equal(
	    told(&r), "EnvelopeStatus - 1\nSignerStatus s1 4\nEnvelopeStatus - 3\n");
	int64_t last = r.items[2].position;
	c = commanding_at(submitted("expired"), arena);
	assert_int_equal(command_run(&c, COMMAND_DECLINE, 0), OK);
	c.now = EXPIRES + CLOCK_DAY;
	assert_int_equal(command_run(&c, COMMAND_EXPIRE, 0), OK);
	feed_read(&r, last);
	assert_string_equal(told(&r), "EnvelopeStatus - 1\nSignerStatus s0 4\n"
				      "SignerStatus s1 5\nEnvelopeStatus - 4\n");
	/* one that was never sent has told nobody anything, and ends alone */
	struct envelope_new in = envelope_plain("draft");
	int64_t row = 0;
	last = r.items[3].position;
	assert_int_equal(envelope_make(&in, arena, &row), OK);
	c.w.row = row;
	assert_int_equal(command_run(&c, COMMAND_EXPIRE, 0), OK);
	feed_read(&r, last);
	assert_string_equal(told(&r), "EnvelopeStatus - 4\n");
}

struct acknowledging {
	struct feed_scope scope;
	const char *id;
};

static enum err work_acknowledge(struct db *db, void *ctx)
{
	struct acknowledging *a = ctx;
	return store_feed_acknowledge(db, &a->scope, span_str(a->id));
}

static void test_acknowledged_by_its_own(void **state)
{
	static char second[] = "second";
	struct reading r = {0}, other = {0};
	int64_t own = organisation;

	submitted("one");
	feed_read(&r, 0);
	assert_int_equal(store_write(store, work_organisation, second), OK);
	int64_t foreign = organisation;
	organisation = own;
	const struct feed_scope strangers[] = {{foreign, 1}, {own, 0}};
	for (size_t i = 0; i < 2; i++) {
		struct acknowledging a = {strangers[i], r.items[0].id};
		other.scope = strangers[i];
		feed_read(&other, 0);
		assert_int_equal(other.count, 0);
		assert_int_equal(store_write(store, work_acknowledge, &a), OK);
	}
	feed_read(&other, 0);
	feed_read(&r, 0);
	assert_int_equal(r.count, 3);
	struct acknowledging newest = {{own, 1}, r.items[2].id};
	int64_t last = r.items[2].position;
	assert_int_equal(store_write(store, work_acknowledge, &newest), OK);
	assert_int_equal(store_write(store, work_acknowledge, &newest), OK);
	feed_read(&r, 0);
	assert_int_equal(r.count, 2);
	/* a position is not used again, so a listener that has seen it misses nothing */
	submitted("two");
	feed_read(&r, last);
	assert_int_equal(r.count, 3);
}

static enum err work_fails(struct db *db, void *ctx)
{
	struct commanding *c = ctx;
	TRY(work_command(db, c));
	return ERR_BUSY;
}

static atomic_int heard[2]; /* this channel, another */

static void hear(void *ctx, uint64_t channel)
{
	const struct feed_scope scope = {organisation, 1};
	atomic_fetch_add(&heard[channel != feed_channel(&scope)], 1);
}

static void test_with_its_event_or_not_at_all(void **state)
{
	struct commanding c = commanding_at(submitted("one"), arena);
	struct reading before = {0}, after = {0};

	feed_read(&before, 0);
	store_listen(store, hear, NULL);
	c.w.command.kind = COMMAND_CANCEL;
	assert_int_equal(store_write(store, work_fails, &c), ERR_BUSY);
	feed_read(&after, 0);
	assert_string_equal(told(&after), told(&before));
	atomic_store(&heard[0], 0); /* hearing of nothing does no harm */
	assert_int_equal(store_write(store, work_command, &c), OK);
	assert_int_equal(atomic_load(&heard[0]), 1);
	assert_int_equal(store_write(store, work_command, &c), OK); /* canceled again: no event */
	assert_int_equal(atomic_load(&heard[0]), 1);
	assert_int_equal(atomic_load(&heard[1]), 0);
	store_listen(store, NULL, NULL);
}

struct sweeping {
	int64_t before;
	size_t max, removed;
};

static enum err work_sweep(struct db *db, void *ctx)
{
	struct sweeping *s = ctx;
	return store_feed_sweep(db, s->before, s->max, &s->removed);
}

static void test_kept_for_a_time(void **state)
{
	struct sweeping s = {.before = START - 1, .max = 2};
	struct reading r = {0};

	submitted("one");
	assert_int_equal(store_write(store, work_sweep, &s), OK);
	assert_int_equal(s.removed, 0);
	s.before = START;
	assert_int_equal(store_write(store, work_sweep, &s), OK);
	assert_int_equal(s.removed, 2);
	assert_int_equal(store_write(store, work_sweep, &s), OK);
	assert_int_equal(s.removed, 1);
	feed_read(&r, 0);
	assert_int_equal(r.count, 0);
}

static enum err work_many(struct db *db, void *ctx)
{
	struct finding *f = ctx;
	struct event e = {
	    .kind = EVENT_LINK_OPENED, .at = START, .signer = 0, .document = EVENT_NONE};
	for (int i = 0; i < LIMIT_FEED_ITEMS; i++)
		TRY(store_feed_add(db, &f->record.state, &e));
	return OK;
}

static void test_so_many_and_no_more(void **state)
{
	struct finding f = {organisation, 1, "one", arena, {{0}}};
	struct reading r = {0};

	submitted("one");
	assert_int_equal(store_read(store, work_find, &f), OK);
	assert_int_equal(store_write(store, work_many, &f), OK);
	r.room = 1;
	feed_read(&r, 0);
	assert_int_equal(r.items[0].type, FEED_SIGNER_STATUS); /* the three before them are gone */
	assert_int_equal(r.items[0].position, 4);
	feed_read(&r, LIMIT_FEED_ITEMS + 2);
	assert_int_equal(r.count, 1);
	feed_read(&r, LIMIT_FEED_ITEMS + 3);
	assert_int_equal(r.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_the_whole_way, each_setup, each_teardown),
	    cmocka_unit_test_setup_teardown(test_ends, each_setup, each_teardown),
	    cmocka_unit_test_setup_teardown(
		test_acknowledged_by_its_own, each_setup, each_teardown),
	    cmocka_unit_test_setup_teardown(
		test_with_its_event_or_not_at_all, each_setup, each_teardown),
	    cmocka_unit_test_setup_teardown(test_kept_for_a_time, each_setup, each_teardown),
	    cmocka_unit_test_setup_teardown(test_so_many_and_no_more, each_setup, each_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
