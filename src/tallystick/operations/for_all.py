"""The same operation of each subscription that a line bills together, as one act: its price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db import transaction

from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.ledger.group import group_of
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Operation
from tallystick.ledger.record import Origin, Recorded
from tallystick.operations.finish import Asked, Change, Decide, finish
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import SubscriptionView, get_subscription
from tallystick.subscriptions.scheduled import LIVING

PRICE = OperationKind.UPDATE_PRICE_MARGIN.value


@dataclass(frozen=True, slots=True)
class Said:
    """A price as it was asked for; a cost of None is the one that holds."""

    unit_price: Decimal
    unit_cost: Decimal | None
    on: date

    def is_recorded_by(self, operation: Operation) -> bool:
        after = operation.after
        same_cost = self.unit_cost is None or after["unit_cost"] == f"{self.unit_cost:f}"
        same_price = after["unit_price"] == f"{self.unit_price:f}"
        return same_price and same_cost and operation.effective_on == self.on


def hold_group(subscription_id: int) -> Sequence[int]:
    """Everybody on its line, none of whom records anything meanwhile; none when it is alone. In a
    transaction, before any of them is held. Raises Conflicting."""
    group = group_of(subscription_id)
    if group:
        rows = Subscription.objects.select_for_update(no_key=True).filter(pk__in=group)
        list(rows.order_by("pk"))
        if set(group_of(subscription_id)) != set(group):
            raise Conflicting(
                "Who is billed on its line has changed this very moment. Nothing was recorded. "
                "Look again."
            )
    return group


def for_all(subscription_id: int, decide: Decide, said: Said, *, asked: Asked) -> Recorded:
    """Answers its own; theirs go out with it. Of one that is billed alone: ``finish``.

    Those that have ended keep what they had. Raises as ``finish``, Conflicting also for what one
    of the others may not do; then nothing is stored.
    """
    if not group_of(subscription_id):
        return finish(subscription_id, decide, asked=asked)

    def decide_for_all(view: SubscriptionView) -> Change | list[FieldError]:
        decided = decide(view)
        return decided if isinstance(decided, list) else replace(decided, for_all=True)

    with transaction.atomic():
        rows = Subscription.objects.filter(pk__in=hold_group(subscription_id), status__in=LIVING)
        others = list(rows.exclude(pk=subscription_id).order_by("pk").values_list("pk", flat=True))
        try:
            recorded = finish(subscription_id, decide_for_all, asked=asked)
        except InvalidInput:
            done = _done_with_another(subscription_id, said, asked)
            if done is None:
                raise
            return done
        for one in others:
            _as_well(one, decide_for_all, asked)
    return recorded


def _as_well(one: int, decide: Decide, asked: Asked) -> None:
    origin = _origin(asked.origin, one)
    try:
        finish(one, decide, asked=replace(asked, origin=origin))
    except InvalidInput as problem:
        name = get_subscription(asked.context, one).name
        because = "; ".join(f"{error.field} {error.message}" for error in problem.errors)
        raise Conflicting(
            f"{name} is billed on the same line, and it cannot be recorded for that one: "
            f"{because}. Nothing was recorded."
        ) from problem


def _done_with_another(subscription_id: int, said: Said, asked: Asked) -> Recorded | None:
    """Whoever records it for each of them, one by one, finds that the first brought it along."""
    last = Operation.objects.filter(subscription_id=subscription_id).order_by("-sequence").first()
    if last is None or last.correlation_id != asked.correlation_id or last.kind != PRICE:
        return None
    if not said.is_recorded_by(last):
        return None
    return Recorded(last.pk, last.sequence, ())


def _origin(origin: Origin, other_id: int) -> Origin:
    """Not what the other's own would be: that may say something else."""
    if origin.source_id is None:
        return origin
    return replace(origin, source_id=f"{origin.source_id}/with/{other_id}")
