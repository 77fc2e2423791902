"""A few answers of a source, redacted: for whoever makes tests of them. Nothing is stored here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tallystick.sources.redact import LEFT_OUT, Redaction
from tallystick.sources.wire import Reply

# Of a list so many, and so many answers: enough to see how it writes.
MOST_ITEMS = 20
MOST_ANSWERS = 20
# What signs in is not recorded at all.
_SIGNS_IN = ("login.microsoftonline.com",)


@dataclass(slots=True)
class Traffic:
    """What came back, redacted, in its order."""

    redaction: Redaction = field(default_factory=Redaction)
    answers: list[dict[str, Any]] = field(default_factory=list)

    def heard(self, method: str, url: str, reply: Reply) -> None:
        """As ``SourceWire`` tells it."""
        parts = urlsplit(url)
        signs_in = parts.hostname in _SIGNS_IN or parts.path.endswith("/token")
        if signs_in or len(self.answers) >= MOST_ANSWERS:
            return
        self.answers.append(
            {
                "method": method,
                "host": parts.hostname,
                "path": self.redaction.path(parts.path),
                "status": reply.status,
                "body": self.redaction.of(_shortened(reply)),
            }
        )


def _shortened(reply: Reply) -> Any:
    """The first of each list; what is no JSON is left out."""
    try:
        body = json.loads(reply.body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return LEFT_OUT
    if isinstance(body, Mapping):
        return {
            name: part[:MOST_ITEMS] if isinstance(part, list) else part
            for name, part in body.items()
        }
    return body[:MOST_ITEMS] if isinstance(body, list) else body
