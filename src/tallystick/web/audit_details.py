"""The details of an audit record as sections a person can read. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tallystick.web.attempts import Step, step_of
from tallystick.web.labels import Difference, Fact, differences, facts, plain

# What has a section of its own; everything else stands under *More*.
_OWN = ("before", "after", "sent", "answered", "proved")
_MACHINE = ("delivery", "lane", "delivery_id", "lane_id", "attempt", "kind", "how")


@dataclass(frozen=True, slots=True)
class Details:
    changes: Sequence[Difference]
    sent: Sequence[Fact]
    answered: Sequence[Step]
    proved: Step | None
    more: Sequence[Fact]


def details_of(stored: Mapping[str, Any]) -> Details:
    proved = _mapping(stored.get("proved"))
    why = _mapping(stored.get("after")).get("because")
    return Details(
        changes=differences(_mapping(stored.get("before")), _mapping(stored.get("after"))),
        sent=_sent(stored.get("sent")),
        answered=[step_of(one) for one in _listed(stored.get("answered")) if isinstance(one, dict)],
        proved=step_of(proved) if proved else None,
        more=[
            *facts(stored, leave_out=(*_OWN, *_MACHINE)),
            *([Fact("Why this price", nested=why)] if why else []),
        ],
    )


def _sent(value: Any) -> list[Fact]:
    if isinstance(value, dict):
        return facts(value)
    return [] if value in (None, "", []) else [Fact("Sent", plain(value))]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
