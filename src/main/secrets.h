/*
 * The secrets that the configuration names by file: mail password, gateways' tokens, extra
 * authorities. front holds them in memory, since its sandbox reads no file of the operator's; at
 * SIGHUP the supervisor reads them again and sends them as sealed memory files.
 */
#ifndef CHIROGRAPH_MAIN_SECRETS_H
#define CHIROGRAPH_MAIN_SECRETS_H

#include "main/config.h"

#include "base/wire.h"

struct front_secrets {
	struct buf mail_password, mail_ca, sms_token, whatsapp_token, webhook_ca;
};

/* ERR_CONFIG, with a line in the log that names the key, when a file cannot be read. Free always. */
enum err CHECKED secrets_read(const struct config *config, struct front_secrets *secrets);
enum err CHECKED secrets_copy(struct front_secrets *to, const struct front_secrets *from);
void secrets_free(struct front_secrets *secrets);

/* One frame from the supervisor to front. Front takes the last that waits: ERR_NOT_FOUND when
 * there is none, or when it says that nothing changes. */
enum err CHECKED reload_send(
    int sock, const struct config *config, const struct front_secrets *secrets);
enum err CHECKED reload_send_nothing(int sock);
enum err CHECKED reload_take(int sock, struct config *config, struct front_secrets *secrets);

/* Takes from `fresh` what may change while the server runs (mail, gateways, webhooks, log level);
 * for other keys that differ a line in the log says that they wait for a restart. */
enum err CHECKED config_refresh(struct config *config, const struct config *fresh);

#endif
