"""A mail server that keeps what it takes: aiosmtpd with STARTTLS or TLS, a login, and addresses that it refuses."""

import email
import email.policy
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from .services import free_port
from .tls import server_context

USER, PASSWORD = "reporter", "geheim \"1\""


class MailServer:
    """`tls`: "starttls", "tls" or None. `mails` is what came: (sender, recipients, message). `busy` mails are put off first."""

    def __init__(self, folder, tls="starttls", refused=(), busy=0):
        self.mails, self.refused, self.busy, self.ca_file, self.scheme = [], refused, busy, None, "smtps" if tls == "tls" else "smtp"
        self.port, options, context = free_port(), {}, None
        if tls:
            self.ca_file, context = server_context(folder)
        if tls == "starttls":
            options = {"tls_context": context, "require_starttls": True}
        elif tls == "tls":
            options = {"ssl_context": context}
        warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")  # it is TLS from the first byte
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, auth_required=bool(tls), auth_require_tls=tls == "starttls",
                                      authenticator=self._login, **options)
        self._controller.start()

    def url(self, host="localhost"):
        return f"{self.scheme}://{host}:{self.port}"

    def close(self):
        self._controller.stop()

    @staticmethod
    def _login(_server, _session, _envelope, _mechanism, login):
        return AuthResult(success=(login.login, login.password) == (USER.encode(), PASSWORD.encode()), handled=False)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address in self.refused:
            return f"550 no mailbox {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        if self.busy > 0:
            self.busy -= 1
            return "451 later"
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 OK"
