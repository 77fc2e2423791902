"""Azure amounts on the line: set for their month, and reset. Pure.

The line of an Azure plan is 1 unit that rests at 0. For a month its unit price and cost are the
month's amounts: set on its first day, reset on the next month's, unless that day carries the next
amounts. Where that cannot be, the amounts are billed by a charge, and why is said.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from tallystick.connections.policies import SameDay
from tallystick.kit.days import add_months, in_words
from tallystick.ledger.kinds import Carrier, OperationKind
from tallystick.ledger.profile import Step, merged
from tallystick.sync.compare import Periods
from tallystick.sync.port import UnitRow
from tallystick.sync.rules import Expected, MonthAmount, Rules
from tallystick.sync.target import Due, target_of

LATE = "sent as a contract charge: something of this month is billed already, and this corrects it"
OTHER_PERIODS = (
    "sent as a contract charge: the contract's billing periods are not calendar months, so the "
    "line would bill a part of it"
)
NOT_ONE_UNIT = "sent as a contract charge: the line does not bill exactly 1 unit"


def posted(month: date) -> str:
    return f"sent as a contract charge: {month:%B %Y} is approved and posted already"


def day_is_used(day: date) -> str:
    return (
        f"sent as a contract charge: Autotask has a change of the line on {in_words(day)} already, "
        "and refuses a second one on a day"
    )


def day_may_be_used(day: date) -> str:
    return (
        f"sent as a contract charge: the line was changed on {in_words(day)} already, and whether "
        "this Autotask takes a second change on a day is not known yet"
    )


def months_of(due: Sequence[Due], *, rules: Rules, billed: Collection[date]) -> Sequence[Due]:
    """Azure amounts that go on the line: the head, and those of the next months right behind it.

    The day on which one month ends is the day on which the next one is set: once. ``billed``: the
    months of which something is billed already; they are corrected by a charge.
    """
    head = due[0]
    batch = [head]
    for one in due[1:]:
        if not one.may_go or one.kind is not OperationKind.AZURE_AMOUNTS or one.is_charge(rules):
            break
        if one.month != add_months(batch[-1].month, 1) or one.month in billed:
            break
        batch.append(one)
    return batch


def cannot_be_on_line(one: Due, *, expected: Expected, periods: Periods) -> str:
    """Why it goes out as a charge, as far as is known before the line is read; empty: it may not.

    What has begun on the line is ended there.
    """
    if one.carrier is Carrier.LINE:
        return ""
    if one.month in expected.billed_months:
        return LATE
    if periods.around(one.month) != (one.month, add_months(one.month, 1)):
        return OTHER_PERIODS
    return ""


def does_not_fit(
    batch: Sequence[Due], rows: Sequence[UnitRow], *, expected: Expected, rules: Rules
) -> str:
    """The same, once the line has been read. ``rows``: from the day before the month on."""
    head = batch[0]
    if head.carrier is Carrier.LINE:
        return ""
    days = _days(batch)
    concerned = [row for row in rows if row.until > days[0] and row.starts_on <= days[-1]]
    if any(row.units != 1 for row in concerned):
        return NOT_ONE_UNIT
    if any(row.approved for row in concerned):
        return posted(head.month)
    for day in days:
        if not _is_used(day, rows, expected):
            continue
        if rules.same_day is SameDay.REFUSES:
            return day_is_used(day)
        # The first day is found out by trying; behind it the price would be left as it was set.
        if rules.same_day is SameDay.UNKNOWN and day != days[0]:
            return day_may_be_used(day)
    return ""


def bills_nothing(batch: Sequence[Due], rows: Sequence[UnitRow]) -> str:
    """Why rows that show a month's rates do not bill it: of no unit every rate is nothing. Empty:
    they do. ``rows`` as for ``does_not_fit``."""
    head = batch[0]
    amounts = [Decimal(one.after[name]) for one in batch for name in ("price", "cost")]
    if head.carrier is Carrier.LINE or not any(amounts):
        return ""
    days = _days(batch)
    concerned = [row for row in rows if row.until > days[0] and row.starts_on <= days[-1]]
    return NOT_ONE_UNIT if any(row.units == 0 for row in concerned) else ""


def wanted_months(
    batch: Sequence[Due], ahead: Sequence[UnitRow], *, expected: Expected, rules: Rules
) -> tuple[Step, ...]:
    """The profile from the first month on: each month's amounts, 0 in every other."""
    first = batch[0].month
    ours = [_amount_of(one, rules) for one in batch]
    replaced = {one.month for one in ours}
    months = [*ours, *(one for one in expected.months if one.month not in replaced)]
    edges = {edge for one in months for edge in (one.month, add_months(one.month, 1))}
    ends = ahead[-1].until if ahead else date.max
    days = sorted(day for day in {first, *edges, *(row.starts_on for row in ahead)} if day >= first)
    starts = [day for day in days if day < ends]
    by_month = {one.month: one for one in months}
    steps = []
    for on, until in zip(starts, [*starts[1:], None], strict=True):
        found = by_month.get(on.replace(day=1))
        row = next((row for row in ahead if row.starts_on <= on < row.until), None)
        steps.append(
            Step(
                on,
                until,
                row.units if row else 1,
                found.price if found else Decimal(0),
                found.cost if found else Decimal(0),
            )
        )
    return merged(steps)


def with_months(expected: Expected, batch: Sequence[Due], *, rules: Rules) -> Expected:
    """The same once this batch has been proved on the line."""
    ours = [_amount_of(one, rules) for one in batch if one.kind is OperationKind.AZURE_AMOUNTS]
    return replace(
        expected,
        months=[*expected.months, *ours],
        billed_months=expected.billed_months | {one.month for one in ours},
    )


def behind_months(day: date, months: Sequence[MonthAmount]) -> date:
    """The day, or the first one behind the months set on the line that it falls into."""
    taken = {one.month for one in months}
    while (month := day.replace(day=1)) in taken:
        day = add_months(month, 1)
    return day


def _amount_of(one: Due, rules: Rules) -> MonthAmount:
    target = target_of([one], rules=rules)
    return MonthAmount(one.month, target.unit_price or Decimal(0), target.unit_cost or Decimal(0))


def _days(batch: Sequence[Due]) -> list[date]:
    """On which the line is changed: each month's first day, and the day after the last one."""
    return [*(one.month for one in batch), add_months(batch[-1].month, 1)]


def _is_used(day: date, rows: Sequence[UnitRow], expected: Expected) -> bool:
    """By us, or by somebody's hand: the units change on this very day."""
    if expected.adjusted_on == day or day in expected.used:
        return True
    before = next(
        (row for row in rows if row.starts_on <= day - timedelta(days=1) < row.until), None
    )
    on = next((row for row in rows if row.starts_on <= day < row.until), None)
    return before is not None and on is not None and before.units != on.units
