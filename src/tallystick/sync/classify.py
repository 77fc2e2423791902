"""What a reading after a send means: pure.

The only proof is a reading. *Landed* settles; *base* proves nothing until it was seen twice, at
least the recheck distance apart, after the settle window (counted from the send's deadline); any
third value stops the lane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tallystick.sync.compare import Match, Periods, match, same_values
from tallystick.sync.port import UnitRow
from tallystick.sync.target import Target


class Verdict(StrEnum):
    LANDED = "landed"
    BASE = "base"
    DOUBLED = "doubled"
    REPLACED = "replaced"
    THIRD = "third"


@dataclass(frozen=True, slots=True)
class Sent:
    """What an attempt meant to do, as it was stored before it was sent."""

    base_units: int
    base_rows: Sequence[dict[str, Any]]
    day_start_units: int | None
    day_was_used: bool
    target: Target
    # The rates the line must show once it has landed; None: not known, not compared.
    unit_price: Decimal | None
    unit_cost: Decimal | None

    @property
    def change(self) -> int:
        return self.target.units - self.base_units


def verdict_of(
    rows: Sequence[UnitRow], sent: Sent, *, unit_change: int, periods: Periods
) -> Verdict:
    """``rows`` cover the effective day and everything after it."""
    landed = match(
        rows,
        units=sent.target.units,
        unit_price=sent.unit_price,
        unit_cost=sent.unit_cost,
        periods=periods,
    )
    if landed is Match.SAME:
        return Verdict.LANDED
    if same_values(rows, sent.base_rows):
        return Verdict.BASE
    units = {row.units for row in rows}
    if unit_change and units == {sent.base_units + 2 * unit_change}:
        return Verdict.DOUBLED
    if (
        sent.day_was_used
        and sent.day_start_units is not None
        and units == {sent.day_start_units + unit_change}
    ):
        return Verdict.REPLACED
    return Verdict.THIRD


class Conclusion(StrEnum):
    """What to do with an attempt that is being checked."""

    SYNCED = "synced"
    LOOK_AGAIN = "look_again"
    NOT_LANDED = "not_landed"
    YES_BUT_ABSENT = "yes_but_absent"
    DUPLICATE = "duplicate"
    REPLACES = "replaces"
    THIRD_VALUE = "third_value"


# What a reading that is not the base means, whenever it is made.
AT_ONCE = {
    Verdict.LANDED: Conclusion.SYNCED,
    Verdict.DOUBLED: Conclusion.DUPLICATE,
    Verdict.REPLACED: Conclusion.REPLACES,
    Verdict.THIRD: Conclusion.THIRD_VALUE,
}


def conclude(
    verdict: Verdict,
    *,
    answered_yes: bool,
    now: datetime,
    window_ends_at: datetime,
    earlier_base_at: Sequence[datetime],
    recheck_seconds: float,
) -> Conclusion:
    """``earlier_base_at``: when earlier readings showed the base, oldest first."""
    if verdict is not Verdict.BASE:
        return AT_ONCE[verdict]
    if now < window_ends_at:
        return Conclusion.LOOK_AGAIN
    if answered_yes:
        return Conclusion.YES_BUT_ABSENT
    apart = timedelta(seconds=recheck_seconds)
    seen_before = any(at >= window_ends_at and now - at >= apart for at in earlier_base_at)
    return Conclusion.NOT_LANDED if seen_before else Conclusion.LOOK_AGAIN


def sent_from_json(base: Mapping[str, Any], target: Mapping[str, Any]) -> Sent:
    """Read an attempt's stored intent back."""

    def amount(key: str) -> Decimal | None:
        return None if base.get(key) is None else Decimal(str(base[key]))

    return Sent(
        base_units=base["units"],
        base_rows=base["rows"],
        day_start_units=base["day_start_units"],
        day_was_used=base["day_was_used"],
        target=Target.from_json(target),
        unit_price=amount("expect_unit_price"),
        unit_cost=amount("expect_unit_cost"),
    )
