/*
 * The small roles: read what must be read, enter the sandbox, serve. front has a file of its own.
 */
#include "main/role.h"

#include "base/log.h"
#include "courier/courier.h"
#include "keyd/keyd.h"
#include "main/sandbox.h"
#include "pdf/pdf.h"

static enum err keyd_confine(void *ctx, int keys)
{
	const struct config *c = ctx;
	const char *read_only[] = {config_text(c, CONFIG_TLS_CERTIFICATE_FILE),
	    config_text(c, CONFIG_TLS_KEY_FILE), config_text(c, CONFIG_SEAL_PKCS12_FILE),
	    config_text(c, CONFIG_SEAL_PKCS12_PASSWORD_FILE),
	    config_text(c, CONFIG_SEAL_CERTIFICATE_FILE), config_text(c, CONFIG_SEAL_KEY_FILE),
	    NULL};
	struct sandbox box = {
	    .role = ROLE_KEYD, .data = c->data, .keys = keys, .operator_files = read_only};

	return sandbox_enter(&box);
}

int role_keyd(const struct config *c)
{
	struct keyd_config keyd = {
	    .control = ROLE_SOCKET,
	    .data = c->data,
	    .tls_certificate_file = config_text(c, CONFIG_TLS_CERTIFICATE_FILE),
	    .tls_key_file = config_text(c, CONFIG_TLS_KEY_FILE),
	    .seal_pkcs12_file = config_text(c, CONFIG_SEAL_PKCS12_FILE),
	    .seal_pkcs12_password_file = config_text(c, CONFIG_SEAL_PKCS12_PASSWORD_FILE),
	    .seal_certificate_file = config_text(c, CONFIG_SEAL_CERTIFICATE_FILE),
	    .seal_key_file = config_text(c, CONFIG_SEAL_KEY_FILE),
	    .confine = keyd_confine,
	    .confine_ctx = (void *)c,
	};

	return keyd_serve(&keyd);
}

int role_courier(const struct config *c)
{
	struct sandbox box = {.role = ROLE_COURIER, .data = c->data, .keys = -1};

	if (courier_prepare() != OK || sandbox_enter(&box) != OK)
		return 1;
	return courier_serve(ROLE_SOCKET);
}

int role_press(const struct config *c)
{
	struct sandbox box = {.role = ROLE_PRESS,
	    .data = c->data,
	    .keys = -1,
	    .fonts = config_list(c, CONFIG_FONTS_PATH)};

	if (pdf_prepare() != OK || sandbox_enter(&box) != OK)
		return 1;
	return press_serve(ROLE_SOCKET);
}
