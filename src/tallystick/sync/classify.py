"""What a reading after a send means: pure.

The only proof is a reading. *Landed* settles; *base* proves nothing until it was seen twice, at
least the recheck distance apart, after the settle window (counted from the send's deadline); any
third value stops the lane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from tallystick.ledger.profile import Step, amount_from_text, from_json, merged
from tallystick.sync.compare import Match, Periods, match_step, match_steps, same_values
from tallystick.sync.port import UnitRow
from tallystick.sync.target import Target


class Verdict(StrEnum):
    LANDED = "landed"
    PARTLY = "partly"
    BASE = "base"
    DOUBLED = "doubled"
    REPLACED = "replaced"
    THIRD = "third"


@dataclass(frozen=True, slots=True)
class Sent:
    """What an attempt meant to do, as it was stored before it was sent.

    ``wanted``: what the line must show from its day on, once it has landed. ``sets_rate``: the
    call names a rate.
    """

    base_units: int
    base_rows: Sequence[dict[str, Any]]
    day_start_units: int | None
    day_was_used: bool
    target: Target
    wanted: Sequence[Step]
    sets_rate: bool = False

    def units_before(self, day: date) -> int:
        """What the line had on that day before it was sent."""
        text = day.isoformat()
        known = [row for row in self.base_rows if row["from"] <= text]
        return known[-1]["units"] if known else self.base_units


def verdict_of(
    rows: Sequence[UnitRow], sent: Sent, *, unit_change: int, periods: Periods
) -> Verdict:
    """``rows`` cover the effective day and everything after it.

    What moved is seen from how far all rows were shifted. *Partly*: the units are as wanted and so
    is the rate of the first row, but not that of later ones: this Autotask left them as they were,
    the first period is approved and its units went alone, or a day was replaced and its rate,
    which had to be said again, went on to later days that have another.
    """
    if match_steps(rows, sent.wanted, periods) is Match.SAME:
        return Verdict.LANDED
    if same_values(rows, sent.base_rows):
        return Verdict.BASE
    shifts = {row.units - sent.units_before(row.starts_on) for row in rows}
    if len(shifts) != 1:
        return Verdict.THIRD
    shift = shifts.pop()
    if _first_is_right(rows, sent, periods):
        return Verdict.PARTLY
    if unit_change and shift == 2 * unit_change:
        return Verdict.DOUBLED
    if (
        sent.day_was_used
        and sent.day_start_units is not None
        and shift == sent.day_start_units - sent.base_units + unit_change
    ):
        return Verdict.REPLACED
    return Verdict.THIRD


def _first_is_right(rows: Sequence[UnitRow], sent: Sent, periods: Periods) -> bool:
    if not sent.sets_rate and not sent.target.has_rate:
        return False
    first = sent.wanted[0]
    same_units = [replace(step, unit_price=None, unit_cost=None) for step in sent.wanted]
    return (
        match_step(rows[:1], first, periods) is Match.SAME
        and match_steps(rows, same_units, periods) is Match.SAME
    )


def shown_so_far(rows: Sequence[UnitRow], sent: Sent, day: date) -> tuple[Step, ...]:
    """What is known of the line after a part has landed: the rates of later rows are not."""
    first = sent.wanted[0]
    later = [row for row in rows if row.starts_on > day]
    until = later[0].starts_on if later else None
    steps = [replace(first, until=until)]
    for row in later:
        steps[-1] = replace(steps[-1], until=row.starts_on)
        steps.append(Step(row.starts_on, None, row.units, None, None))
    return merged(steps)


class Conclusion(StrEnum):
    """What to do with an attempt that is being checked."""

    SYNCED = "synced"
    GO_ON = "go_on"
    LOOK_AGAIN = "look_again"
    NOT_LANDED = "not_landed"
    YES_BUT_ABSENT = "yes_but_absent"
    DUPLICATE = "duplicate"
    REPLACES = "replaces"
    THIRD_VALUE = "third_value"


# What a reading that is not the base means, whenever it is made.
AT_ONCE = {
    Verdict.LANDED: Conclusion.SYNCED,
    Verdict.PARTLY: Conclusion.GO_ON,
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


def sent_from_json(base: Mapping[str, Any], target: Mapping[str, Any], *, day: date) -> Sent:
    """Read an attempt's stored intent back, also one an earlier version has stored."""
    meant = Target.from_json(target)
    if "wanted" in base:
        wanted = from_json(base["wanted"])
    else:
        price = amount_from_text(base["expect_unit_price"])
        cost = amount_from_text(base["expect_unit_cost"])
        wanted = (Step(day, None, meant.units or 0, price, cost),)
    return Sent(
        base_units=base["units"],
        base_rows=base["rows"],
        day_start_units=base["day_start_units"],
        day_was_used=base["day_was_used"],
        target=meant,
        wanted=wanted,
        sets_rate=base.get("sets_rate", False),
    )
