"""From imported amounts to operations: one for each Azure plan and month that is final now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from tallystick.catalog.price_asked import By
from tallystick.catalog.terms import OfferKind
from tallystick.ledger.record import Origin, Recorded
from tallystick.ledger.wake import Wake
from tallystick.operations.finish import Asked
from tallystick.operations.record_amounts import Why, record_amounts
from tallystick.subscriptions.azure_queries import only_plan_of
from tallystick.subscriptions.models import Customer, Subscription

SOURCE = "import"
# So many sentences are kept for a person to read.
MOST_WORDS = 200


@dataclass(frozen=True, slots=True)
class Touched:
    """Whose amount a row is, and of which month."""

    customer: Customer
    plan: Subscription | None
    month: date


@dataclass(slots=True)
class MonthsRecorded:
    """What became of the months: counts, and a sentence for each that was not simply recorded."""

    recorded: int = 0
    same: int = 0
    not_final: int = 0
    held: int = 0
    unmatched: int = 0
    cannot_sum: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, words: str) -> None:
        if len(self.notes) < MOST_WORDS:
            self.notes.append(words)


def nobody_wakes() -> Wake:
    """For what is undone."""
    return lambda _lane_ids: None


def record_months(touched: Iterable[Touched], *, by: By, wake: Wake) -> MonthsRecorded:
    """In the caller's transaction. Amounts that name no plan are the customer's only plan's."""
    outcome = MonthsRecorded()
    asked = Asked(by.context, Origin(SOURCE), by.correlation_id, by.now, wake)
    done: set[tuple[int, date]] = set()
    for one in touched:
        plan = _plan_of(one, by)
        key = (plan.pk if plan else -one.customer.pk, one.month)
        if key in done:
            continue
        done.add(key)
        if plan is None:
            outcome.unmatched += 1
            outcome.note(
                f"{one.customer.name}, {one.month:%B %Y}: no Azure plan is named, and the customer "
                "does not have exactly one. Nothing is billed. Name the plan in the file."
            )
        else:
            _record(plan, one, asked, outcome)
    return outcome


def _plan_of(one: Touched, by: By) -> Subscription | None:
    if one.plan is not None and one.plan.offer.kind == OfferKind.AZURE_PLAN.value:
        return one.plan
    return only_plan_of(by.context, one.customer.pk)


def _record(plan: Subscription, one: Touched, asked: Asked, outcome: MonthsRecorded) -> None:
    found = record_amounts(subscription_id=plan.pk, month=one.month, asked=asked)
    if isinstance(found, Recorded):
        outcome.recorded += 1
        return
    match found.why:
        case Why.SAME | Why.NOTHING:
            outcome.same += 1
            return
        case Why.NOT_FINAL:
            outcome.not_final += 1
        case Why.HELD:
            outcome.held += 1
        case Why.CANNOT_SUM:
            outcome.cannot_sum += 1
    outcome.note(f"{one.customer.name}, {found.words}")
