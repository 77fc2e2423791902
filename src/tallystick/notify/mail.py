"""The mail server of this installation, and one mail to it."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

from tallystick.kit.address import is_loopback
from tallystick.kit.secrets import Secret
from tallystick.notify.outgoing import Outgoing
from tallystick.notify.shapes import as_mail
from tallystick.notify.wire import SECONDS, NotDelivered

PORTS = {"smtp": 587, "smtps": 465}
_SENDER = re.compile(r"[ -~]{3,320}")


class WrongSetting(ValueError):
    """A setting cannot be meant. The sentence does not quote it: it may hold a password."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """``smtp``: TLS by STARTTLS, except on this machine; ``smtps``: from the first byte."""

    scheme: str
    host: str
    port: int
    sender: str
    user: str = ""
    password: Secret = field(default=Secret(""))
    seconds: float = SECONDS

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> MailServer | None:
        """None when none is set. Raises WrongSetting naming the variable."""
        url, sender = (environment.get(name, "") for name in ("TALLYSTICK_SMTP_URL", FROM))
        if not url:
            return None
        try:
            parts = urlsplit(url)
            port = parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise WrongSetting(f"TALLYSTICK_SMTP_URL {LIKE}") from None
        if not parts.hostname or parts.path.strip("/") or parts.query:
            raise WrongSetting(f"TALLYSTICK_SMTP_URL {LIKE}")
        if not _SENDER.fullmatch(sender) or "@" not in parseaddr(sender)[1]:
            raise WrongSetting(f"{FROM} must be an address, like Tallystick <t@example.com>")
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port,
            sender=sender,
            user=unquote(parts.username or ""),
            password=Secret(unquote(parts.password or "")),
        )

    def send(self, message: Outgoing, *, to: str) -> None:
        """Raises NotDelivered unless the server took it."""
        try:
            with self._open() as server:
                if self.user:
                    server.login(self.user, self.password.reveal())
                data = as_mail(message, sender=self.sender, to=to)
                server.sendmail(parseaddr(self.sender)[1], [to], data)
        except (smtplib.SMTPException, OSError, ssl.SSLError) as error:
            raise NotDelivered(_plain(error)) from None

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.scheme == "smtps":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.seconds, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=self.seconds)
        try:
            if not is_loopback(self.host):
                server.starttls(context=context)
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
        return server


FROM = "TALLYSTICK_MAIL_FROM"
LIKE = "must be like smtp://user:password@mail.example.com:587"


def _plain(error: Exception) -> str:
    """What failed; a server's own words are not repeated, they may quote what was sent."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return "The mail server refused the user or the password."
        case smtplib.SMTPRecipientsRefused():
            codes = sorted({code for code, _ in error.recipients.values()})
            return f"The mail server refused the address ({', '.join(map(str, codes))})."
        case smtplib.SMTPNotSupportedError():
            return "The mail server offers no TLS, or no sign-in."
        case smtplib.SMTPResponseException():
            return f"The mail server refused it ({error.smtp_code})."
        case ssl.SSLError():
            return "The mail server's certificate is not valid."
        case _:
            return "The mail server could not be reached, or broke off."
