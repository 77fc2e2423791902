"""What a message says of subscriptions, one or many. Pure; ``letters`` says how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from tallystick.notify.decide import Say
from tallystick.notify.letters import (
    LONGEST_CAUSE,
    MOST_NAMED,
    Letter,
    at,
    one_line,
    since_words,
)
from tallystick.notify.links import (
    to_out_of_sync,
    to_subscription,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one subscription stands at this moment. ``waiting``: operations that are not settled.

    ``operation`` in words, empty when nothing waits: then somebody changed the line in Autotask.
    """

    subscription_id: int
    customer: str
    subscription: str
    connection: str
    label: str
    is_red: bool
    operation: str
    cause: str
    since: datetime | None
    waiting: int
    proved_at: datetime | None

    @property
    def name(self) -> str:
        return one_line(f"{self.customer}, {self.subscription}")

    @property
    def why(self) -> str:
        cause = one_line(self.cause)[:LONGEST_CAUSE]
        return f"{one_line(self.operation)}: {cause}" if self.operation else cause


@dataclass(frozen=True, slots=True)
class Many:
    """What a message about subscriptions is about: how many, where, and the first of them."""

    number: int
    by_connection: Mapping[int, tuple[str, int]]  # name and how many, of those that are red
    named: Sequence[Standing]
    left: int = 0
    left_named: Sequence[Standing] = ()


def about_one(say: Say, it: Standing, *, zone: str) -> Letter:
    facts = {"subscription_id": it.subscription_id, **_facts(it)}
    path = to_subscription(it.subscription_id)
    if say is Say.BEGAN:
        drift = not it.operation
        lines = [
            f"{it.name} is out of sync on {one_line(it.connection)}{since_words(it.since, zone)}.",
            it.why or "It is being looked at.",
        ]
        if it.waiting > 1:
            lines.append(f"{it.waiting} operations wait, in order, the one that stopped included.")
        return Letter(
            "subscription.drift_found" if drift else "subscription.out_of_sync",
            f"{'Drift' if drift else 'Out of Sync'}: {it.name}",
            lines,
            path,
            facts,
        )
    return Letter(
        "subscription.in_sync",
        f"No longer out of sync: {it.name}",
        [_over(it, zone)],
        path,
        facts,
    )


def about_many(say: Say, them: Many, *, zone: str) -> Letter:
    """Of one reminder, too."""
    match say:
        case Say.MANY_BEGAN | Say.BEGAN:
            kind, subject, lines = "subscriptions.out_of_sync", *_many_began(them)
        case Say.STILL:
            subject = f"Still out of sync: {_counted(them.number)}"
            lines = [f"Still out of sync{_where(them)}:", *(_bullet(one) for one in them.named)]
            kind, lines = "subscriptions.still_out_of_sync", [*lines, *_more(them.number)]
        case Say.MANY_ENDED | Say.ENDED:
            subject = f"No longer out of sync: {_counted(them.number)}"
            lines = [f"{_counted(them.number)} {_are(them.number)} no longer out of sync:"]
            lines += [f"• {_over(one, zone)}" for one in them.named] + _more(them.number)
            kind = "subscriptions.in_sync"
        case Say.FLOOD_OVER:
            kind, subject, lines = "subscriptions.in_sync", *_flood_over(them)
        case _:
            assert_never(say)
    facts = {
        "number": them.number,
        "left": them.left,
        "connections": [
            {"connection_id": pk, "connection": name, "number": number}
            for pk, (name, number) in them.by_connection.items()
        ],
        "subscriptions": [
            {"subscription_id": one.subscription_id, **_facts(one)}
            for one in [*them.named, *them.left_named]
        ],
    }
    return Letter(kind, subject, lines, to_out_of_sync(them.by_connection), facts)


def _many_began(them: Many) -> tuple[str, list[str]]:
    words = f"{_counted(them.number)} {_are(them.number)} out of sync"
    lines = [f"{words}{_where(them)}.", "Among them:"]
    lines += [_bullet(one) for one in them.named] + _more(them.number)
    lines.append(
        "What is recorded waits, in order; nothing is sent twice. What stops besides is not told "
        "one by one: you are told once when it is over."
    )
    return words, lines


def _flood_over(them: Many) -> tuple[str, list[str]]:
    subject = f"No longer out of sync: {_counted(them.number)}"
    lines = [f"It is over: {_counted(them.number)} {_are(them.number)} no longer out of sync."]
    if them.left:
        lines.append(f"{_counted(them.left)} {_are(them.left)} still out of sync:")
        lines += [_bullet(one) for one in them.left_named]
    return subject, lines


def _over(it: Standing, zone: str) -> str:
    if it.proved_at is not None and it.label == "Synced":
        return f"{it.name}: Synced, read back from Autotask and equal at {at(it.proved_at, zone)}."
    return f"{it.name}: no longer out of sync. It is {it.label} now."


def _bullet(it: Standing) -> str:
    return f"• {it.name}: {it.why or it.label}"


def _where(them: Many) -> str:
    parts = [f"{number:,} on {one_line(name)}" for name, number in them.by_connection.values()]
    if len(parts) == 1:
        return f" on {one_line(next(iter(them.by_connection.values()))[0])}"
    return f" ({', '.join(parts)})" if parts else ""


def _more(number: int) -> list[str]:
    return [f"and {number - MOST_NAMED:,} more."] if number > MOST_NAMED else []


def _counted(number: int) -> str:
    return "1 subscription" if number == 1 else f"{number:,} subscriptions"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _facts(it: Standing) -> dict[str, Any]:
    return {
        "customer": it.customer,
        "subscription": it.subscription,
        "connection": it.connection,
        "badge": it.label,
        "operation": it.operation,
        "cause": it.cause,
        "since": it.since.isoformat() if it.since else None,
        "waiting": it.waiting,
        "proved_at": it.proved_at.isoformat() if it.proved_at else None,
    }
