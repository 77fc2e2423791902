"""What was sent to a line and took effect, and what took it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import takewhile

from tallystick.ledger.base_rows import showed
from tallystick.ledger.kinds import AttemptKind, EvidenceKind, OperationKind
from tallystick.ledger.models import Attempt, Delivery, Evidence, Operation
from tallystick.ledger.profile import Step, amount_from_text
from tallystick.ledger.runs import TOOK_EFFECT
from tallystick.ledger.state import State


@dataclass(frozen=True, slots=True)
class Repriced:
    """What a change of the price alone set from ``began_on`` on, and what there was before. A cost
    of None was left alone."""

    began_on: date
    price_before: Decimal
    price: Decimal
    cost_before: Decimal | None
    cost: Decimal | None

    def is_shown_by(self, step: Step) -> bool:
        return step.unit_price == self.price and self.cost in (None, step.unit_cost)

    def back(self, known: Sequence[Step]) -> Sequence[Step]:
        """As it was before; ``known``: from the day it began. Another price that came later stays,
        and so does whatever follows that, also where it is this price again."""
        of_it = list(takewhile(self.is_shown_by, known))
        return [*(self._before(step) for step in of_it), *known[len(of_it) :]]

    def _before(self, step: Step) -> Step:
        cost = step.unit_cost if self.cost is None else self.cost_before
        return replace(step, unit_price=self.price_before, unit_cost=cost)


@dataclass(frozen=True, slots=True)
class Sent:
    """One adjustment that is proved to have landed. ``corrects``: the number of the one it took
    back; ``corrected_by``: of the one that took it back. ``repriced``: of a change of the price
    alone, as far as the price before it is known."""

    attempt_id: int
    number: int
    lane_id: int
    connection_id: int
    operation_id: int | None
    effective_on: date
    unit_change: int
    sent_at: datetime
    asked_by: str
    corrects: int | None
    corrected_by: int | None
    repriced: Repriced | None = None


def took_effect(lane_id: int, *, limit: int = 50) -> Sequence[Sent]:
    """Newest first."""
    landed = Evidence.objects.filter(
        attempt__lane_id=lane_id,
        kind=EvidenceKind.CONCLUSION.value,
        data__conclusion__in=TOOK_EFFECT,
    )
    attempts = list(
        Attempt.objects.filter(
            lane_id=lane_id, kind=AttemptKind.ADJUST.value, pk__in=landed.values("attempt")
        )
        .select_related("corrects", "lane")
        .order_by("-number")[:limit]
    )
    by = {one.corrects_id: one.number for one in attempts if one.corrects_id is not None}
    operations = dict(
        Delivery.objects.filter(attempt__in=attempts).values_list("attempt_id", "operation_id")
    )
    first = {one.attempt_id: one for one in _newest_first(attempts)}
    return [
        Sent(
            attempt_id=one.pk,
            number=one.number,
            lane_id=lane_id,
            connection_id=one.lane.connection_id,
            operation_id=operations.get(one.pk),
            effective_on=one.effective_on,
            unit_change=int(one.body["unit_change"]),
            sent_at=one.started_at,
            asked_by=one.asked_by,
            corrects=one.corrects.number if one.corrects else None,
            corrected_by=by.get(one.pk),
            repriced=_repriced(one, first.get(one.pk)),
        )
        for one in attempts
    ]


def _newest_first(attempts: Sequence[Attempt]) -> Iterable[Delivery]:
    rows = Delivery.objects.filter(attempt__in=attempts).select_related("operation")
    return rows.order_by("-operation__sequence")


def _repriced(attempt: Attempt, first: Delivery | None) -> Repriced | None:
    """``first``: the oldest operation that went out with it. What it says was before is known only
    where the line showed that: an operation before it may have been skipped."""
    body = attempt.body
    if int(body["unit_change"]) or first is None:
        return None
    price, cost = (amount_from_text(body[name]) for name in ("unit_price", "unit_cost"))
    before = first.operation.before
    price_before, cost_before = (
        amount_from_text(before.get(name)) for name in ("unit_price", "unit_cost")
    )
    if price is None or price_before is None or (cost is not None and cost_before is None):
        return None
    day, was = attempt.effective_on, None if cost is None else cost_before
    if not showed(attempt.base["rows"], day, price=price_before, cost=was):
        return None
    return Repriced(day, price_before, price, cost_before, cost)


def corrected(attempt_id: int) -> bool:
    """Whether its opposite was sent, or is recorded to be; a person may have taken that back."""
    if Attempt.objects.filter(corrects_id=attempt_id).exists():
        return True
    recorded = Operation.objects.filter(
        kind=OperationKind.CORRECT.value, after__corrects=attempt_id
    )
    given_up = Delivery.objects.filter(operation__in=recorded, state=State.RESOLVED.value)
    return recorded.exclude(pk__in=given_up.values("operation")).exists()
