/*
 * The client's commands as commands of this program. They know nothing of it; what is done here is
 * opening libcurl for those that need it (base/late.h).
 */
#include "main/command.h"

#include "base/late.h"
#include "cli/client.h"
#include "courier/carry.h"

static int client_run(int (*run)(int, char **), bool needs_curl, int argc, char **argv)
{
	enum err e = needs_curl ? late_open(&late_curl) : OK;

	if (e == OK)
		return run(argc, argv);
	complain("libcurl", e, NULL);
	return EXIT_FAILED;
}

#define CLIENT_COMMAND(name, function, needs_curl, arguments, summary) \
	int command_##function(int argc, char **argv) \
	{ \
		return client_run(function, needs_curl, argc, argv); \
	}
#include "cli/commands.def"
#undef CLIENT_COMMAND
