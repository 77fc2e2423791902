"""How changes are billed, as a page says it of one customer or one subscription. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tallystick.connections.overrides import AllTold, Says, Told
from tallystick.connections.policies import INCLUDED_UNITS, POLICIES
from tallystick.web.connection_form import LABELS as CONNECTION_LABELS
from tallystick.web.forms import Field

LABELS = {
    **CONNECTION_LABELS,
    INCLUDED_UNITS: "Included units",
    "effective_on": "From which day the included units count",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One policy in words, and who says so."""

    label: str
    words: str
    by: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Choosable:
    """One policy as its list to choose from: the first choice sets it back."""

    field: Field
    first: str
    choices: Sequence[tuple[str, str]]
    optional: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """*How changes are billed* on another page."""

    lines: Sequence[Line]
    differing: int


def section_of(told: AllTold) -> Section:
    lines = [
        Line(
            label=LABELS[one.name],
            words=one.value.label,
            by=one.by.label,
            differs=one.by is not Says.CONNECTION,
        )
        for one in told.policies
    ]
    return Section(lines, sum(1 for line in lines if line.differs))


def own_values(told: AllTold, level: Says) -> dict[str, str]:
    """What was told of this one itself, empty where nothing was; as the form's fields hold it."""
    return {one.name: one.value.value if one.by is level else "" for one in told.policies}


def choosable(
    told: AllTold, values: Mapping[str, str], said: Mapping[str, Sequence[str]], level: Says
) -> list[Choosable]:
    return [
        Choosable(
            field=Field(one.name, LABELS[one.name], values[one.name], said.get(one.name, ())),
            first=_otherwise(one, level),
            choices=[(each.value, each.label) for each in POLICIES[one.name]],
        )
        for one in told.policies
    ]


def _otherwise(one: Told, level: Says) -> str:
    """What counts when nothing is told here, and who says so."""
    told_here = one.by is level
    value, by = (one.otherwise, one.otherwise_by) if told_here else (one.value, one.by)
    said = "As for the customer" if by is Says.CUSTOMER else "As the connection says"
    return f"{said} ({value.label[:1].lower()}{value.label[1:]})"
