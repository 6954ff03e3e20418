/*
 * `chirograph maintenance on|off`: a file in DIR/run says so. A running server looks for it every
 * second and one that starts looks at once, so maintenance outlives a restart in its middle.
 */
#include "main/command.h"

#include "main/maintenance.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void path_write(const char *data, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/run/maintenance", data);
}

bool maintenance_is_on(const char *data)
{
	char path[PATH_MAX];

	path_write(data, path);
	return access(path, F_OK) == 0;
}

static bool maintenance_set(const char *data, bool is_on)
{
	char path[PATH_MAX];
	int fd;

	path_write(data, path);
	if (!is_on)
		return unlink(path) == 0 || errno == ENOENT;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd >= 0 && close(fd) == 0;
}

int command_maintenance(int argc, char **argv)
{
	const char *data = NULL;
	const struct option_spec specs[] = {{.name = "--data", .value = &data}};
	struct tool tool = {0};
	bool is_done;

	if (!options_take(&argc, argv, specs, 1))
		return EXIT_USAGE;
	if (argc != 2 || (strcmp(argv[1], "on") != 0 && strcmp(argv[1], "off") != 0)) {
		complain_text("maintenance: say on or off");
		return EXIT_USAGE;
	}
	is_done = tool_open(&tool, data, NULL);
	if (is_done && !maintenance_set(tool.config.data, strcmp(argv[1], "on") == 0)) {
		complain_text("%s/run/maintenance: %s", data, strerror(errno));
		is_done = false;
	}
	if (is_done)
		printf("maintenance is %s\n", argv[1]);
	tool_close(&tool);
	return is_done ? 0 : 1;
}
