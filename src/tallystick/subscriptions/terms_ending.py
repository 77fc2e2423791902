"""Terms that end, the next one first: what is decided by then, and what happens otherwise."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Q
from django.db.models.functions import Coalesce

from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_day_cursor, encode_cursor
from tallystick.kit.problem import InvalidInput
from tallystick.subscriptions.queries import SubscriptionView, view_of, visible
from tallystick.subscriptions.status import EndOfTerm
from tallystick.subscriptions.waiting_ends import LIVING, needing

__all__ = ["DAYS", "LIVING", "MOST_DAYS", "days_left", "terms_ending"]
DAYS = 90
MOST_DAYS = 5 * 366


def terms_ending(
    context: Context,
    *,
    today: date,
    days: int = DAYS,
    over: bool = False,
    needs: bool = False,
    end_of_term: str = "",
    search: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[SubscriptionView]:
    """Living subscriptions whose term's last day is within so many days from today.

    ``over``: those whose last day has passed and whose renewal nobody recorded. ``needs``: those
    that wait for a person, also without a term. Raises InvalidInput naming the field.
    """
    limit = check_limit(limit)
    if not 0 <= days <= MOST_DAYS:
        raise InvalidInput.one("days", f"must be from 0 to {MOST_DAYS}")
    rows = visible(context).filter(status__in=LIVING)
    rows = rows.annotate(by_day=Coalesce("commitment_ends_on", "refused__on"))
    if needs:
        rows = rows.filter(pk__in=needing(context, today=today).values("pk"))
    elif over:
        rows = rows.filter(commitment_ends_on__lt=today)
    else:
        until = min(today.toordinal() + days, date.max.toordinal())
        rows = rows.filter(commitment_ends_on__range=(today, date.fromordinal(until)))
    if end_of_term:
        if end_of_term not in {one.value for one in EndOfTerm}:
            known = ", ".join(one.value for one in EndOfTerm)
            raise InvalidInput.one("end_of_term", f"must be one of {known}")
        rows = rows.filter(end_of_term=end_of_term)
    for word in search.replace("\x00", "").split():
        rows = rows.filter(
            Q(customer__name__icontains=word)
            | Q(offer__name__icontains=word)
            | Q(friendly_name__icontains=word)
        )
    if cursor:
        day, pk = decode_day_cursor(cursor)
        rows = rows.filter(Q(by_day__gt=day) | Q(by_day=day, pk__gt=pk))
    found = list(rows.order_by("by_day", "pk")[: limit + 1])
    more = None
    if len(found) > limit:
        last = found[limit - 1]
        more = encode_cursor([last.by_day.isoformat(), last.pk])
    return Page([view_of(row) for row in found[:limit]], more)


def days_left(last_day: date, *, today: date) -> int:
    """Whole days after today until the last one; 0 on it, negative when it has passed."""
    return (last_day - today) // timedelta(days=1)
