/*
 * What an error means to who stands at the command line: a sentence, and the next step. The API's
 * words are for its callers, and a symbol is for the log.
 */
#include "main/command.h"

#include <stdio.h>
#include <string.h>

#define REPORT "this is a fault of the program: report it with the lines above"

static const char *const advice[ERR_COUNT_] = {
    [ERR_INTERNAL] = REPORT,
    [ERR_LIMIT] = REPORT,
    [ERR_CRYPTO] = REPORT,
    [ERR_MEMORY] = "there is too little memory: free some and run this again",
    [ERR_DECRYPT] = "what is stored does not open with keys/root.key: put back the one that "
		    "belongs to this data folder, from its own copy",
    [ERR_STORE] = "the database cannot be used: run chirograph doctor, and restore the backup if "
		  "the lines above speak of a damaged file",
    [ERR_SCHEMA_NEWER] = "the database was made by a newer version of chirograph: run that one",
    [ERR_SCHEMA_CHANGED] = "the database was made by a version of chirograph that was never "
			   "released: run that one, or restore a backup",
    [ERR_IO] = "a file cannot be read or written: look at the owner and mode of the folder and "
	       "its files, and at the room on the disk",
    [ERR_NO_SPACE] = "the disk is full: make room and run this again",
    [ERR_PEER_GONE] = "the process that holds the keys ended: the lines above say why; then run "
		      "chirograph doctor",
    [ERR_TIMEOUT] = "no answer came in time: run this again when the machine is less busy",
    [ERR_BUSY] = "another process holds the database: run this again in a moment",
    [ERR_NOT_FOUND] = "there is none with this name or number: the list command shows what there "
		      "is",
    [ERR_CONFLICT] = "there is one already, or another server runs on this data folder",
    [ERR_CONFIG] = "an argument or a setting is wrong: the lines above say which, or see "
		   "chirograph help and chirograph config",
};

const char *advice_for(enum err e)
{
	static char text[256];
	const struct err_row *row = err_row(e);

	if ((unsigned)e < ERR_COUNT_ && advice[e] != NULL)
		return advice[e];
	/* The sentence without its places for a field and a detail. */
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(row->english, "{"), row->english);
	for (size_t n = strlen(text); n > 0 && strchr(" :.", text[n - 1]) != NULL; n--)
		text[n - 1] = '\0';
	return text;
}
