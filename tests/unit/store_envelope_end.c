/*
 * Does an envelope end right: two signers at the same moment both counted, the dossier sealed
 * once, every message and webhook once, and a log that shows any change?
 */
#include "envelope_rows_support.h"

#include "base/codec.h"
#include "base/json.h"

#include <pthread.h>

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

static enum err work_webhook(struct db *db, void *ctx)
{
	struct stored_webhook w = {.organisation = organisation,
	    .environment = 1,
	    .url = "https://partner.example/hook",
	    .secret = span_str("sealed"),
	    .types = ctx,
	    .allowed = "",
	    .profile = "legacy",
	    .created_at = 1};
	return store_webhook_set(db, &w);
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

struct racer {
	struct commanding c;
	size_t signer;
	pthread_barrier_t *line;
	enum err result;
	bool was_last;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	pthread_barrier_wait(r->line);
	r->result = sign(&r->c, r->signer);
	for (size_t i = 0; i < r->c.out.count; i++)
		r->was_last = r->was_last || r->c.out.kinds[i] == EVENT_ALL_SIGNED;
	return NULL;
}

static void race_once(int round)
{
	int64_t row = submitted(arena_format(arena, "race-%d", round));
	struct racer racers[2] = {0};
	pthread_t threads[2];
	pthread_barrier_t line;
	pthread_barrier_init(&line, NULL, 2);
	for (size_t i = 0; i < 2; i++) {
		struct commanding c = commanding_at(row, arena);
		walk_to_signature(&c, i);
		racers[i].c = commanding_at(row, arena_new(4u * LIMIT_MB));
		racers[i].signer = i;
		racers[i].line = &line;
	}
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(racers[i].result, OK);
	assert_int_equal(racers[0].was_last + racers[1].was_last, 1);
	pthread_barrier_destroy(&line);
	for (size_t i = 0; i < 2; i++)
		arena_free(racers[i].c.arena);
}

static void test_two_signers_at_once(void **state)
{
	struct leasing l = {.lane = JOB_LANE_PRESS, .arena = arena};
	for (int i = 0; i < 25; i++)
		race_once(i);
	assert_int_equal(store_write(store, work_lease, &l), OK);
	assert_int_equal(l.count, 25);
	assert_int_equal(jobs_of_kind(&l, "seal", "\"document\":0"), 25);
}

static void seal(struct commanding *c)
{
	static const struct dossier_new dossier = {
	    .dossier = {"0000000000000000000000000000000c", 5000, {3}, {4}}};
	c->w.dossier = &dossier;
	c->w.command.document = 0;
	assert_int_equal(command_run(c, COMMAND_SEALED, 0), OK);
}

static void test_the_whole_way(void **state)
{
	struct leasing l = {.arena = arena};
	static char types[] = "envelope_submitted signer_signed signer_link_opened";
	assert_int_equal(store_write(store, work_webhook, types), OK);
	struct commanding c = commanding_at(submitted("whole"), arena);
	for (size_t i = 0; i < 2; i++) {
		walk_to_signature(&c, i);
		assert_int_equal(sign(&c, i), OK);
	}
	assert_int_equal(sign(&c, 1), ERR_SIGNER_DONE);
	seal(&c);
	assert_int_equal(c.out.count, 2);
	assert_int_equal(c.out.record.state.state, ENVELOPE_COMPLETED);
	seal(&c);
	assert_int_equal(c.out.count, 0);
	assert_string_equal(
	    c.out.record.documents[0].dossier.blob, "0000000000000000000000000000000c");
	lease_posts(&l);
	assert_int_equal(jobs_of_kind(&l, "message", "\"purpose\":\"invite\""), 2);
	assert_int_equal(jobs_of_kind(&l, "message", "\"code\":\"123456\""), 2);
	assert_int_equal(jobs_of_kind(&l, "message", "\"purpose\":\"copy\""), 2);
	assert_int_equal(jobs_of_kind(&l, "webhook", "envelope_completed"), 1);
	assert_int_equal(jobs_of_kind(&l, "webhook", "envelope_submitted"), 1);
	assert_int_equal(jobs_of_kind(&l, "webhook", "signer_signed"), 2);
	assert_int_equal(jobs_of_kind(&l, "webhook", "signer_link_opened"), 2);
	assert_int_equal(l.count, 12);
}

static void test_no_webhook_no_job(void **state)
{
	struct leasing l = {.arena = arena};
	struct commanding c = commanding_at(submitted("quiet"), arena);
	assert_int_equal(command_run(&c, COMMAND_CANCEL, 0), OK);
	lease_posts(&l);
	assert_int_equal(l.count, 2);
	assert_int_equal(jobs_of_kind(&l, "message", "invite"), 2);
}

/* ---- the log ---- */

struct logging {
	int64_t row;
	struct event_record *events;
	size_t count;
	struct drawing_record *drawings;
	size_t drawing_count;
	struct envelope_record record;
};

static enum err work_log(struct db *db, void *ctx)
{
	struct logging *l = ctx;
	TRY(store_envelope_by_row(db, organisation, l->row, arena, &l->record));
	TRY(store_drawings_load(db, &l->record, arena, &l->drawings, &l->drawing_count));
	return store_events_load(db, organisation, l->row, arena, &l->events, &l->count);
}

static struct logging signed_log(const char *id)
{
	struct logging l = {.row = submitted(id)};
	struct commanding c = commanding_at(l.row, arena);
	c.w.command.actor.address = span_str("192.0.2.9");
	c.w.command.actor.user_agent = span_of("Phone\xff", 6);
	walk_to_signature(&c, 0);
	assert_int_equal(sign(&c, 0), OK);
	assert_int_equal(store_read(store, work_log, &l), OK);
	return l;
}

static void test_log_shows_changes(void **state)
{
	struct logging l = signed_log("log");
	assert_int_equal(
	    l.count, 10); /* created, document, submitted, five steps, consent, signed */
	assert_int_equal(l.record.state.version, 10);
	assert_memory_equal(l.record.state.head, l.events[9].hash, SHA256_SIZE);
	assert_int_equal(l.events[0].index, 0);
	assert_int_equal(l.events[9].index, 9);
	assert_int_equal(events_check(l.events, l.count), OK);
	uint8_t *byte = (uint8_t *)(uintptr_t)l.events[4].body.data + 20;
	*byte ^= 1;
	assert_int_equal(events_check(l.events, l.count), ERR_STORE);
	*byte ^= 1;
	struct event_record kept = l.events[3];
	l.events[3] = l.events[4];
	l.events[4] = kept;
	assert_int_equal(events_check(l.events, l.count), ERR_STORE);
	l.events[4] = l.events[3];
	l.events[3] = kept;
	assert_int_equal(events_check(l.events, l.count), OK);
	assert_int_equal(events_check(l.events + 1, l.count - 1), ERR_STORE);
}

static void test_fields_are_opened(void **state)
{
	struct logging l = signed_log("open");
	static const uint8_t wrong[KEY_SIZE] = {1};
	struct drawing_new d;
	struct span json;
	assert_int_equal(event_record_open(&l.events[9], key, arena, &json), OK);
	assert_non_null(strstr((const char *)json.data, "\"address\":\"192.0.2.9\""));
	assert_non_null(strstr((const char *)json.data, "\"user_agent\":\"50686f6e65ff\""));
	assert_non_null(strstr((const char *)json.data, "\"hex\":[\"sha256\",\"user_agent\"]"));
	assert_int_equal(event_record_open(&l.events[9], wrong, arena, &json), ERR_DECRYPT);
	struct event_record moved = l.events[9];
	moved.sequence--;
	assert_int_equal(event_record_open(&moved, key, arena, &json), ERR_DECRYPT);
	assert_int_equal(event_record_open(&l.events[2], key, arena, &json), OK);
	assert_true(span_equal_str(json, "{\"fields\":{},\"hex\":[],\"salts\":{}}"));
	assert_int_equal(l.drawing_count, 1);
	assert_int_equal(record_drawing(&l.drawings[0], key, arena, &d), OK);
	assert_true(span_equal_str(d.strokes, "[[[0.1,0.25],[0.3,0.55]]]"));
	assert_int_equal(d.typed.size, 0);
}

static bool json_names(json_t *array, const char *name)
{
	size_t i;
	json_t *item;
	json_array_foreach(
	    array, i, item) if (strcmp(json_string_value(item), name) == 0) return true;
	return false;
}

/* The log's bytes hold, under the field's name, the commitment to exactly this value and salt. */
static void commitment_stands(const struct event_record *e, json_t *all, const char *name)
{
	struct buf salt, value, item;
	uint8_t commitment[SHA256_SIZE];
	struct span text =
	    span_str(json_string_value(json_object_get(json_object_get(all, "fields"), name)));
	buf_init(&salt, 64);
	buf_init(&value, 4096);
	buf_init(&item, 256);
	assert_int_equal(
	    b64_decode(&salt,
		span_str(json_string_value(json_object_get(json_object_get(all, "salts"), name)))),
	    OK);
	assert_int_equal(salt.size, EVENT_SALT_SIZE);
	if (json_names(json_object_get(all, "hex"), name))
		assert_int_equal(
		    hex_decode(text, buf_extend(&value, text.size / 2), text.size / 2), OK);
	else
		buf_put_span(&value, text);
	assert_int_equal(event_commitment(salt.data, buf_span(&value), commitment), OK);
	buf_put_byte(&item, (uint8_t)(0x60 | strlen(name)));
	buf_put_str(&item, name);
	buf_put(&item, "\x58\x20", 2);
	buf_put(&item, commitment, SHA256_SIZE);
	assert_non_null(memmem(e->body.data, e->body.size, item.data, item.size));
	buf_free(&salt);
	buf_free(&value);
	buf_free(&item);
}

static void test_commitments_bind_the_clear_values(void **state)
{
	struct logging l = signed_log("commitments");
	size_t seen = 0;
	for (size_t i = 0; i < l.count; i++) {
		struct span text;
		json_t *all = NULL, *salt;
		const char *name;
		assert_int_equal(event_record_open(&l.events[i], key, arena, &text), OK);
		assert_int_equal(json_read(text, &all, NULL), OK);
		json_object_foreach(json_object_get(all, "salts"), name, salt)
		{
			commitment_stands(&l.events[i], all, name);
			seen++;
		}
		json_decref(all);
	}
	assert_int_equal(
	    seen, 15); /* subject, profiles; address and agent of six; the signature's hash */
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, each_setup, each_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_two_signers_at_once),
	    EACH(test_the_whole_way),
	    EACH(test_no_webhook_no_job),
	    EACH(test_log_shows_changes),
	    EACH(test_fields_are_opened),
	    EACH(test_commitments_bind_the_clear_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
