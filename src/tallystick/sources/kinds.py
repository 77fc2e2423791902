"""The kinds of sources, and what each can do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SourceKind(StrEnum):
    EVENTS = "events"
    PARTNER_CENTER = "partner_center"
    PAX8 = "pax8"

    @property
    def label(self) -> str:
        return {
            SourceKind.EVENTS: "Events and snapshots sent to us",
            SourceKind.PARTNER_CENTER: "Microsoft Partner Center",
            SourceKind.PAX8: "Pax8",
        }[self]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a kind of source can be asked or can tell. ``history_days``: None is without an end."""

    feed: bool
    webhook: bool
    snapshot: bool
    price: bool
    cost: bool
    history_days: int | None


CAPABILITIES = {
    SourceKind.EVENTS: Capabilities(True, True, True, True, True, None),
    SourceKind.PARTNER_CENTER: Capabilities(True, True, True, False, False, 90),
    SourceKind.PAX8: Capabilities(True, True, True, True, True, None),
}
