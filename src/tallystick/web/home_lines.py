"""What Home shows, made ready for its page. Pure but for the addresses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.urls import reverse

from tallystick.books.may_post import Reason, Why
from tallystick.bootstrap.home import Home
from tallystick.connections.sweeps import SweepState
from tallystick.ledger.at_stake import Held
from tallystick.ledger.badge import BadgeKind
from tallystick.mappings.stakes import Stake
from tallystick.web.side_rows import at_stake

SWEEPS = {
    SweepState.DONE: ("green", "check", "Every line was looked at"),
    SweepState.RUNNING: ("blue", "refresh", "Every line is being looked at"),
    SweepState.NOT_YET: ("yellow", "clock", "Not every line was looked at yet"),
    SweepState.STOPPED: ("red", "alert-triangle", "The look at every line stopped"),
    SweepState.NOT_ENDED: ("red", "alert-triangle", "The look at every line did not end"),
    SweepState.LATE: ("red", "alert-triangle", "Nobody looked at every line since"),
}


@dataclass(frozen=True, slots=True)
class Count:
    """A number to press, with what stands behind it."""

    label: str
    number: int
    tone: str
    under: str
    href: str


def counts_of(home: Home) -> list[Count]:
    """By badge, what needs a person first."""
    counts, listed = home.counts, reverse("subscriptions")
    kinds = (
        BadgeKind.OUT_OF_SYNC,
        BadgeKind.WAITING_FOR_APPROVAL,
        BadgeKind.CHECKING,
        BadgeKind.SYNCING,
        BadgeKind.SYNCED,
        BadgeKind.LEFT,
    )
    made = [
        Count(
            kind.label,
            counts.of(kind).subscriptions,
            kind.tone,
            _held(counts.of(kind)),
            f"{listed}?badge={kind.value}",
        )
        for kind in kinds
        if kind is not BadgeKind.LEFT or counts.of(kind).subscriptions
    ]
    drifted = counts.drifted
    href = f"{listed}?show=drifted"
    made.insert(1, Count("of them drifted", drifted.subscriptions, "red", _held(drifted), href))
    number, stake = home.not_mapped.subscriptions, at_stake(home.not_mapped)
    made.append(Count("Not Mapped", number, "yellow", stake, f"{listed}?show=not_billed"))
    if missed := home.not_seen.subscriptions:
        href = f"{listed}?show=not_seen"
        stake = at_stake(home.not_seen)
        made.append(Count("Not seen at Microsoft", missed, "yellow", stake, href))
    return made


def _held(held: Held) -> str:
    return at_stake(Stake(held.subscriptions, held.quantity, held.a_month))


@dataclass(frozen=True, slots=True)
class ReasonLine:
    words: str
    href: str
    act: str


def reasons_of(home: Home) -> list[ReasonLine]:
    """Why not yet, each with where to go."""
    return [_reason(reason) for reason in home.may_post.reasons]


def _reason(reason: Reason) -> ReasonLine:
    listed, connectors = reverse("subscriptions"), reverse("connectors")
    href, act = {
        Why.NO_WORKER: (connectors, "Connectors"),
        Why.NOT_SETTLED: (f"{listed}?show=not_settled", "See which"),
        Why.TO_APPROVE: (f"{listed}?badge=waiting_for_approval", "See which"),
        Why.DRIFT: (f"{listed}?show=drifted", "See which"),
        Why.NOT_READ: (f"{listed}?badge=checking", "See which"),
        Why.NOT_MAPPED: (f"{listed}?show=not_billed", "See which"),
        Why.AZURE_AMOUNTS: (f"{listed}?q=Azure", "Azure plans"),
        Why.NOT_RECORDED: (f"{connectors}#sources", "Sources"),
        Why.UNDECIDED: (f"{reverse('renewals')}?show=needs", "See which"),
        Why.NOT_LOOKED_AT: ("#connections", "Look now"),
    }[reason.why]
    return ReasonLine(reason.words[:1].upper() + reason.words[1:] + ".", href, act)


def mark_of(home: Home, *parts: object) -> str:
    """Changes when the page would show something else."""
    said = [
        home.headline.words,
        home.may_post.words,
        *(reason.words for reason in home.may_post.reasons),
        repr(home.counts),
        repr(home.not_mapped),
        str(home.undecided),
        repr(home.not_seen),
        f"{home.not_recorded}{[one.event.id for one in home.told]}",
        *(f"{one.row.subscription.id}{one.row.badge.cause}" for one in home.needs),
        *(
            f"{one.connection.id}{one.sweep}{one.sent_since}{one.calls.spent}"
            for one in home.connections
        ),
        repr(home.days[-1]),
        *(str(part) for part in parts),
    ]
    return hashlib.sha256("|".join(said).encode()).hexdigest()[:16]
