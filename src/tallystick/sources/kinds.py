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

    @property
    def connect_words(self) -> str:
        return {
            SourceKind.EVENTS: "Let a marketplace tell",
            SourceKind.PARTNER_CENTER: "Connect Partner Center",
            SourceKind.PAX8: "Connect Pax8",
        }[self]

    @property
    def lead(self) -> str:
        """What it is for, before it is connected."""
        return {
            SourceKind.EVENTS: (
                "Another system sends what happens to subscriptions as events, or lists of what "
                "there is. It gets a token of its own, which sees nothing."
            ),
            SourceKind.PARTNER_CENTER: (
                "For direct-bill partners and indirect providers: Microsoft gives indirect "
                "resellers no access. Register an application in Microsoft Entra and let it read "
                "Partner Center. It is read every 15 minutes; nothing is ever changed there. "
                "Prices come from your price lists, its price sheet among them, and margin rules."
            ),
            SourceKind.PAX8: (
                "Make credentials in Pax8's portal. It is read every 15 minutes, with prices and "
                "costs; nothing is ever changed there."
            ),
        }[self]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a kind of source can be asked or can tell, as far as it is built here.

    ``webhook``: it calls us; ``history_days``: None is without an end.
    """

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
