"""A profile: what a line shows day by day, as steps without gaps. Pure.

Half-open days; the last step has no end. Units are the line's, rates are per unit and billing
period, and a rate of None is not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """From ``starts_on`` until the day before ``until`` (None: without an end)."""

    starts_on: date
    until: date | None
    units: int
    unit_price: Decimal | None
    unit_cost: Decimal | None

    def shows_the_same(self, other: Step) -> bool:
        """Whatever its days are."""
        return (self.units, self.unit_price, self.unit_cost) == (
            other.units,
            other.unit_price,
            other.unit_cost,
        )

    def covers(self, day: date) -> bool:
        return self.starts_on <= day and (self.until is None or day < self.until)


def from_day(steps: Iterable[Step], day: date) -> tuple[Step, ...]:
    """What they say of that day and later ones."""
    return tuple(
        replace(step, starts_on=max(step.starts_on, day))
        for step in steps
        if step.until is None or step.until > day
    )


def until_day(steps: Iterable[Step], day: date) -> tuple[Step, ...]:
    """What they say of the days before that one; each with an end."""
    return tuple(
        replace(step, until=day if step.until is None else min(step.until, day))
        for step in steps
        if step.starts_on < day
    )


def merged(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The same, with neighbours that show the same as one step."""
    found: list[Step] = []
    for step in steps:
        if found and found[-1].until == step.starts_on and found[-1].shows_the_same(step):
            found[-1] = replace(found[-1], until=step.until)
        else:
            found.append(step)
    return tuple(found)


def as_json(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Days and amounts as text."""
    return [
        {
            "from": step.starts_on.isoformat(),
            "until": None if step.until is None else step.until.isoformat(),
            "units": step.units,
            "unit_price": amount_as_text(step.unit_price),
            "unit_cost": amount_as_text(step.unit_cost),
        }
        for step in steps
    ]


def from_json(kept: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """What ``as_json`` made."""
    return tuple(
        Step(
            date.fromisoformat(step["from"]),
            None if step["until"] is None else date.fromisoformat(step["until"]),
            int(step["units"]),
            amount_from_text(step["unit_price"]),
            amount_from_text(step["unit_cost"]),
        )
        for step in kept
    )


def amount_as_text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def amount_from_text(text: Any) -> Decimal | None:
    return None if text is None else Decimal(str(text))
