"""Both values of a line, day by day: what is expected and what was read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from tallystick.ledger.profile import Step, amount_as_text, amount_from_text, merged


@dataclass(frozen=True, slots=True)
class Shown:
    """What a line shows: extended amounts, and the rates they come to as far as that is known.

    An amount of None was not shown; a rate of None cannot be told from the amount.
    """

    units: int
    price: Decimal | None
    cost: Decimal | None
    unit_price: Decimal | None
    unit_cost: Decimal | None


@dataclass(frozen=True, slots=True)
class DayRange:
    """From ``starts_on`` until the day before ``until`` (None: without an end).

    ``found`` None: no row says anything of these days.
    """

    starts_on: date
    until: date | None
    expected: Step
    found: Shown | None
    differs: bool

    def says_the_same(self, other: DayRange) -> bool:
        """Whatever its days are; amounts of unequal periods are equal when their rates are."""
        if self.differs is not other.differs or not self.expected.shows_the_same(other.expected):
            return False
        if self.found is None or other.found is None:
            return self.found is other.found
        if self.found.units != other.found.units:
            return False
        if self.found.unit_price is None or other.found.unit_price is None:
            return self.found.price == other.found.price
        return self.found.unit_price == other.found.unit_price


def joined(days: Iterable[DayRange]) -> tuple[DayRange, ...]:
    """The same, with neighbours that say the same as one."""
    found: list[DayRange] = []
    for one in days:
        if found and found[-1].until == one.starts_on and found[-1].says_the_same(one):
            found[-1] = replace(found[-1], until=one.until)
        else:
            found.append(one)
    return tuple(found)


def first_wrong(days: Sequence[DayRange]) -> DayRange:
    """The first days that differ. There are some."""
    return next(one for one in days if one.differs)


def is_still(agreed: Sequence[DayRange], now: Sequence[DayRange]) -> bool:
    """Whether nothing is seen now that was not agreed; only days that both speak of count."""
    for one in now:
        for other in agreed:
            begins = max(one.starts_on, other.starts_on)
            ends = min(one.until or date.max, other.until or date.max)
            if begins < ends and not one.says_the_same(other):
                return False
    return True


def as_found(days: Sequence[DayRange]) -> tuple[Step, ...]:
    """What the line shows, as what may be expected of it; a rate that cannot be told is None."""
    return merged(
        Step(
            one.starts_on,
            one.until,
            one.found.units if one.found else 0,
            one.found.unit_price if one.found else None,
            one.found.unit_cost if one.found else None,
        )
        for one in days
    )


def as_json(days: Iterable[DayRange]) -> list[dict[str, Any]]:
    """Days and amounts as text."""
    return [
        {
            "from": one.starts_on.isoformat(),
            "until": None if one.until is None else one.until.isoformat(),
            "differs": one.differs,
            "expected": {
                "units": one.expected.units,
                "unit_price": amount_as_text(one.expected.unit_price),
                "unit_cost": amount_as_text(one.expected.unit_cost),
            },
            "found": None
            if one.found is None
            else {
                "units": one.found.units,
                "price": amount_as_text(one.found.price),
                "cost": amount_as_text(one.found.cost),
                "unit_price": amount_as_text(one.found.unit_price),
                "unit_cost": amount_as_text(one.found.unit_cost),
            },
        }
        for one in days
    ]


def from_json(kept: Sequence[Mapping[str, Any]]) -> tuple[DayRange, ...]:
    """What ``as_json`` made."""
    return tuple(_read(one) for one in kept)


def _read(one: Mapping[str, Any]) -> DayRange:
    starts_on = date.fromisoformat(one["from"])
    until = None if one["until"] is None else date.fromisoformat(one["until"])
    expected, found = one["expected"], one["found"]
    return DayRange(
        starts_on,
        until,
        Step(
            starts_on,
            until,
            int(expected["units"]),
            amount_from_text(expected["unit_price"]),
            amount_from_text(expected["unit_cost"]),
        ),
        None
        if found is None
        else Shown(
            int(found["units"]),
            amount_from_text(found["price"]),
            amount_from_text(found["cost"]),
            amount_from_text(found["unit_price"]),
            amount_from_text(found["unit_cost"]),
        ),
        bool(one["differs"]),
    )
