/*
 * Does the configuration obey its order (flag, environment, file, default), and does a wrong key or
 * value refuse, naming what would be right?
 */
#include "main/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], file[96];

static int start(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/config-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/chirograph.ini", folder);
	return 0;
}

static int stop(void **state)
{
	unlink(file);
	return rmdir(folder);
}

static void file_write(const char *text)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static enum err load(struct config *c, const char *const *flags, struct fault *fault)
{
	*fault = (struct fault){0};
	return config_load(c, folder, flags, fault);
}

static void defaults(void **state)
{
	struct config c;
	struct fault fault;

	unlink(file);
	assert_int_equal(load(&c, NULL, &fault), OK);
	assert_string_equal(config_text(&c, CONFIG_SERVER_LISTEN), ":443");
	assert_int_equal(config_int(&c, CONFIG_MAIL_PORT), 587);
	assert_false(config_is_set(&c, CONFIG_MAIL_HOST));
	assert_null(config_list(&c, CONFIG_SERVER_BASE_URL)[0]);
	config_free(&c);
}

static void flag_before_environment_before_file(void **state)
{
	const char *const flags[] = {"mail.port=3", NULL};
	struct config c;
	struct fault fault;

	file_write("[mail]\nport = 1\nhost = file\n[server]\nlog_level = warn\n");
	setenv("CHIROGRAPH_MAIL_PORT", "2", 1);
	setenv("CHIROGRAPH_MAIL_HOST", "environment", 1);
	assert_int_equal(load(&c, flags, &fault), OK);
	assert_int_equal(config_int(&c, CONFIG_MAIL_PORT), 3);
	assert_string_equal(config_text(&c, CONFIG_MAIL_HOST), "environment");
	assert_string_equal(config_text(&c, CONFIG_SERVER_LOG_LEVEL), "warn");
	unsetenv("CHIROGRAPH_MAIL_PORT");
	unsetenv("CHIROGRAPH_MAIL_HOST");
	config_free(&c);
}

static void refused(const char *text, const char *says)
{
	struct config c;
	struct fault fault;

	file_write(text);
	assert_int_equal(load(&c, NULL, &fault), ERR_CONFIG);
	if (strstr(fault.detail, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", fault.detail, says);
	config_free(&c);
}

static void wrong_files_are_refused(void **state)
{
	char text[400] = "[mail]\nfrom_name = ";

	refused("[mail]\nhots = x\n", "did you mean mail.host?");
	refused("[sever]\nlisten = :1\n", "did you mean server.listen?");
	refused("[mail]\nport = 70000\n", "between 1 65535");
	refused("[mail]\nport = 25x\n", "mail.port");
	refused("[mail]\nsecurity = none\n", "starttls tls plain");
	refused("[organization]\ntime_zone = Mars/Olympus\n", "IANA time zone");
	refused("[seal]\nkey_file = x\n", "go together");
	refused("nonsense\n", "line 1 cannot be read");
	memset(text + strlen(text), 'x', 250);
	refused(text, "longer than");
}

static void unknown_variables_are_refused(void **state)
{
	struct config c;
	struct fault fault;

	file_write("");
	setenv("CHIROGRAPH_SERVER_LISTN", "x", 1);
	assert_int_equal(load(&c, NULL, &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.detail, "server.listen"));
	unsetenv("CHIROGRAPH_SERVER_LISTN");
	config_free(&c);
}

static void lists_paths_and_packing(void **state)
{
	const char *const flags[] = {
	    "server.base_url=https://a, https://b", "mail.password_file=secrets/mail", NULL};
	struct buf packed CLEANUP(buf_free);
	struct config c, again;
	struct fault fault;
	char path[128];

	buf_init(&packed, 65536);
	assert_int_equal(load(&c, flags, &fault), OK);
	assert_int_equal(config_pack(&c, &packed), OK);
	assert_int_equal(config_unpack(&again, buf_span(&packed)), OK);
	assert_string_equal(config_list(&again, CONFIG_SERVER_BASE_URL)[0], "https://a");
	assert_string_equal(config_list(&again, CONFIG_SERVER_BASE_URL)[1], "https://b");
	assert_null(config_list(&again, CONFIG_SERVER_BASE_URL)[2]);
	snprintf(path, sizeof(path), "%s/secrets/mail", c.data);
	assert_string_equal(config_text(&again, CONFIG_MAIL_PASSWORD_FILE), path);
	config_free(&c);
	config_free(&again);
}

static void names(void **state)
{
	char name[64];

	config_environment_name("organization.time_zone", name);
	assert_string_equal(name, "CHIROGRAPH_ORGANIZATION_TIME_ZONE");
	assert_string_equal(config_nearest("tsa.ulr"), "tsa.url");
	for (size_t i = 0; i < CONFIG_COUNT; i++)
		assert_string_equal(config_nearest(config_rows[i].name), config_rows[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(flag_before_environment_before_file),
	    cmocka_unit_test(wrong_files_are_refused),
	    cmocka_unit_test(unknown_variables_are_refused),
	    cmocka_unit_test(lists_paths_and_packing),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
