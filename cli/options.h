/*
 * Options of every command, the client's and the server's: --name VALUE, --name=VALUE, --flag.
 */
#ifndef CHIROGRAPH_CLI_OPTIONS_H
#define CHIROGRAPH_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTION_LIST_MAX 32

struct option_spec {      /* exactly one of value, list and flag is set */
	const char *name; /* "--url" */
	const char **value;
	const char **list; /* OPTION_LIST_MAX + 1 places, NULL-ended */
	bool *flag;
};

/* Takes the options out of argv; what stays is positional, *argc of them, argv[0] kept. Says what
 * is wrong. */
bool options_take(int *argc, char **argv, const struct option_spec *specs, size_t count);
bool cli_number_read(const char *what, const char *text, int64_t *out); /* says what is wrong */
/* "chirograph: …" to standard error. */
void complain_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
