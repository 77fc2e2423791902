"""Contract service adjustments: the one write that moves money, and its rules.

``unitChange`` is a signed change, never a target (live). A success gives no id back (live).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tallystick.simulator import errors
from tallystick.simulator.entities import ACTIVE, RECURRING_SERVICE
from tallystick.simulator.errors import Refusal
from tallystick.simulator.jsontext import Money, money
from tallystick.simulator.lines import Line, UnitRow, rounded
from tallystick.simulator.newlines import NewLine, plan_line, settle_line
from tallystick.simulator.periods import DayChange, Span, rows_of
from tallystick.simulator.world import World


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What an adjustment asks for. The line is named by its id, or by contract and service."""

    effective_on: date
    unit_change: int = 0
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    line_id: int | None = None
    contract_id: int | None = None
    service_id: int | None = None
    allow_repeat: bool = False
    is_bundle: bool = False


def adjust(world: World, wanted: Adjustment, *, request_seq: int | None) -> dict[str, Any]:
    """Apply an adjustment and answer its effect (ground truth). Raises Refusal and changes nothing.

    1. Find the line, or plan a new one: Autotask adds a missing line by itself (official).
    2. Check contract, date, posted periods and the day.
    3. Compute the rows as they would be, and check the units.
    4. Only then change anything: day, rows, prices, note, effect.
    """
    line = _line_for(world, wanted)
    contract = world.find("Contracts", line.contract_id)
    assert contract is not None  # noqa: S101 - a line always has a contract
    _check_contract(world, contract, wanted)
    _check_day(world, line, wanted)
    change, replaced = _changed_day(world, line, wanted)
    spans = rows_of(
        world.window_of(line.contract_id),
        unit_price=line.unit_price,
        unit_cost=line.unit_cost,
        changes={**line.changes, wanted.effective_on: change},
    )
    _check_units(world, spans, wanted.effective_on)
    is_new = line.id == 0
    if is_new:
        settle_line(world, line)
    adjustment_id = world.next_id("adjustment")
    change.adjustment_id = adjustment_id
    line.changes[wanted.effective_on] = change
    _set_latest(line, change, wanted)
    world.rebuild(line, spans=spans, delayed=not is_new)
    world.show_prices(line)
    row = line.row_on(wanted.effective_on)
    assert row is not None  # noqa: S101 - the day was checked to be inside the contract
    if world.knobs.is_on("automatic_note"):
        _write_note(world, line, wanted, row)
    return world.record_effect(
        {
            "contract_service_id": None if line.is_bundle else line.id,
            "contract_service_bundle_id": line.id if line.is_bundle else None,
            "contract_id": line.contract_id,
            "service_id": line.service_id,
            "effective_on": wanted.effective_on.isoformat(),
            "unit_change": wanted.unit_change,
            "unit_price": _money(wanted.unit_price, world),
            "unit_cost": _money(wanted.unit_cost, world),
            "units": row.span.units,
            "replaced": replaced,
            "created_line": is_new,
            "adjustment_id": adjustment_id,
            "applied_at": world.clock.now(),
            "request_seq": request_seq,
        }
    )


def _money(rate: Decimal | None, world: World) -> Money | None:
    return None if rate is None else money(rounded(rate, world.knobs))


def find_line(world: World, wanted: Adjustment) -> Line | None:
    """The line an adjustment names, or ``None``; never plans one."""
    lines = world.bundle_lines if wanted.is_bundle else world.lines
    if wanted.line_id is not None:
        return lines.get(wanted.line_id)
    if wanted.contract_id is None or wanted.service_id is None:
        return None
    for line in world.lines_of(wanted.contract_id):
        if line.is_bundle == wanted.is_bundle and line.service_id == wanted.service_id:
            return line
    return None


def _line_for(world: World, wanted: Adjustment) -> Line:
    kind = "ContractServiceBundle" if wanted.is_bundle else "ContractService"
    if wanted.contract_id is not None and world.find("Contracts", wanted.contract_id) is None:
        raise Refusal(errors.REFERENCE.format(field="contractID", type="Contract"))
    line = find_line(world, wanted)
    if wanted.line_id is not None:
        if line is None:
            field = kind[0].lower() + kind[1:] + "ID"
            raise Refusal(errors.REFERENCE.format(field=field, type=kind))
        if wanted.contract_id not in (None, line.contract_id):
            raise Refusal(errors.LINE_OF_OTHER_CONTRACT)
        return line
    if wanted.contract_id is None or wanted.service_id is None:
        raise Refusal(errors.LINE_NEEDED)
    if line is not None and not wanted.allow_repeat:
        return line
    try:
        return plan_line(
            world,
            NewLine(
                contract_id=wanted.contract_id,
                service_id=wanted.service_id,
                is_bundle=wanted.is_bundle,
            ),
        )
    except LookupError:
        field = "serviceBundleID" if wanted.is_bundle else "serviceID"
        service = "ServiceBundle" if wanted.is_bundle else "Service"
        raise Refusal(errors.REFERENCE.format(field=field, type=service)) from None


def _check_contract(world: World, contract: dict[str, Any], wanted: Adjustment) -> None:
    if contract["contractType"] != RECURRING_SERVICE:
        raise Refusal(errors.CONTRACT_NOT_RECURRING)
    if contract["status"] != ACTIVE and world.knobs["inactive_contract"] == "refuse":
        raise Refusal(errors.CONTRACT_INACTIVE)
    if not contract["startDate"] <= wanted.effective_on <= contract["endDate"]:
        raise Refusal(errors.OUTSIDE_CONTRACT)


