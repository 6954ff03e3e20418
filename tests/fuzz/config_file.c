/* The configuration, as a file and as it travels to the roles: what is read packs and reads again.
 */
#include "../../src/main/config.c"

#include "fuzz.h"

static void check_packed(const struct config *c)
{
	struct buf packed;
	struct config again;
	buf_init(&packed, 16 * LIMIT_CONFIG_BYTES);
	promise(config_pack(c, &packed) == OK);
	promise(config_unpack(&again, buf_span(&packed)) == OK);
	for (size_t i = 0; i < CONFIG_COUNT; i++)
		promise(strcmp(config_text(c, (enum config_key)i),
			    config_text(&again, (enum config_key)i)) == 0);
	config_free(&again);
	buf_free(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config c = {0}, packed;
	struct fault fault = {0};
	struct buf text;

	buf_init(&text, LIMIT_CONFIG_BYTES);
	buf_put(&text, data, size);
	c.data = mem_string("/data");
	promise(defaults_load(&c) == OK);
	if (buf_done(&text) == OK && file_parse(&c, &text, &fault) == OK &&
	    pairs_check(&c, &fault) == OK)
		check_packed(&c);
	config_free(&c);
	(void)!config_unpack(&packed, buf_span(&text));
	config_free(&packed);
	buf_free(&text);
	return 0;
}
