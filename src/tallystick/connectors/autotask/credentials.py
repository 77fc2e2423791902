"""What one connection proves itself with. Never printed, never part of an error's words."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from tallystick.connections.trouble import Misconfigured

_HEADER_VALUE = re.compile(r"[!-~](?:[ -~]{0,510}[!-~])?")

_TELLING = 8  # characters


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AutotaskCredentials:
    """The API user's name and secret, and the 27-character tracking identifier.

    Raises Misconfigured naming the field (never its value) when a value cannot be a header. That
    is checked here because an HTTP library's own complaint would quote the value.
    """

    user_name: str
    secret: str
    integration_code: str

    def __post_init__(self) -> None:
        for each in fields(self):
            if not _HEADER_VALUE.fullmatch(getattr(self, each.name)):
                raise Misconfigured(
                    f"The Autotask {each.name.replace('_', ' ')} is empty, too long, begins or "
                    "ends with a blank, or has a character that is not plain ASCII."
                )

    def __repr__(self) -> str:
        return "AutotaskCredentials(***)"

    __str__ = __repr__

    def headers(self) -> dict[str, str]:
        """The three headers, spelled as the vendor's swagger spells them."""
        return {
            "ApiIntegrationCode": self.integration_code,
            "UserName": self.user_name,
            "Secret": self.secret,
        }

    def scrub(self, body: bytes) -> bytes:
        """An answer's bytes without our two secrets: no data of Autotask's contains them, so
        there they can only be an echo. (Too short to be told from data: left alone.)"""
        for value in (self.secret, self.integration_code):
            if len(value) >= _TELLING:
                body = body.replace(value.encode("ascii"), b"[removed]")
        return body

    def hide(self, text: str) -> str:
        """The text without any of our values, should a hostile or chatty answer repeat them."""
        for value in (self.secret, self.integration_code, self.user_name):
            text = text.replace(value, "[removed]")
        return text
