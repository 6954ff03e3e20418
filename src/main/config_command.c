/*
 * `chirograph config`: every key, its value where it stands, where that came from and what it
 * means. The output is a valid chirograph.ini.
 */
#include "main/command.h"

#include <stdio.h>
#include <string.h>

static const char *source_name(enum config_source source)
{
	switch (source) {
	case CONFIG_FROM_DEFAULT: return "default";
	case CONFIG_FROM_FILE: return "chirograph.ini";
	case CONFIG_FROM_ENVIRONMENT: return "environment";
	case CONFIG_FROM_FLAG: return "flag";
	}
	return "";
}

static void section_print(const char *name, const char **section)
{
	size_t size = strcspn(name, ".");

	if (*section != NULL && strncmp(*section, name, size + 1) == 0)
		return;
	printf("%s[%.*s]\n", *section == NULL ? "" : "\n", (int)size, name);
	*section = name;
}

static void row_print(const struct config_row *row, const struct config_value *value)
{
	const char *text = value == NULL ? row->standard : value->text;
	bool is_default = value == NULL || value->source == CONFIG_FROM_DEFAULT;
	char variable[64];

	config_environment_name(row->name, variable);
	printf("; %s", row->description);
	if (row->limits[0] != '\0')
		printf(" (%s)", row->limits);
	printf("\n; %s, %s\n", variable, value == NULL ? "default" : source_name(value->source));
	printf("%s%s = %s\n", is_default ? "; " : "", strchr(row->name, '.') + 1, text);
}

int command_config(int argc, char **argv)
{
	const char *data = NULL, *section = NULL;
	const char *set[OPTION_LIST_MAX + 1] = {NULL};
	const struct option_spec specs[] = {
	    {.name = "--data", .value = &data}, {.name = "--set", .list = set}};
	struct config config = {0};
	struct fault fault = {0};
	enum err e = OK;

	if (!options_take(&argc, argv, specs, 2) || argc > 1)
		return EXIT_USAGE;
	if (data != NULL)
		e = config_load(&config, data, set, &fault);
	if (e != OK) {
		complain("configuration", e, &fault);
		return 1;
	}
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		section_print(config_rows[i].name, &section);
		row_print(&config_rows[i], data != NULL ? &config.values[i] : NULL);
	}
	config_free(&config);
	return 0;
}
