"""What needs a person, line by line, as Home lists it. Pure but for the addresses."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from tallystick.bootstrap.home import ConnectionNow, Home, Need
from tallystick.ledger.badge import BadgeKind
from tallystick.mappings.stakes import Stake
from tallystick.sources.undecided import Undecided
from tallystick.web.words import amount, counted

NOTHING = Decimal(0)


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


def needs_of(home: Home) -> list[NeedLine]:
    """Connections first, because they stop everything; then what sources told; then by money, of
    whichever currency."""
    lines = [_of_row(one) for one in home.needs]
    if home.not_mapped.subscriptions:
        lines.append(_of_not_mapped(home))
    if home.not_seen.subscriptions:
        lines.append(_of_not_seen(home.not_seen))
    lines.sort(key=lambda line: -line.at_stake)
    if home.undecided:
        lines.append(_of_undecided(home))
    told = [_of_told(one) for one in home.told]
    return [*(_of_connection(one) for one in home.connections if one.needs_you), *told, *lines]


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


def _of_told(one: Undecided) -> NeedLine:
    """What it bills is not known before it is decided."""
    held, event = one.subscription, one.event
    here = {"source_id": event.source_id, "event_id": event.id}
    decide = reverse("source-event", kwargs=here)
    return NeedLine(
        name=held.name if held else event.subject,
        href=reverse("subscription", kwargs={"subscription_id": held.id}) if held else decide,
        under=held.customer.name if held else one.source_name,
        cause=f"{one.source_name} told: {event.words}. {event.became.answer.label}, and nothing "
        "was recorded.",
        money="",
        at_stake=NOTHING,
        tone="red",
        icon="alert-triangle",
        act="Decide",
        act_href=decide,
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
    what = f"{row.head_in_words}: " if row.head is not None else ""
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
