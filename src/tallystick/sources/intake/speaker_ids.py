"""The ids of what was seen and not told: one of a list, a subscription and a type. Pure."""

from __future__ import annotations

import hashlib

from tallystick.sources.intake.event import EventType

SEEN_ID = "seen-"


def seen_id(number: int, subject: str, place: int, type: EventType) -> str:
    """At most 200 characters, whatever the subject is called. They sort in the order of what was
    seen: by list, and within one by ``place``."""
    name = hashlib.sha256(subject.encode()).hexdigest()[:32]
    return f"{SEEN_ID}{number:010}-{name}-{place}-{type.value.removeprefix('subscription.')}"
