/*
 * See the header. Both sides go through one table of rows, in one order.
 */
#include "main/secrets.h"

#include "base/limits.h"
#include "base/log.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#define SECRET_MAX (256 * LIMIT_KB)
#define SECRETS 5
#define RELOAD_MS 1000

struct secret_row {
	enum config_key key;
	struct buf *to;
};

static void rows_of(struct front_secrets *s, struct secret_row rows[SECRETS])
{
	const struct secret_row all[SECRETS] = {
	    {CONFIG_MAIL_PASSWORD_FILE, &s->mail_password},
	    {CONFIG_MAIL_CA_FILE, &s->mail_ca},
	    {CONFIG_SMS_TOKEN_FILE, &s->sms_token},
	    {CONFIG_WHATSAPP_TOKEN_FILE, &s->whatsapp_token},
	    {CONFIG_WEBHOOK_CA_FILE, &s->webhook_ca},
	};

	memcpy(rows, all, sizeof(all));
	for (size_t i = 0; i < SECRETS; i++)
		if (rows[i].to->data == NULL)
			buf_init(rows[i].to, SECRET_MAX);
}

enum err secrets_read(const struct config *config, struct front_secrets *secrets)
{
	struct secret_row rows[SECRETS];

	rows_of(secrets, rows);
	for (size_t i = 0; i < SECRETS; i++) {
		if (config_secret(config, rows[i].key, rows[i].to) == OK)
			continue;
		log_error("a file of the configuration cannot be read by the data folder's owner",
		    "key=%s file=%s", config_rows[rows[i].key].name,
		    config_text(config, rows[i].key));
		return ERR_CONFIG;
	}
	return OK;
}

enum err secrets_copy(struct front_secrets *to, const struct front_secrets *from)
{
	struct secret_row source[SECRETS], target[SECRETS];

	rows_of((struct front_secrets *)from, source);
	rows_of(to, target);
	for (size_t i = 0; i < SECRETS; i++) {
		buf_put_span(target[i].to, buf_span(source[i].to));
		TRY(buf_done(target[i].to));
	}
	return OK;
}

void secrets_free(struct front_secrets *secrets)
{
	struct secret_row rows[SECRETS];

	rows_of(secrets, rows);
	for (size_t i = 0; i < SECRETS; i++)
		buf_free(rows[i].to);
}

static void files_close(struct wire_writer *w)
{
	for (size_t i = 0; i < w->fd_count; i++)
		close(w->fds[i]);
}

static enum err file_put(struct wire_writer *w, struct span bytes)
{
	int fd = wire_memfd(bytes);

	ENSURE(fd >= 0, ERR_MEMORY);
	wire_put_fd(w, fd);
	return OK;
}

static enum err files_put(
    struct wire_writer *w, const struct config *config, const struct front_secrets *secrets)
{
	struct secret_row rows[SECRETS];
	struct buf packed CLEANUP(buf_free);

	buf_init(&packed, LIMIT_CONFIG_BYTES);
	TRY(config_pack(config, &packed));
	TRY(file_put(w, buf_span(&packed)));
	rows_of((struct front_secrets *)secrets, rows);
	for (size_t i = 0; i < SECRETS; i++)
		TRY(file_put(w, buf_span(rows[i].to)));
	return OK;
}

enum err reload_send(int sock, const struct config *config, const struct front_secrets *secrets)
{
	struct wire_writer w CLEANUP(wire_writer_free);
	enum err e;

	wire_writer_init(&w);
	wire_put_u32(&w, 1);
	e = files_put(&w, config, secrets);
	if (e == OK)
		e = wire_send(sock, &w, RELOAD_MS);
	files_close(&w);
	return e;
}

enum err reload_send_nothing(int sock)
{
	struct wire_writer w CLEANUP(wire_writer_free);

	wire_writer_init(&w);
	wire_put_u32(&w, 0);
	return wire_send(sock, &w, RELOAD_MS);
}

static enum err file_take(struct wire_reader *r, size_t limit, struct buf *out)
{
	int fd = wire_fd(r);
	enum err e;

	ENSURE(fd >= 0, ERR_PEER_GONE);
	e = wire_fd_read(fd, limit, out);
	close(fd);
	return e;
}

static enum err files_take(
    struct wire_reader *r, struct config *config, struct front_secrets *secrets)
{
	struct secret_row rows[SECRETS];
	struct buf packed CLEANUP(buf_free);

	buf_init(&packed, LIMIT_CONFIG_BYTES);
	TRY(file_take(r, LIMIT_CONFIG_BYTES, &packed));
	TRY(config_unpack(config, buf_span(&packed)));
	rows_of(secrets, rows);
	for (size_t i = 0; i < SECRETS; i++)
		TRY(file_take(r, SECRET_MAX, rows[i].to));
	return wire_end(r) ? OK : ERR_PEER_GONE;
}

enum err reload_take(int sock, struct config *config, struct front_secrets *secrets)
{
	struct pollfd waiting = {.fd = sock, .events = POLLIN};
	enum err e = ERR_NOT_FOUND;

	for (int wait = RELOAD_MS; poll(&waiting, 1, wait) == 1; wait = 0) {
		struct wire_reader r CLEANUP(wire_reader_free);

		wire_reader_init(&r);
		TRY(wire_receive(sock, &r, RELOAD_MS));
		config_free(config);
		secrets_free(secrets);
		e = wire_u32(&r) != 0 ? files_take(&r, config, secrets) : ERR_NOT_FOUND;
	}
	return e;
}

static bool is_live(enum config_key key)
{
	static const enum config_key live[] = {CONFIG_SERVER_LOG_LEVEL, CONFIG_MAIL_HOST,
	    CONFIG_MAIL_PORT, CONFIG_MAIL_SECURITY, CONFIG_MAIL_USER, CONFIG_MAIL_PASSWORD_FILE,
	    CONFIG_MAIL_FROM, CONFIG_MAIL_FROM_NAME, CONFIG_MAIL_CA_FILE, CONFIG_SMS_URL,
	    CONFIG_SMS_TOKEN_FILE, CONFIG_WHATSAPP_URL, CONFIG_WHATSAPP_TOKEN_FILE,
	    CONFIG_WEBHOOK_ALLOW, CONFIG_WEBHOOK_CA_FILE};

	for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++)
		if (live[i] == key)
			return true;
	return false;
}

enum err config_refresh(struct config *config, const struct config *fresh)
{
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		enum config_key key = (enum config_key)i;
		const char *now = config_text(fresh, key);

		if (strcmp(now, config_text(config, key)) == 0)
			continue;
		if (is_live(key))
			TRY(config_set(config, key, now, fresh->values[i].source, NULL));
		else
			log_warn("a changed key of the configuration waits for a restart", "key=%s",
			    config_rows[i].name);
	}
	return OK;
}
