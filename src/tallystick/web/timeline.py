"""The timeline of a subscription: its operations with what became of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from tallystick.catalog.because import Because, read_because
from tallystick.connections.policies import PriceDay
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.queries import DeliveryView, OperationView
from tallystick.ledger.state import SETTLED, STOPPED
from tallystick.mappings.rows import Row
from tallystick.web.attempts import Tried, tried
from tallystick.web.words import amount

_SOURCES = {
    "screen": "on a screen",
    "api": "by the API",
    "import": "by an import",
    "margin_rule": "by a margin rule",
    "price_list": "by a price list",
}
# Of a source, by how it became known; its name is the actor.
_TOLD = {
    "events": "(told by the source)",
    "partner_center": "(told by the source)",
    "pax8": "(told by the source)",
    "seen": "(seen, not told)",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an operation on one connection."""

    connection_name: str
    view: DeliveryView
    tried: Sequence[Tried] = field(default_factory=tuple)

    @property
    def stopped(self) -> bool:
        return self.view.state in STOPPED

    @property
    def was_tried(self) -> bool:
        return self.view.tries > 0 or self.view.proved_at is not None or self.stopped

    @property
    def words(self) -> str:
        """One sentence about where it stands; empty when the state says it all."""
        return self.view.cause


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation of the timeline."""

    operation: OperationView
    outcomes: Sequence[Outcome]
    is_head: bool
    waits_behind: int | None
    # Whose operation that is, where one line bills both.
    waits_for: str = ""

    @property
    def source(self) -> str:
        source = self.operation.source
        told = _TOLD.get(source.partition(":")[0])
        return told or _SOURCES.get(source, f"by {source}")

    @property
    def more(self) -> str:
        """What the heading leaves out: another cost, and when a price was asked to begin."""
        before, after = self.operation.before, self.operation.after
        parts = []
        if self.operation.kind is OperationKind.UPDATE_PRICE_MARGIN:
            was, cost = _amount(before.get("unit_cost")), _amount(after.get("unit_cost"))
            parts += [f"Unit cost {was} to {cost}"] if was != cost else []
            if asked := after.get("price_from"):
                parts.append(f"Asked for: {PriceDay(asked).label.lower()}")
        return ". ".join(parts) + "." if parts else ""

    @property
    def because(self) -> Because | None:
        """Why its amounts are what they are."""
        return read_because(self.operation.after)

    @property
    def is_held(self) -> bool:
        """Whether it waits for a person's approval: nothing is wrong with it."""
        return any(one.view.awaits_approval for one in self.outcomes)

    @property
    def tone(self) -> str:
        if not self.outcomes:
            return "secondary"
        return self.outcomes[-1].view.state.tone


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stops a subscription, and how many wait behind it. ``to_approve``: nothing is wrong,
    so many wait for a person's approval."""

    operation: OperationView | None
    cause: str
    waiting_behind: int
    to_approve: int = 0


def blocker_of(row: Row) -> Blocker | None:
    """Only of a red subscription, or of one that waits for approval."""
    held = row.badge.kind is BadgeKind.WAITING_FOR_APPROVAL
    if row.badge.kind is not BadgeKind.OUT_OF_SYNC and not held:
        return None
    behind = row.badge.pending - 1 if row.head is not None else row.badge.pending
    return Blocker(
        row.head, row.badge.cause, max(0, behind), to_approve=row.badge.to_approve if held else 0
    )


def entries(
    operations: Sequence[OperationView],
    *,
    names: Mapping[int, str],
    head: OperationView | None,
    whose: str = "",
) -> list[Entry]:
    """``head`` is the operation that is next to be settled; what is behind it waits for it.
    ``whose``: another subscription's, on the same line."""
    found = [_entry(operation, names, head) for operation in operations]
    return [replace(one, waits_for=whose) for one in found] if whose else found


def _amount(stored: str | None) -> str:
    return "none" if stored is None else amount(Decimal(stored))


def _entry(operation: OperationView, names: Mapping[int, str], head: OperationView | None) -> Entry:
    outcomes = [
        Outcome(
            connection_name=names.get(view.connection_id, "another connection"),
            view=view,
            tried=tried(view.attempts),
        )
        for view in operation.deliveries
    ]
    is_head = head is not None and head.id == operation.id
    unsettled = any(one.view.state not in SETTLED for one in outcomes)
    behind = head.sequence if head is not None and unsettled and not is_head else None
    return Entry(operation, outcomes, is_head, behind)
