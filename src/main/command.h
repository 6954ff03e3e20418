/*
 * Subcommands: a table from which main() chooses and from which the help is printed; each command
 * has a file of its own. Commands print to standard output, faults go to standard error, exit
 * status 2 means that the command line was wrong.
 */
#ifndef CHIROGRAPH_MAIN_COMMAND_H
#define CHIROGRAPH_MAIN_COMMAND_H

#include "main/broker.h"
#include "main/config.h"

#include "cli/options.h"

#include "keyd/keyd.h"
#include "store/store.h"

#define EXIT_USAGE 2

struct subcommand {
	const char *name, *arguments, *summary;
	int (*run)(int argc, char **argv); /* argv[0] is the command's name */
	bool has_own_help;
};

int command_choose(
    const struct subcommand *table, size_t count, const char *program, int argc, char **argv);
bool is_help(const char *word); /* help, --help, -h */
void command_help(const struct subcommand *table, size_t count, const char *program);

/* What most commands open. Zero-initialise; close once whatever happened. */
struct tool {
	struct config config;
	struct broker *broker;
	struct keyd *keyd;
	struct store *store;
};

/* Says what is wrong and returns false. tool_open_store needs tool_open first. */
bool tool_open(struct tool *t, const char *data, const char *const *flags);
bool tool_load(
    struct tool *t, const char *data, const char *const *flags); /* without folder_check */
bool tool_open_keyd(struct tool *t);
bool tool_open_store(struct tool *t);
void tool_close(struct tool *t);

/* "chirograph: <what>: <why>" to standard error. */
void complain(const char *what, enum err e, const struct fault *fault);
/* A sentence for the operator and what to do next; good until the next call. */
const char *advice_for(enum err e);

/* Is DIR its owner's alone, and are we he or root? The fault says what to do. */
enum err CHECKED folder_check(const char *data, struct fault *fault);
/* As root: become the owner of the data folder, so that files made are his. */
enum err CHECKED privileges_drop(const char *data);
enum err CHECKED folders_make(const char *data); /* what DIR must hold beside keys */

int command_serve(int argc, char **argv);
int command_init(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_config(int argc, char **argv);
int command_organization(int argc, char **argv);
int command_keys(int argc, char **argv);
int command_jobs(int argc, char **argv);
int command_incidents(int argc, char **argv);
int command_outbox(int argc, char **argv);
int command_backup(int argc, char **argv);
int command_maintenance(int argc, char **argv);
int command_routes(int argc, char **argv);
int command_version(int argc, char **argv);
#define CLIENT_COMMAND(name, function, needs_curl, arguments, summary) \
	int command_##function(int argc, char **argv);
#include "cli/commands.def"
#undef CLIENT_COMMAND

#endif
