"""How the subscriptions of a message stand, in the context of its recipient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from tallystick.audit.record import SYSTEM
from tallystick.identity.context import Context
from tallystick.identity.roles import Role
from tallystick.ledger.badge import BadgeKind
from tallystick.mappings.rows import Row, rows_for
from tallystick.notify.decide import Say
from tallystick.notify.letters import MOST_NAMED, Letter
from tallystick.notify.letters_subscriptions import Many, Standing, about_many, about_one
from tallystick.notify.models import Recipient
from tallystick.subscriptions.queries import get_subscriptions


def context_of(recipient: Recipient) -> Context:
    """What a recipient may be told of: never more than its context shows."""
    return Context(recipient.tenant_id, recipient.reseller_id, Role.VIEWER, SYSTEM)


def about_subscriptions(
    say: Say,
    ids: Sequence[int],
    left: Sequence[int],
    *,
    recipient: Recipient,
    where: Sequence[tuple[int, str]],
    zone: str,
    now: datetime,
) -> Letter:
    """``where``: id and name of the connection of each that is red."""
    context = context_of(recipient)
    named = standing_of(context, ids[:MOST_NAMED], now=now)
    if len(ids) == 1 and len(named) == 1 and say in (Say.BEGAN, Say.ENDED):
        return about_one(say, named[0], zone=zone)
    counts = Counter(where)
    them = Many(
        number=len(ids),
        by_connection={pk: (name, counts[pk, name]) for pk, name in counts},
        named=named,
        left=len(left),
        left_named=standing_of(context, left[:MOST_NAMED], now=now),
    )
    return about_many(say, them, zone=zone)


def standing_of(context: Context, ids: Sequence[int], *, now: datetime) -> list[Standing]:
    views = get_subscriptions(context, ids)
    return [_standing(row) for row in rows_for(context, views, now=now, with_head=True)]


def _standing(row: Row) -> Standing:
    badge = row.badge
    return Standing(
        subscription_id=row.subscription.id,
        customer=row.subscription.customer.name,
        subscription=row.subscription.name,
        connection=row.place.connection_name if row.place else "",
        label=badge.kind.label,
        is_red=badge.kind is BadgeKind.OUT_OF_SYNC,
        operation=row.head_in_words,
        cause=badge.cause,
        since=badge.since,
        waiting=badge.pending,
        proved_at=badge.proved_at,
    )
