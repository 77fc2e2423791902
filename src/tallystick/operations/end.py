"""The subscription has ended by itself: its term is over, or the vendor has deleted it."""

from __future__ import annotations

from datetime import date, timedelta

from tallystick.audit.events import Event
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked, Change, finish
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import (
    check_effective_day,
    check_living,
    read_effective_day,
)
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus


def expire(*, subscription_id: int, today: date, asked: Asked) -> Recorded:
    """From the day after its commitment's last day it is billed no more.

    Raises InvalidInput (it has ended, its term has not or goes on, or it has none), NotFound,
    NotAllowed.
    """

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        ends_on = view.commitment_ends_on
        if ends_on is None or ends_on == date.max:
            return [FieldError("subscription", "has no term that could end")]
        # Asked again here: it may have been renewed a moment ago.
        if ends_on >= today:
            return [FieldError("subscription", f"has a term until {in_words(ends_on)}")]
        if view.end_of_term is not EndOfTerm.CANCEL:
            return [FieldError("subscription", "goes on when its term ends")]
        day = ends_on + timedelta(days=1)
        return _ended(
            view,
            OperationKind.EXPIRE,
            Event.EXPIRE_SUBSCRIPTION,
            SubscriptionStatus.EXPIRED,
            day,
            f"Its term ended on {in_words(ends_on)}",
        )

    return finish(subscription_id, decide, asked=asked)


def delete_by_vendor(
    *, subscription_id: int, effective_on: object = None, today: date, asked: Asked
) -> Recorded:
    """From the vendor's date it is billed no more. Raises as ``expire``."""
    day = read_effective_day(effective_on, today=today)

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        if errors := check_effective_day(view.holding(), day, today=today):
            return errors
        return _ended(
            view,
            OperationKind.DELETE,
            Event.DELETE_SUBSCRIPTION,
            SubscriptionStatus.DELETED,
            day,
            f"Deleted by the vendor from {in_words(day)}",
        )

    return finish(subscription_id, decide, asked=asked)


def _ended(
    view: SubscriptionView,
    kind: OperationKind,
    event: Event,
    status: SubscriptionStatus,
    day: date,
    summary: str,
) -> Change | list[FieldError]:
    if errors := check_living(view.holding()):
        return errors
    return Change(
        kind=kind,
        event=event,
        before={"quantity": view.quantity, "status": view.status.value},
        after={"quantity": 0, "status": status.value},
        effective_on=day,
        fields={"quantity": 0, "status": status.value},
        summary=summary,
    )
