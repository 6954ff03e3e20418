/*
 * Options of the client's commands: --name VALUE, --name=VALUE, --flag.
 */
#include "options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void complain_text(const char *format, ...)
{
	va_list args;

	fputs("chirograph: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static const struct option_spec *option_of(
    const char *argument, const struct option_spec *options, size_t count, const char **value)
{
	size_t size = strcspn(argument, "=");

	*value = argument[size] == '=' ? argument + size + 1 : NULL;
	for (size_t i = 0; i < count; i++)
		if (strlen(options[i].name) == size &&
		    strncmp(options[i].name, argument, size) == 0)
			return &options[i];
	return NULL;
}

static bool option_keep(const struct option_spec *o, const char *value)
{
	size_t n = 0;

	if (o->flag != NULL) {
		*o->flag = true;
		return true;
	}
	if (o->value != NULL) {
		*o->value = value;
		return true;
	}
	while (n < OPTION_LIST_MAX && o->list[n] != NULL)
		n++;
	if (n == OPTION_LIST_MAX)
		return false;
	o->list[n] = value;
	return true;
}

bool options_take(int *argc, char **argv, const struct option_spec *options, size_t count)
{
	int kept = 1;

	for (int i = 1; i < *argc; i++) {
		const char *value = NULL;
		const struct option_spec *o;
		if (argv[i][0] != '-' || argv[i][1] == '\0') {
			argv[kept++] = argv[i];
			continue;
		}
		o = option_of(argv[i], options, count, &value);
		if (o == NULL) {
			complain_text(
			    "%s: unknown option %s; see chirograph help", argv[0], argv[i]);
			return false;
		}
		if (o->flag == NULL && value == NULL && i + 1 < *argc)
			value = argv[++i];
		if ((o->flag == NULL) == (value == NULL) || !option_keep(o, value)) {
			complain_text("%s: option %s is wrong", argv[0], o->name);
			return false;
		}
	}
	*argc = kept;
	return true;
}

bool cli_number_read(const char *what, const char *text, int64_t *out)
{
	char *end = NULL;

	errno = 0;
	*out = strtoll(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0)
		return true;
	complain_text("%s %s: a whole number is wanted, up to 9223372036854775807", what, text);
	return false;
}
