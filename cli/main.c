/*
 * The client alone: `make client`. The program of the server has the same commands beside its own.
 */
#include "client.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments, *summary;
} commands[] = {
#define CLIENT_COMMAND(name, function, needs_curl, arguments, summary) \
	{name, function, arguments, summary},
#include "commands.def"
#undef CLIENT_COMMAND
};

static bool is_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static void help(size_t i)
{
	printf("  chirograph %s %s\n      %s\n", commands[i].name, commands[i].arguments,
	    commands[i].summary);
}

static int help_all(void)
{
	puts("Usage:");
	for (size_t i = 0; i < COUNT(commands); i++)
		help(i);
	return EXIT_FINE;
}

int main(int argc, char **argv)
{
	const char *wanted = argc < 2 ? "" : argv[1];

	umask(077);
	if (strcmp(wanted, "version") == 0 || strcmp(wanted, "--version") == 0) {
		printf("chirograph %s (client)\n", chg_version());
		return EXIT_FINE;
	}
	if (is_help(wanted))
		return help_all();
	for (size_t i = 0; i < COUNT(commands); i++) {
		if (strcmp(commands[i].name, wanted) != 0)
			continue;
		if (argc == 3 && is_help(argv[2])) {
			help(i);
			return EXIT_FINE;
		}
		return commands[i].run(argc - 1, argv + 1);
	}
	complain_text("%s%s; try chirograph help",
	    wanted[0] != '\0' ? "unknown command " : "which command?", wanted);
	return EXIT_WRONG_USE;
}
