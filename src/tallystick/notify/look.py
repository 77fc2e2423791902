"""Look at what is so, and tell each recipient what is new of it: the messages, not their sending.

Nothing calls this room when something happens. Whether a subscription is red follows from six
facts in four tables and from the time; it is asked in one question, and compared with what was
told. The comparison and its messages are one transaction: a process that dies in it has told
nothing, and the next one tells it (docs/adr, *Notifications are derived from what is so*).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from tallystick.connections.models import Connection
from tallystick.identity.people import tenant_zone
from tallystick.ledger.counting import Red, out_of_sync
from tallystick.notify.ahead import tell_ahead
from tallystick.notify.decide import Note, Rule, Say, decide
from tallystick.notify.describe import about_subscriptions, context_of
from tallystick.notify.kinds import Kind, Topic
from tallystick.notify.letters import (
    MOST_NAMED,
    Paused,
    about_connections,
    nobody_works,
    works_again,
)
from tallystick.notify.letters_told import about_told
from tallystick.notify.models import Recipient
from tallystick.notify.notes import load_notes, store_notes
from tallystick.notify.outbox import put
from tallystick.notify.pulse import Away, away_until, beat
from tallystick.notify.told import OpenTold, WhatWasTold
from tallystick.notify.told import mine as of_recipient

THE_WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is wrong in a tenant at this moment. ``open``: what ``told`` says waits for a person."""

    zone: str
    connections: Mapping[int, Connection]
    red: Sequence[Red]
    told: WhatWasTold
    open: Sequence[OpenTold]


def look(told: WhatWasTold, *, now: datetime) -> None:
    """By a worker, every few seconds. Does nothing that another one has done."""
    away = away_until(now)
    for tenant_id in living().values_list("tenant_id", flat=True).distinct():
        seen = see(tenant_id, told, now=now)
        for recipient_id in living().filter(tenant_id=tenant_id).values_list("pk", flat=True):
            with transaction.atomic():
                recipient = _hold(recipient_id)
                if recipient is not None:
                    tell(recipient, seen, away, now=now)
    # Last: who dies before has left the gap for the next one to tell.
    beat(now=now)


def living() -> QuerySet[Recipient]:
    """Those that are told; a person who may not sign in any more is not."""
    active = Q(user=None) | Q(user__is_active=True)
    return Recipient.objects.filter(active, deleted_at=None).order_by("tenant_id")


def see(tenant_id: int, told: WhatWasTold, *, now: datetime) -> Seen:
    rows = Connection.objects.filter(tenant_id=tenant_id, deleted_at=None)
    connections = {row.pk: row for row in rows.order_by("name")}
    red = out_of_sync(list(connections), tenant_id=tenant_id, now=now) if connections else ()
    return Seen(tenant_zone(tenant_id), connections, red, told, told.open(tenant_id))


def tell(recipient: Recipient, seen: Seen, away: Away | None, *, now: datetime) -> None:
    """In a transaction that holds the recipient."""
    mine = {
        pk: row
        for pk, row in seen.connections.items()
        if recipient.connection_id in (None, pk)
        and recipient.reseller_id in (None, row.reseller_id)
    }
    _tell_of_subscriptions(recipient, seen, mine, now=now)
    _tell_of_connections(recipient, mine, zone=seen.zone, now=now)
    _tell_of_worker(recipient, away, zone=seen.zone, now=now)
    _tell_of_told(recipient, seen, now=now)
    if Topic.AHEAD in recipient.topics:
        tell_ahead(recipient, mine, zone=seen.zone, now=now)


def tell_nobody_works(since: datetime, *, now: datetime) -> None:
    """By a process that lives while no worker does."""
    for recipient_id in living().values_list("pk", flat=True):
        with transaction.atomic():
            recipient = _hold(recipient_id)
            if recipient is None or Topic.WORKER not in recipient.topics:
                continue
            zone = tenant_zone(recipient.tenant_id)
            for say, _ in _news(recipient, Kind.WORKER, [THE_WORKER], now=now):
                put(recipient, nobody_works(since, still=say is Say.STILL, zone=zone), now=now)


