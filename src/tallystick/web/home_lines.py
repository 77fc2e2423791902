"""What Home shows, made ready for its page. Pure but for the addresses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from tallystick.books.may_post import Reason, Why
from tallystick.bootstrap.home import ConnectionNow, Home, Need
from tallystick.connections.sweeps import SweepState
from tallystick.ledger.at_stake import Held
from tallystick.ledger.badge import BadgeKind
from tallystick.mappings.stakes import Stake
from tallystick.web.side_rows import at_stake
from tallystick.web.words import amount, counted

NOTHING = Decimal(0)
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


@dataclass(frozen=True, slots=True)
class NeedLine:
    """One line of *needs you*: what it is, why, what it is worth, the button."""

    name: str
    href: str
    under: str
    cause: str
    money: str
    at_stake: Decimal
    tone: str
    icon: str
    act: str
    act_href: str


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


def needs_of(home: Home) -> list[NeedLine]:
    """Connections first, because they stop everything; then by money, of whichever currency."""
    lines = [_of_row(one) for one in home.needs]
    if home.not_mapped.subscriptions:
        lines.append(_of_not_mapped(home))
    if home.not_seen.subscriptions:
        lines.append(_of_not_seen(home.not_seen))
    lines.sort(key=lambda line: -line.at_stake)
    if home.undecided:
        lines.append(_of_undecided(home))
    return [*(_of_connection(one) for one in home.connections if one.needs_you), *lines]


def _of_connection(one: ConnectionNow) -> NeedLine:
    href = reverse("connection", kwargs={"connection_id": one.connection.id})
    return NeedLine(
        name=one.connection.name,
        href=href,
        under=one.verdict.health.label,
        cause=f"{one.verdict.words} {one.verdict.todo}",
        money="",
        at_stake=NOTHING,
        tone=one.verdict.health.tone,
        icon=one.verdict.health.icon,
        act="Look at it",
        act_href=href,
    )


def _of_not_mapped(home: Home) -> NeedLine:
    stake = home.not_mapped
    first = next((one.connection.id for one in home.connections), None)
    listed = f"{reverse('subscriptions')}?show=not_billed"
    at = reverse("connectors")
    if first is not None:
        at = reverse("subscription-mapping", kwargs={"connection_id": first}) + "?badge=not_mapped"
    if len(home.connections) > 1:
        at = listed
    return NeedLine(
        name=f"{counted(stake.subscriptions, 'subscription')} not mapped",
        href=listed,
        under=counted(stake.licences, "licence"),
        cause="Nothing bills what is active and not mapped.",
        money=_a_month(stake),
        at_stake=max(stake.a_month.values(), default=NOTHING),
        tone="yellow",
        icon="unlink",
        act="Map",
        act_href=at,
    )


def _of_undecided(home: Home) -> NeedLine:
    href = f"{reverse('renewals')}?show=needs"
    return NeedLine(
        name=f"{counted(home.undecided, 'subscription')} under Renewals",
        href=href,
        under="what happens now",
        cause="Refused on its day, or the term is over and nobody has said what then.",
        money="",
        at_stake=NOTHING,
        tone="yellow",
        icon="calendar",
        act="See which",
        act_href=href,
    )


def _of_not_seen(stake: Stake) -> NeedLine:
    href = f"{reverse('subscriptions')}?show=not_seen"
    return NeedLine(
        name=f"{counted(stake.subscriptions, 'change')} not seen at Microsoft",
        href=href,
        under=counted(stake.licences, "licence"),
        cause="Recorded here more than 48 hours ago, and the source still shows what was before. "
        "Make the change there, or take it back here.",
        money=_a_month(stake),
        at_stake=max(stake.a_month.values(), default=NOTHING),
        tone="yellow",
        icon="eye",
        act="See which",
        act_href=href,
    )


def _a_month(stake: Stake) -> str:
    return " + ".join(amount(value, currency) for currency, value in sorted(stake.a_month.items()))


def _of_row(need: Need) -> NeedLine:
    row, view = need.row, need.row.subscription
    timeline = reverse("subscription", kwargs={"subscription_id": view.id})
    held = row.badge.kind is BadgeKind.WAITING_FOR_APPROVAL
    act, act_href = "Look at it", timeline
    if row.lane is not None and row.lane.drift_id is not None and row.head is None:
        # Nothing of ours waits: it is a decision that is wanted.
        act, act_href = "Decide", reverse("drift-one", kwargs={"drift_id": row.lane.drift_id})
    elif row.place is not None and not held:
        here = {"connection_id": row.place.connection_id, "subscription_id": view.id}
        act, act_href = "Sync", reverse("sync", kwargs=here)
    what = f"{row.head.in_words()}: " if row.head is not None else ""
    return NeedLine(
        name=view.name,
        href=timeline,
        under=view.customer.name,
        cause=f"{what}{row.badge.cause}",
        money=amount(need.a_month, view.price_currency) if need.a_month else "",
        at_stake=need.a_month or NOTHING,
        tone=row.badge.kind.tone,
        icon=row.badge.kind.icon,
        act=act,
        act_href=act_href,
    )


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
        *(f"{one.row.subscription.id}{one.row.badge.cause}" for one in home.needs),
        *(
            f"{one.connection.id}{one.sweep}{one.sent_since}{one.calls.spent}"
            for one in home.connections
        ),
        repr(home.days[-1]),
        *(str(part) for part in parts),
    ]
    return hashlib.sha256("|".join(said).encode()).hexdigest()[:16]
