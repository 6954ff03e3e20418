/*
 * chirograph: one program, a table of subcommands. Started with --role=NAME it is one of the
 * processes that the supervisor keeps; that argument is not for people.
 */
#include "main/command.h"
#include "main/role.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct subcommand commands[] = {
    {"init", "--data DIR [--organization NAME] [--base-url URL] [--set KEY=VALUE]…",
	"make a data folder, its keys and the first organisation", command_init},
    {"serve", "--data DIR [--listen ADDR:PORT] [--base-url URL]… [--set KEY=VALUE]…",
	"run the server", command_serve},
    {"doctor", "--data DIR [--set KEY=VALUE]…",
	"check keys, database, disk, clock, mail, time-stamps, jobs; say what to do",
	command_doctor},
    {"organization", "help|list|add|show|set|user|key|integration|webhook|smtp …",
	"manage organisations, their people, keys, integrations, webhooks and mail servers",
	command_organization, true},
    {"config", "[--data DIR] [--set KEY=VALUE]…",
	"print every configuration key, its value and where it came from", command_config},
    {"keys",
	"list|rotate response|webhook|seal|tls --data DIR [--from DATE] [--overlap DAYS] "
	"[--valid-until DATE]",
	"list the platform's public keys, or make a new one beside the old", command_keys},
    {"jobs", "list|retry --data DIR [--job N|all]",
	"list the messages, webhooks and seals that were given up, or run them again",
	command_jobs},
    {"incidents", "--data DIR [--id X]", "list the incidents that callers were told with a 500",
	command_incidents},
    {"outbox", "--data DIR [--show NAME]",
	"list or print the messages that no server carries: the sandbox's, and all without "
	"mail.host",
	command_outbox},
    {"backup", "--data DIR --to DIR2 [--with-root-key]",
	"copy database, files and keys beside a running server", command_backup},
    {"maintenance", "on|off --data DIR",
	"answer 503 on the API and the signers' pages, or no longer", command_maintenance},
    {"routes", "", "print the route table as JSON lines", command_routes},
#define CLIENT_COMMAND(name, function, needs_curl, arguments, summary) \
	{name, arguments, summary, command_##function},
#include "cli/commands.def"
#undef CLIENT_COMMAND
    {"version", "", "print the version", command_version},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

int command_version(int argc, char **argv)
{
	printf("chirograph %s\n", CHIROGRAPH_VERSION);
	return 0;
}

int main(int argc, char **argv)
{
	umask(077); /* every file of ours is its owner's alone */
	mem_setup();
	json_setup();
	if (argc == 2 && strncmp(argv[1], "--role=", 7) == 0)
		return role_main(argv[1] + 7);
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return command_version(0, NULL);
	log_threshold(LOG_LEVEL_WARN);
	return command_choose(commands, COMMANDS, "chirograph", argc, argv);
}
