"""The first look at a line before it is ours to bill: what it has, what we have, what differs.

Nothing is sent by looking, and nothing by adopting what was seen: a person decides which counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tallystick.audit.events import Event
from tallystick.audit.record import Actor, Subject, record
from tallystick.connections.included import billed_in_words
from tallystick.connections.trouble import BillingError, Unclear
from tallystick.ledger.expected import expect
from tallystick.ledger.models import Lane
from tallystick.ledger.second_writer import RECENT
from tallystick.mappings.map_subscription import Place
from tallystick.sync.compare import Match, Periods, match, snapshot
from tallystick.sync.port import Billing, Line, UnitRow
from tallystick.sync.unexpected import in_words


@dataclass(frozen=True, slots=True)
class Ours:
    """What the subscription has; prices only in the connection's own currencies.

    ``units``: those that are billed, which are fewer than the ``quantity`` where some are included.
    """

    units: int
    unit_price: Decimal | None
    unit_cost: Decimal | None
    quantity: int | None = None
    included: int = 0

    def in_words(self) -> str:
        """``12``, or ``12, of which 2 are included: 10 billed``."""
        return billed_in_words(
            self.units if self.quantity is None else self.quantity, self.included
        )


@dataclass(frozen=True, slots=True)
class Look:
    """What a line shows from ``since`` on, oldest first, and whether it is what we have."""

    since: date
    rows: Sequence[UnitRow]
    match: Match
    # What it showed in the 90 days before, too.
    history: Sequence[UnitRow] = ()

    @property
    def is_same(self) -> bool:
        return self.match is Match.SAME

    @property
    def units(self) -> int:
        """On the first day; 0 when it shows nothing."""
        return self.rows[0].units if self.rows else 0

    def in_words(self) -> str:
        """``12 units (amount 182.40)``."""
        return in_words(self.rows) if self.rows else "no units"


def look_at(
    billing: Billing, wanted: Mapping[int, tuple[Place, Ours]], *, since: date
) -> Mapping[int, Look]:
    """By subscription, many lines a call. Raises BillingError.

    A line of its own does not exist yet: it is not looked at. What it showed before ``since`` is
    for telling only: when that cannot be understood, it is left out.
    """
    lines = {
        key: Line(place.contract_id, place.line_id)
        for key, (place, _) in wanted.items()
        if place.line_id is not None
    }
    found = _with_history(billing, set(lines.values()), since) if lines else {}
    looks = {}
    for key, line in lines.items():
        place, ours = wanted[key]
        rows = [row for row in found[line] if row.until > since]
        seen = match(
            rows,
            units=ours.units,
            unit_price=ours.unit_price,
            unit_cost=ours.unit_cost,
            periods=Periods(place.contract_starts_on, place.period_months, place.contract_ends_on),
        )
        looks[key] = Look(since, rows, seen, history=found[line])
    return looks


def _with_history(
    billing: Billing, lines: Collection[Line], since: date
) -> Mapping[Line, tuple[UnitRow, ...]]:
    try:
        return billing.observe(lines, since=since - RECENT)
    except Unclear:
        return billing.observe(lines, since=since)


def units_on(billing: Billing, lines: Collection[Line], *, day: date) -> Mapping[Line, int | None]:
    """What other lines bill on a day: 0 without a row then, None when it could not be read."""
    try:
        found = billing.observe(lines, since=day) if lines else {}
    except BillingError:
        return dict.fromkeys(lines)
    return {
        line: next((row.units for row in rows if row.starts_on <= day), 0)
        for line, rows in found.items()
    }


def adopt(
    lane_id: int,
    look: Look,
    ours: Ours,
    *,
    subject: Subject,
    actor: Actor,
    now: datetime,
    correlation_id: str,
) -> None:
    """What was seen is what is expected from now on. In the transaction that maps."""
    lane = Lane.objects.select_for_update(no_key=True).get(pk=lane_id)
    price = ours.unit_price if look.is_same else None
    cost = ours.unit_cost if look.is_same else None
    shown = list(look.rows) or [UnitRow(look.since, date.max, 0, None, None, False)]
    for row in shown:
        if lane.expected_units != row.units:
            expect(
                lane,
                units=row.units,
                unit_price=price,
                unit_cost=cost,
                day=max(row.starts_on, look.since),
                now=now,
            )
    lane.proved_at = now
    lane.save()
    record(
        Event.ADOPT_LINE,
        actor=actor,
        now=now,
        subject=subject,
        correlation_id=correlation_id,
        summary=f"Autotask shows {look.in_words()}: expected from now on",
        details=_details(look, ours),
    )


def _details(look: Look, ours: Ours) -> dict[str, Any]:
    return {
        "ours": {
            "units": ours.units,
            "unit_price": None if ours.unit_price is None else f"{ours.unit_price:f}",
            "unit_cost": None if ours.unit_cost is None else f"{ours.unit_cost:f}",
        },
        "proved": {"rows": snapshot(look.rows)},
    }