def _hold(recipient_id: int) -> Recipient | None:
    return living().select_for_update(no_key=True, of=("self",)).filter(pk=recipient_id).first()


def _tell_of_subscriptions(
    recipient: Recipient, seen: Seen, mine: Mapping[int, Connection], *, now: datetime
) -> None:
    red = {
        str(one.subscription_id): one
        for one in seen.red
        if one.connection_id in mine
        and (Topic.DRIFT if one.drifted else Topic.OUT_OF_SYNC) in recipient.topics
    }
    for say, (refs, left) in _news(recipient, Kind.SUBSCRIPTION, red, now=now):
        where = [mine[red[ref].connection_id] for ref in refs if ref in red]
        letter = about_subscriptions(
            say,
            [int(ref) for ref in refs],
            [int(ref) for ref in left],
            recipient=recipient,
            where=[(row.pk, row.name) for row in where],
            zone=seen.zone,
            now=now,
        )
        put(recipient, letter, now=now)


def _tell_of_connections(
    recipient: Recipient, mine: Mapping[int, Connection], *, zone: str, now: datetime
) -> None:
    paused = {
        str(pk)
        for pk, row in mine.items()
        if row.paused_at is not None and row.resume_at is None and Topic.PAUSED in recipient.topics
    }
    for say, (refs, left) in _news(recipient, Kind.CONNECTION, paused, now=now):
        them, stay = ([_paused(ref, mine) for ref in some] for some in (refs, left))
        put(recipient, about_connections(say, them, stay, zone=zone), now=now)


def _paused(ref: str, mine: Mapping[int, Connection]) -> Paused:
    row = mine.get(int(ref)) or Connection.objects.get(pk=int(ref))
    return Paused(row.pk, row.name, row.paused_because, row.paused_at)


def _tell_of_worker(recipient: Recipient, away: Away | None, *, zone: str, now: datetime) -> None:
    """Whoever looks here is a worker."""
    if Topic.WORKER not in recipient.topics:
        return
    notes, _ = load_notes(recipient, Kind.WORKER)
    this_gap = "" if away is None else away.since.isoformat()
    if this_gap in notes:
        return
    kept = {this_gap: Note(now, now)} if away is not None else {}
    store_notes(recipient, Kind.WORKER, notes, kept)
    if THE_WORKER in notes:
        put(recipient, works_again(None, zone=zone), now=now)
    elif away is not None and away.since > recipient.created_at:
        put(recipient, works_again((away.since, away.until), zone=zone), now=now)


def _tell_of_told(recipient: Recipient, seen: Seen, *, now: datetime) -> None:
    """With what else is wrong with a subscription; in the context of the recipient."""
    chosen = Topic.OUT_OF_SYNC in recipient.topics
    open_now = of_recipient(recipient, seen.open) if chosen else ()
    for say, (refs, left) in _news(recipient, Kind.TOLD, open_now, now=now):
        which = left if say is Say.FLOOD_OVER else refs
        first = [int(ref) for ref in which[:MOST_NAMED]]
        them = seen.told.told(context_of(recipient), first)
        letter = about_told(say, len(which), them, zone=seen.zone)
        if letter is not None:
            put(recipient, letter, now=now)


Refs = tuple[Sequence[str], Sequence[str]]


def _news(
    recipient: Recipient, kind: Kind, wrong: Collection[str], *, now: datetime
) -> list[tuple[Say, Refs]]:
    """Decided and stored: what this recipient is to be told of one kind."""
    notes, flooding = load_notes(recipient, kind)
    decided = decide(wrong, notes, flooding, rule_of(recipient, kind), now=now)
    store_notes(recipient, kind, notes, decided.notes, flooding, decided.flooding)
    return [(one.say, (one.refs, one.left)) for one in decided.news]


def rule_of(recipient: Recipient, kind: Kind) -> Rule:
    every = timedelta(hours=recipient.remind_hours) if recipient.remind_hours else None
    if kind is Kind.WORKER:
        return Rule(every, window=timedelta(0))
    if kind is Kind.TOLD:
        return Rule(None)  # it stands on Home until it is decided
    return Rule(every)
