"""The differences of all mapped lines a context sees: ours, theirs, since when, at what stake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django.db.models import Q, QuerySet

from tallystick.connections.queries import living
from tallystick.identity.context import Context
from tallystick.kit.money import LARGEST
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import InvalidInput, NotFound
from tallystick.ledger.badge_words import Agreement
from tallystick.ledger.difference import DayRange, first_wrong
from tallystick.ledger.drifts import days_of
from tallystick.ledger.group import lanes_of
from tallystick.ledger.kinds import DriftEnd, DriftKind
from tallystick.ledger.models import Drift, DriftDecision, Lane
from tallystick.ledger.standings import agreement_of
from tallystick.mappings.rows import Row, rows_for
from tallystick.subscriptions.queries import get_subscriptions, visible

OPEN, AGREED = "open", "agreed"


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a difference; ``person`` is Tallystick where no person decided."""

    how: DriftEnd
    reason: str
    until: date | None
    operation_id: int | None
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One difference of one line. ``stake``: found less expected, a month, in ``currency``.

    ``twice``: our change that is there twice, and the number of the attempt. ``is_open``: it is
    what Autotask shows as far as we know; ``agreed``: to what a person agreed about it.
    """

    id: int
    row: Row
    kind: DriftKind
    attempt_id: int | None
    attempt_number: int | None
    twice: int | None
    began_on: date
    days: Sequence[DayRange]
    stake: Decimal | None
    currency: str
    since: datetime
    found_at: datetime
    is_open: bool
    agreed: Agreement | None
    decisions: Sequence[Decided] = ()

    @property
    def wrong(self) -> DayRange:
        """The first days that differ."""
        return first_wrong(self.days)

    @property
    def units_differ(self) -> bool:
        wrong = self.wrong
        return wrong.found is None or wrong.found.units != wrong.expected.units

    @property
    def by_day(self) -> Sequence[DayRange]:
        """Both values day by day, where they are not the same throughout."""
        return self.days if len(self.days) > 1 else ()


def list_drifts(
    context: Context,
    *,
    now: datetime,
    connection_id: int | None = None,
    customer_id: int | None = None,
    subscription_id: int | None = None,
    state: str = OPEN,
    search: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[DriftRow]:
    """What is open, most money a month first (of whichever currency, and whichever way); ``state``
    agreed: what is silent. Raises InvalidInput."""
    limit = check_limit(limit)
    rows = _lanes(context, now=now, state=state)
    for name, value in (
        ("connection_id", connection_id),
        ("subscription__customer_id", customer_id),
        ("subscription_id", subscription_id),
    ):
        if value is not None:
            rows = rows.filter(**{name: value})
    for word in search.replace("\x00", "").split():
        rows = rows.filter(
            Q(subscription__customer__name__icontains=word)
            | Q(subscription__offer__name__icontains=word)
            | Q(subscription__friendly_name__icontains=word)
        )
    if cursor:
        rows = rows.filter(_after(cursor))
    found = list(rows.order_by("-drift_stake", "-drift_id")[: limit + 1])
    shown = _views(context, [lane.drift for lane in found[:limit] if lane.drift], now=now)
    last = found[limit - 1] if len(found) > limit else None
    more = encode_cursor([str(last.drift_stake), last.drift_id or 0]) if last else None
    return Page(shown, more)


def _after(cursor: str) -> Q:
    """Raises InvalidInput."""
    said, drift_id = decode_cursor(cursor, length=2)
    try:
        stake = Decimal(said)
        if not 0 <= stake <= LARGEST:
            raise InvalidOperation
    except InvalidOperation:
        raise InvalidInput.one("cursor", "is not one this list gave out") from None
    return Q(drift_stake__lt=stake) | Q(drift_stake=stake, drift_id__lt=drift_id)


def count_drifts(context: Context, *, now: datetime) -> int:
    """How many wait for a decision."""
    return _lanes(context, now=now, state=OPEN).count()


def get_drift(context: Context, drift_id: int, *, now: datetime) -> DriftRow:
    """Open or not, with what was decided about it. Raises NotFound."""
    drift = _drifts(context).filter(pk=drift_id).first()
    found = _views(context, [drift] if drift else [], now=now)
    if not found:
        raise NotFound("There is no such difference.")
    return found[0]


def drift_history(
    context: Context, subscription_id: int, *, now: datetime, limit: int = 20
) -> Sequence[DriftRow]:
    """What was found of one subscription's lines and decided about it, newest first."""
    rows = _drifts(context).filter(lanes_of([subscription_id], through="lane__"))
    return _views(context, list(rows.order_by("-pk")[:limit]), now=now)


def _lanes(context: Context, *, now: datetime, state: str) -> QuerySet[Lane]:
    if state not in (OPEN, AGREED):
        raise InvalidInput.one("state", f"must be {OPEN} or {AGREED}")
    silent = Q(agreed__until_at__gt=now)
    rows = Lane.objects.filter(
        silent if state == AGREED else ~silent,
        tenant_id=context.tenant_id,
        open=True,
        drift__isnull=False,
        connection__in=living(context),
        subscription__in=visible(context),
    )
    return rows.select_related("drift__lane", "drift__attempt", "agreed")


def _drifts(context: Context) -> QuerySet[Drift]:
    rows = Drift.objects.filter(
        lane__connection__in=living(context), lane__subscription__in=visible(context)
    )
    return rows.select_related("lane__agreed", "attempt")


def _views(context: Context, drifts: Sequence[Drift], *, now: datetime) -> list[DriftRow]:
    ids = {drift.lane.subscription_id for drift in drifts}
    rows = {
        row.subscription.id: row
        for row in rows_for(context, get_subscriptions(context, ids), now=now)
    }
    names = {one.pk: one.price_currency for one in living(context)}
    decisions: dict[int, list[Decided]] = {}
    for one in DriftDecision.objects.filter(drift__in=drifts).order_by("pk"):
        decisions.setdefault(one.drift_id, []).append(
            Decided(DriftEnd(one.how), one.reason, one.until, one.operation_id, one.person, one.at)
        )
    return [
        _view(
            one,
            rows[one.lane.subscription_id],
            names[one.lane.connection_id],
            decisions.get(one.pk, ()),
        )
        for one in drifts
        if one.lane.subscription_id in rows
    ]


def _view(drift: Drift, row: Row, currency: str, decisions: Sequence[Decided]) -> DriftRow:
    lane, attempt = drift.lane, drift.attempt
    is_open = lane.drift_id == drift.pk
    return DriftRow(
        id=drift.pk,
        row=row,
        kind=DriftKind(drift.kind),
        attempt_id=drift.attempt_id,
        attempt_number=attempt.number if attempt else None,
        twice=int(attempt.body["unit_change"]) if attempt else None,
        began_on=drift.began_on,
        days=days_of(drift),
        stake=drift.stake,
        currency=currency,
        since=lane.drift_since if is_open and lane.drift_since else drift.found_at,
        found_at=drift.found_at,
        is_open=is_open,
        agreed=agreement_of(lane) if is_open else None,
        decisions=decisions,
    )
