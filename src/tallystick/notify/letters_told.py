"""What a message says of changes that sources told and nobody has decided on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tallystick.notify.decide import Say
from tallystick.notify.letters import LONGEST_CAUSE, MOST_NAMED, Letter, at, one_line
from tallystick.notify.links import CONNECTORS, to_event, to_source

DECIDE: Final = (
    "Decide: record it from today, from its own day, or not at all. Until then it is not sent to "
    "Autotask, and stands between this month and its bills."
)
DECIDE_EACH: Final = (
    "Decide each: record it from today, from its own day, or not at all. Until then nothing of it "
    "is sent to Autotask. What comes besides is not told one by one."
)


@dataclass(frozen=True, slots=True)
class Told:
    """``what`` came (``Quantity changed to 12``), ``why`` it was not recorded; ``answer`` in a few
    words (``Came too late``). ``name``: the subscription and its customer, or the source's id."""

    event_id: int
    source_id: int
    source: str
    name: str
    subscription_id: int | None
    what: str
    answer: str
    why: str
    happened_at: datetime
    came_at: datetime


def about_told(say: Say, number: int, them: Sequence[Told], *, zone: str) -> Letter | None:
    """``them``: the first of ``number``, of a digest that is over those that are left.

    None: nothing to say. What has been decided is no news: a person did it.
    """
    if say in (Say.ENDED, Say.MANY_ENDED, Say.STILL) or not them:
        return None
    if say is Say.BEGAN:
        return _about_one(them[0], zone)
    return _about_many(say, number, them)


def _about_one(it: Told, zone: str) -> Letter:
    name, source = one_line(it.name), one_line(it.source)
    return Letter(
        "source.undecided",
        f"Not recorded, decide: {one_line(it.what)}, {name}",
        [
            f"{source} told of {name}: {one_line(it.what)}. It happened at "
            f"{at(it.happened_at, zone)} and came at {at(it.came_at, zone)}.",
            f"{it.answer}: {one_line(it.why)[:LONGEST_CAUSE]}",
            DECIDE,
        ],
        to_event(it.source_id, it.event_id),
        _facts(it),
    )


def _about_many(say: Say, number: int, them: Sequence[Told]) -> Letter:
    still = " still" if say is Say.FLOOD_OVER else ""
    changes = "1 change" if number == 1 else f"{number:,} changes"
    waits = "waits" if number == 1 else "wait"
    lines = [f"{changes} that sources told{still} {waits} for a decision:"]
    lines += [
        f"• {one_line(one.name)}: {one_line(one.what)}. {one.answer}." for one in them[:MOST_NAMED]
    ]
    if number > MOST_NAMED:
        lines.append(f"and {number - MOST_NAMED:,} more.")
    sources = {one.source_id for one in them}
    return Letter(
        "sources.undecided",
        f"{changes} not recorded, decide",
        [*lines, DECIDE_EACH],
        to_source(sources.pop()) if len(sources) == 1 else CONNECTORS,
        {"number": number, "changes": [_facts(one) for one in them[:MOST_NAMED]]},
    )


def _facts(it: Told) -> dict[str, Any]:
    return {
        "event_id": it.event_id,
        "source": it.source,
        "subscription_id": it.subscription_id,
        "subscription": it.name,
        "what": it.what,
        "why": it.why,
        "happened_at": it.happened_at.isoformat(),
        "came_at": it.came_at.isoformat(),
    }
