"""A message as those who carry it get it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

FOOT = "You get this because it was chosen in Tallystick, under Notifications."


@dataclass(frozen=True, slots=True)
class Outgoing:
    """``text`` has a paragraph a line; ``message_id`` is the same each time it is sent."""

    message_id: str
    kind: str
    subject: str
    text: str
    link: str
    facts: Mapping[str, Any]
    created_at: datetime
    foot: str = FOOT  # the last line of an e-mail: why one gets it
