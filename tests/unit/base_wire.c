/* Do frames arrive whole with their descriptors, and is everything else noticed? */
#include "unit.h"

#include "base/wire.h"

#include <sys/socket.h>
#include <unistd.h>

static int pair[2];

static int setup(void **state)
{
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static int teardown(void **state)
{
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static void test_round_trip(void **state)
{
	struct wire_writer w;
	struct wire_reader r;
	char text[10];
	int file = wire_memfd(span_str("in the file"));
	wire_writer_init(&w);
	wire_put_u32(&w, 7);
	wire_put_i64(&w, -9);
	wire_put_str(&w, "name");
	wire_put_fd(&w, file);
	assert_int_equal(wire_send(pair[0], &w, 1000), OK);
	wire_writer_free(&w);
	close(file);
	wire_reader_init(&r);
	assert_int_equal(wire_receive(pair[1], &r, 1000), OK);
	assert_int_equal(wire_u32(&r), 7);
	assert_true(wire_i64(&r) == -9);
	assert_true(wire_text(&r, text, sizeof text));
	assert_string_equal(text, "name");
	assert_false(wire_end(&r));
	int got = wire_fd(&r);
	assert_true(wire_end(&r));
	struct buf b;
	buf_init(&b, 100);
	assert_int_equal(wire_fd_read(got, 100, &b), OK);
	assert_string_equal(buf_str(&b), "in the file");
	assert_int_equal(write(got, "x", 1), -1);
	buf_free(&b);
	close(got);
	wire_reader_free(&r);
}

static void test_reading_past_the_end_fails(void **state)
{
	struct wire_writer w;
	struct wire_reader r;
	wire_writer_init(&w);
	wire_put_u32(&w, 1000); /* a length that is not there */
	assert_int_equal(wire_send(pair[0], &w, 1000), OK);
	wire_writer_free(&w);
	wire_reader_init(&r);
	assert_int_equal(wire_receive(pair[1], &r, 1000), OK);
	assert_int_equal(wire_bytes(&r).size, 0);
	assert_false(wire_end(&r));
	assert_int_equal(wire_u32(&r), 0);
	assert_int_equal(wire_fd(&r), -1);
	wire_reader_free(&r);
}

static void test_gone_and_late(void **state)
{
	struct wire_reader r;
	wire_reader_init(&r);
	assert_int_equal(wire_receive(pair[1], &r, 1), ERR_TIMEOUT);
	uint32_t huge = WIRE_FRAME_MAX + 1;
	assert_int_equal(write(pair[0], &huge, sizeof huge), sizeof huge);
	assert_int_equal(wire_receive(pair[1], &r, 1000), ERR_LIMIT);
	shutdown(pair[0], SHUT_RDWR);
	assert_int_equal(wire_receive(pair[1], &r, 1000), ERR_PEER_GONE);
	wire_reader_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reading_past_the_end_fails, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gone_and_late, setup, teardown)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