def _check_day(world: World, line: Line, wanted: Adjustment) -> None:
    row = line.row_on(wanted.effective_on)
    if row is None:
        return  # a new line has no rows yet
    if row.posted_at is not None and world.knobs["posted_period"] == "refuse":
        raise Refusal(errors.PERIOD_POSTED)
    is_first_day = row.span.period_start == wanted.effective_on
    if is_first_day and world.knobs["first_day_of_period"] == "refuse":
        raise Refusal(errors.DUPLICATE_PERIOD)
    day = line.changes.get(wanted.effective_on)
    if day is not None and day.used and world.knobs["same_day"] == "refuse":
        raise Refusal(errors.DUPLICATE_PERIOD)


def _changed_day(world: World, line: Line, wanted: Adjustment) -> tuple[DayChange, bool]:
    """The day as it will be, and whether an earlier adjustment of the day was replaced."""
    day = line.changes.get(wanted.effective_on)
    replaces = day is not None and day.used and world.knobs["same_day"] == "replace"
    change = DayChange(on=wanted.effective_on)
    if day is not None:
        change.given = day.given
        change.units = day.given if replaces else day.units
    if day is not None and not replaces:
        change.unit_price, change.unit_cost = day.unit_price, day.unit_cost
        change.order, change.rate_until = day.order, day.rate_until
    change.units += wanted.unit_change
    if wanted.unit_price is not None or wanted.unit_cost is not None:
        if wanted.unit_price is not None:
            change.unit_price = rounded(wanted.unit_price, world.knobs)
        if wanted.unit_cost is not None:
            change.unit_cost = rounded(wanted.unit_cost, world.knobs)
        change.order = world.next_rate_order()
        change.rate_until = None
        if world.knobs["reprice_scope"] == "that_row":
            row = line.row_on(wanted.effective_on)
            change.rate_until = row.span.until if row is not None else None
    return change, replaces


def _check_units(world: World, spans: list[Span], day: date) -> None:
    reached = [span for span in spans if span.starts_on >= day]
    if world.knobs["negative_units"] == "refuse" and any(span.units < 0 for span in reached):
        raise Refusal(errors.BELOW_ZERO)
    if world.knobs["zero_units"] == "refuse" and reached and reached[0].units == 0:
        raise Refusal(errors.ZERO_UNITS)


def _set_latest(line: Line, change: DayChange, wanted: Adjustment) -> None:
    if wanted.unit_price is not None:
        line.latest_price = change.unit_price
    if wanted.unit_cost is not None:
        line.latest_cost = change.unit_cost


def _write_note(world: World, line: Line, wanted: Adjustment, row: UnitRow) -> None:
    service = world.find("ServiceBundles" if line.is_bundle else "Services", line.service_id)
    name = service["name"] if service is not None else str(line.service_id)
    parts = [f"Units changed by {wanted.unit_change:+d} to {row.span.units}"]
    if wanted.unit_price is not None:
        parts.append(f"unit price {wanted.unit_price}")
    if wanted.unit_cost is not None:
        parts.append(f"unit cost {wanted.unit_cost}")
    world.note(
        line.contract_id,
        f"Service adjusted: {name}",
        f"{', '.join(parts)}, effective {wanted.effective_on.isoformat()}.",
    )


def hand_edit(
    world: World,
    line: Line,
    *,
    on: date,
    units: int | None = None,
    unit_price: Decimal | None = None,
) -> None:
    """What a person does in Autotask's own screens: set units or price from a day on.

    No knob applies and no effect is recorded, but the day counts as changed. Raises ValueError
    when the day is outside the contract.
    """
    row = line.row_on(on)
    if row is None:
        raise ValueError(f"{on.isoformat()} is outside the contract")
    change = line.changes.get(on) or DayChange(on=on)
    change.used = True
    if units is not None:
        change.units += units - row.span.units
    if unit_price is not None:
        change.unit_price = rounded(unit_price, world.knobs)
        change.order, change.rate_until = world.next_rate_order(), None
        line.latest_price = change.unit_price
    line.changes[on] = change
    world.rebuild(line)
    world.show_prices(line)
    service = world.find("ServiceBundles" if line.is_bundle else "Services", line.service_id)
    world.note(
        line.contract_id,
        f"Service edited by hand: {service['name'] if service else line.service_id}",
        f"Units {units if units is not None else row.span.units}, effective {on.isoformat()}.",
    )
    world.hand_edits.append(
        {
            "contract_service_id": line.id,
            "on": on.isoformat(),
            "units": units,
            "unit_price": money(unit_price),
            "at": world.clock.now(),
        }
    )


def shorten(world: World, contract_id: int, new_end: date) -> None:
    """Forget everything after the contract's new last day; the rows are rebuilt by the caller.

    "Shortening the end date deletes everything after it" is the vendor's documented way to undo a
    wrong adjustment; posted items must be un-posted first (support article).
    """
    lines = world.lines_of(contract_id)
    for line in lines:
        if any(start > new_end for start in line.posted):
            raise Refusal(errors.PERIOD_POSTED)
    for line in lines:
        for day in [day for day in line.changes if day > new_end]:
            del line.changes[day]


def read_moment_day(text: str) -> date:
    """The day of a date as sent: the time is dropped and never shifts the day (official)."""
    if len(text) > 10:  # noqa: PLR2004 - "YYYY-MM-DD" has ten characters
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    return date.fromisoformat(text[:10])
