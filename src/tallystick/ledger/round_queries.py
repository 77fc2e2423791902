"""Questions about rounds: newest first, live while they go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Sum, Value, When

from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.kinds import RoundScope
from tallystick.ledger.models import RoundItem, SyncRound
from tallystick.ledger.rounds import COUNTS

ITEMS_SHOWN = 100
UNLIKE = 1


@dataclass(frozen=True, slots=True)
class RoundView:
    """``seen = written + unchanged + ignored + waiting + failed`` once it is finished; before,
    what its ended runs came to. ``subscriptions`` were asked or held, ``ended`` are done;
    ``not_equal``: nothing waited for them, and the look did not show what is expected."""

    id: int
    connection_id: int
    connection_name: str
    scope: RoundScope
    customer_id: int | None
    customer_name: str
    asked_by: str
    correlation_id: str
    started_at: datetime
    finished_at: datetime | None
    subscriptions: int
    ended: int
    not_equal: int
    seen: int
    written: int
    unchanged: int
    ignored: int
    waiting: int
    failed: int

    @property
    def state(self) -> str:
        return "running" if self.finished_at is None else "finished"


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose rounds: ``scope`` filters their connections. ``equal``: what a run is told by a look
    that showed what is expected."""

    scope: Mapping[str, int]
    equal: str

    def not_equal(self) -> Q:
        """Of items: looked at, and not that."""
        looked = Q(run__seen=0, run__finished_at__isnull=False)
        return looked & ~Q(run__found=self.equal)


@dataclass(frozen=True, slots=True)
class ItemView:
    """A subscription of a round. ``because``: why it was not asked; ``found``: what a look
    showed when nothing was waiting."""

    subscription_id: int
    customer_name: str
    subscription_name: str
    run_id: int | None
    finished: bool
    because: str
    found: str
    not_equal: bool
    counts: Mapping[str, int]


def list_rounds(
    whose: Whose,
    *,
    connection_id: int | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[RoundView]:
    """Newest first. Raises InvalidInput."""
    limit = check_limit(limit)
    rows = _rounds(whose)
    if connection_id is not None:
        rows = rows.filter(connection_id=connection_id)
    if cursor:
        rows = rows.filter(pk__lt=decode_cursor(cursor, length=1)[0])
    found = list(rows.order_by("-pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    return Page(_views(found[:limit], whose), more)


def get_round(whose: Whose, round_id: int) -> RoundView | None:
    views = _views(list(_rounds(whose).filter(pk=round_id)), whose)
    return views[0] if views else None


def items_of(
    round_id: int, whose: Whose, *, cursor: str | None = None, limit: int = ITEMS_SHOWN
) -> Page[ItemView]:
    """What failed first, then what a look showed otherwise, what was not asked, what goes on,
    what waits, and the rest. Raises InvalidInput naming ``cursor``."""
    urgency = Case(
        When(run__failed__gt=0, then=Value(0)),
        When(whose.not_equal(), then=Value(UNLIKE)),
        When(run__isnull=True, then=Value(2)),
        When(run__finished_at__isnull=True, then=Value(3)),
        When(run__waiting__gt=0, then=Value(4)),
        default=Value(5),
        output_field=IntegerField(),
    )
    rows = RoundItem.objects.filter(round_id=round_id).select_related(
        "run", "subscription__customer", "subscription__offer"
    )
    rows = rows.annotate(urgency=urgency)
    if cursor:
        place, last = decode_cursor(cursor, length=2)
        rows = rows.filter(Q(urgency=_urgency(place), pk__gt=last) | Q(urgency__gt=_urgency(place)))
    found = list(rows.order_by("urgency", "pk")[: limit + 1])
    end = found[limit - 1] if len(found) > limit else None
    more = encode_cursor([str(end.urgency), end.pk]) if end else None
    return Page([_item(row, row.urgency == UNLIKE) for row in found[:limit]], more)


def _urgency(text: str | int) -> int:
    """Raises InvalidInput naming ``cursor``."""
    if str(text) not in {"0", "1", "2", "3", "4", "5"}:
        raise InvalidInput.one("cursor", "is not one this list gave out")
    return int(text)


def _rounds(whose: Whose) -> QuerySet[SyncRound]:
    return SyncRound.objects.filter(**whose.scope).select_related("connection", "customer")


def _views(rows: Sequence[SyncRound], whose: Whose) -> list[RoundView]:
    """One question for all of them: what their ended runs came to so far."""
    over = Q(run__isnull=True) | Q(run__finished_at__isnull=False)
    sums: dict[int, Mapping[str, Any]] = {
        one["round_id"]: {**one}
        for one in RoundItem.objects.filter(round__in=[row.pk for row in rows])
        .values("round_id")
        .annotate(
            subscriptions=Count("pk"),
            ended=Count("pk", filter=over),
            not_equal=Count("pk", filter=whose.not_equal()),
            held=Sum("held"),
            **{f"n_{name}": Sum(f"run__{name}", filter=over) for name in COUNTS},
        )
        .order_by()
    }
    return [_view(row, sums.get(row.pk, {})) for row in rows]


def _view(row: SyncRound, so_far: Mapping[str, Any]) -> RoundView:
    counts = {name: getattr(row, name) for name in COUNTS}
    if row.finished_at is None:
        counts = {name: so_far.get(f"n_{name}") or 0 for name in COUNTS}
        held = so_far.get("held") or 0
        counts["seen"] += held
        counts["waiting"] += held
    return RoundView(
        id=row.pk,
        connection_id=row.connection_id,
        connection_name=row.connection.name,
        scope=RoundScope(row.scope),
        customer_id=row.customer_id,
        customer_name=row.customer.name if row.customer else "",
        asked_by=row.asked_by,
        correlation_id=row.correlation_id,
        started_at=row.started_at,
        finished_at=row.finished_at,
        subscriptions=so_far.get("subscriptions") or 0,
        ended=so_far.get("ended") or 0,
        not_equal=so_far.get("not_equal") or 0,
        **counts,
    )


def _item(row: RoundItem, not_equal: bool) -> ItemView:
    run, subscription = row.run, row.subscription
    counts = {name: getattr(run, name) for name in COUNTS} if run else {"waiting": row.held}
    return ItemView(
        subscription_id=row.subscription_id,
        customer_name=subscription.customer.name,
        subscription_name=subscription.friendly_name or subscription.offer.name,
        run_id=row.run_id,
        finished=run is None or run.finished_at is not None,
        because=row.because,
        found=run.found if run else "",
        not_equal=not_equal,
        counts=counts,
    )
