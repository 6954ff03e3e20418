/*
 * Binding an address. Of a name's or empty address's possibilities the first that binds is taken;
 * an empty address means IPv6 and IPv4 through one socket.
 */
#include "main/listen.h"

#include "base/bytes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LISTEN_BACKLOG 1024
#define LISTEN_TRIES 60 /* 50 ms apart */

static bool split(const char *text, char *host, char *port, size_t room)
{
	const char *colon = strrchr(text, ':');
	size_t size;

	if (colon == NULL || colon[1] == '\0' || strlen(colon + 1) >= room)
		return false;
	size = (size_t)(colon - text);
	if (size >= 2 && text[0] == '[' && text[size - 1] == ']') {
		text++;
		size -= 2;
	} else if (memchr(text, ':', size) != NULL) {
		return false; /* an IPv6 address needs its brackets */
	}
	if (size >= room)
		return false;
	memcpy(host, text, size);
	host[size] = '\0';
	snprintf(port, room, "%s", colon + 1);
	return true;
}

static void options_set(int fd, int family)
{
	int on = 1, off = 0;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* accepted sockets inherit it */
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
}

static int bind_one(const struct addrinfo *a)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	options_set(fd, a->ai_family);
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

/* IPv6 first: with it one socket serves both. */
static int bind_any(const struct addrinfo *list)
{
	int fd = -1;

	for (int wants_6 = 1; wants_6 >= 0; wants_6--)
		for (const struct addrinfo *a = list; fd < 0 && a != NULL; a = a->ai_next)
			if ((a->ai_family == AF_INET6) == wants_6)
				fd = bind_one(a);
	return fd;
}

/* The roles of a server that was killed end a moment after it, and hold its socket until then. */
static int bind_patiently(const struct addrinfo *list)
{
	static const struct timespec pause = {0, 50 * 1000 * 1000};
	int fd = bind_any(list);

	for (unsigned n = 0; fd < 0 && errno == EADDRINUSE && n < LISTEN_TRIES; n++) {
		nanosleep(&pause, NULL);
		fd = bind_any(list);
	}
	return fd;
}

static int bound_port(int fd)
{
	struct sockaddr_storage at;
	socklen_t size = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &size) != 0)
		return 0;
	return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
					      : ((struct sockaddr_in *)&at)->sin_port);
}

static void address_write(const char *host, int port, char out[LISTEN_ADDRESS_MAX])
{
	bool is_any = host[0] == '\0' || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
	const char *shown = is_any ? "localhost" : host;
	bool is_6 = strchr(shown, ':') != NULL;

	snprintf(
	    out, LISTEN_ADDRESS_MAX, "%s%s%s:%d", is_6 ? "[" : "", shown, is_6 ? "]" : "", port);
}

enum err listen_open(
    const char *text, int *fd, char address[LISTEN_ADDRESS_MAX], struct fault *fault)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
	char host[64], port[64];

	if (!split(text, host, port, sizeof(host)) ||
	    getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &list) != 0)
		return fault_set(
		    fault, ERR_CONFIG, "server.listen", "\"%s\" is not ADDRESS:PORT.", text);
	*fd = bind_patiently(list);
	freeaddrinfo(list);
	if (*fd < 0)
		return fault_set(fault, ERR_CONFIG, "server.listen", "%s cannot be bound: %s.",
		    text, strerror(errno));
	address_write(host, bound_port(*fd), address);
	return OK;
}
