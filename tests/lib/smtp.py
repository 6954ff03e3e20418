#!/usr/bin/python3
"""A real SMTP server for tests (python3-aiosmtpd): STARTTLS or TLS, AUTH, mails kept in memory.

Tells what happens as JSON lines on standard output: {"ready":true,"port":N} first, then one line
for each message that was accepted. Ends when standard input closes. Recipients decide what fails:
reject@… gets 550, later@… gets 451, slow@… waits two seconds before the final answer.
"""
import argparse
import asyncio
import email
import email.policy
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


def emit(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def parse(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    text = message.get_body(preferencelist=("plain",))
    html = message.get_body(preferencelist=("html",))
    return {
        "subject": str(message["subject"]),
        "fromHeader": str(message["from"]),
        "toHeader": str(message["to"]),
        "headers": [[name, str(value)] for name, value in message.items()],
        "defects": [repr(d) for part in message.walk() for d in part.defects],
        "contentType": message.get_content_type(),
        "text": text.get_content() if text else None,
        "html": html.get_content() if html else None,
        "raw": raw.decode("latin-1"),
    }


class Handler:
    def __init__(self, is_always_tls):
        self.is_always_tls = is_always_tls

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("reject@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later@"):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if any(to.startswith("slow@") for to in envelope.rcpt_tos):
            await asyncio.sleep(2)
        raw = envelope.original_content
        mail = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "isTls": self.is_always_tls or session.ssl is not None,
                "user": getattr(session, "login_name", None)}
        mail.update(parse(raw))
        emit(mail)
        return "250 2.0.0 kept"


def authenticator(options):
    def check(server, session, envelope, mechanism, data):
        good = (mechanism in ("LOGIN", "PLAIN") and data.login.decode() == options.user
                and data.password.decode() == options.password)
        if good:
            session.login_name = options.user
        return AuthResult(success=good, handled=False)
    return check


async def main(options):
    tls = None
    if options.security != "plain":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.cert, options.key)
    is_starttls = options.security == "starttls"
    want_auth = options.user is not None
    loop = asyncio.get_running_loop()

    def session():
        return SMTP(Handler(options.security == "tls"), hostname="smtp.test", loop=loop,
                    tls_context=tls if is_starttls else None,
                    require_starttls=is_starttls, auth_required=want_auth,
                    auth_require_tls=is_starttls, enable_SMTPUTF8=True,
                    authenticator=authenticator(options) if want_auth else None)

    server = await loop.create_server(session, options.host, options.port,
                                      ssl=tls if options.security == "tls" else None)
    emit({"ready": True, "port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--security", choices=["starttls", "tls", "plain"], default="starttls")
parser.add_argument("--cert")
parser.add_argument("--key")
parser.add_argument("--user")
parser.add_argument("--password")
asyncio.run(main(parser.parse_args()))
