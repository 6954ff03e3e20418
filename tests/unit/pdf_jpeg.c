/* Are only whole JPEG files of sane size taken? */
#include "unit.h"

#include "pdf/pdf.h"

#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

static struct span picture(unsigned width, unsigned height, unsigned char **out)
{
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr errors;
	unsigned long size = 0;
	static unsigned char row[3 * 1000];
	JSAMPROW rows[1] = {row};
	c.err = jpeg_std_error(&errors);
	jpeg_create_compress(&c);
	*out = NULL;
	jpeg_mem_dest(&c, out, &size);
	c.image_width = width;
	c.image_height = height;
	c.input_components = 3;
	c.in_color_space = JCS_RGB;
	jpeg_set_defaults(&c);
	jpeg_simple_progression(&c);
	jpeg_start_compress(&c, TRUE);
	while (c.next_scanline < height)
		jpeg_write_scanlines(&c, rows, 1);
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	return span_of(*out, size);
}

static void takes_a_jpeg(void **state)
{
	unsigned char *bytes;
	unsigned width, height;
	struct span s = picture(640, 480, &bytes);
	assert_int_equal(jpeg_check(s, &width, &height), OK);
	assert_int_equal(width, 640);
	assert_int_equal(height, 480);
	free(bytes);
}

static void refuses_every_truncation(void **state)
{
	unsigned char *bytes;
	unsigned width, height;
	struct span s = picture(40, 30, &bytes);
	for (size_t n = 0; n < s.size; n++)
		assert_int_equal(jpeg_check(span_of(bytes, n), &width, &height), ERR_JPEG);
	free(bytes);
}

static void refuses_a_bomb(void **state)
{
	unsigned char *bytes;
	unsigned width, height;
	struct span s = picture(40, 30, &bytes);
	for (size_t i = 0; i + 9 < s.size; i++)
		if (bytes[i] == 0xFF && bytes[i + 1] == 0xC2)
			memset(bytes + i + 5, 0xFF, 4);
	assert_int_equal(jpeg_check(s, &width, &height), ERR_JPEG);
	free(bytes);
}

static void refuses_other_files(void **state)
{
	unsigned width, height;
	static const uint8_t two_starts[] = {0xFF, 0xD8, 0xFF, 0xD8, 0xFF, 0xD9};
	static const uint8_t no_frame[] = {0xFF, 0xD8, 0xFF, 0xDA, 0, 2, 0xFF, 0xD9};
	assert_int_equal(jpeg_check(SPAN_EMPTY, &width, &height), ERR_JPEG);
	assert_int_equal(jpeg_check(span_str("\x89PNG\r\n\x1a\n"), &width, &height), ERR_JPEG);
	assert_int_equal(
	    jpeg_check(span_of(two_starts, sizeof two_starts), &width, &height), ERR_JPEG);
	assert_int_equal(jpeg_check(span_of(no_frame, sizeof no_frame), &width, &height), ERR_JPEG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_a_jpeg),
	    cmocka_unit_test(refuses_every_truncation),
	    cmocka_unit_test(refuses_a_bomb),
	    cmocka_unit_test(refuses_other_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
