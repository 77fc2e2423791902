"""What is known here of the subscriptions of an invoice: their operations, and Autotask's side.

In sets: a few questions for five hundred subscriptions, however many lines they have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models.functions import Lower

from tallystick.books.compare_invoice import Ours
from tallystick.books.compare_month import MonthOutcome
from tallystick.books.invoice_charges import Held, Said
from tallystick.books.models import MonthProof, MonthProofLine
from tallystick.catalog.terms import OfferKind
from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.kit.chunks import chunks
from tallystick.kit.days import in_words
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Operation
from tallystick.mappings.not_mapped import not_mapped_anywhere
from tallystick.subscriptions.queries import SubscriptionView, view_of, visible

AT_ONCE = 500
# Recorded so soon after it began, nothing can have happened before that is not known.
SOON = timedelta(days=7)
# What says a quantity or a cost of the subscription itself, not of a line that bills it.
_SAYS = {
    OperationKind.PURCHASE,
    OperationKind.UPDATE_QUANTITY,
    OperationKind.UPDATE_PRICE_MARGIN,
    OperationKind.CANCEL,
    OperationKind.EXPIRE,
    OperationKind.DELETE,
    OperationKind.CONVERT_TRIAL,
    OperationKind.RENEW,
    OperationKind.END_PROMOTION,
    OperationKind.CHANGE_OFFER,
}
_AZURE = {OfferKind.AZURE_PLAN, OfferKind.AZURE_RESERVATION, OfferKind.SAVINGS_PLAN}


@dataclass(frozen=True, slots=True)
class Autotask:
    """What Autotask bills of it in the month. ``outcome`` None: its month was not closed."""

    not_mapped: bool = False
    outcome: MonthOutcome | None = None
    why: str = ""
    amount: Decimal | None = None
    difference: Decimal | None = None
    currency: str = ""
    units: Sequence[Mapping[str, Any]] = ()
    together: bool = False  # on one line with others: what is billed of it alone is not known

    @property
    def words(self) -> str:
        if self.together:
            return "Billed together with others"
        if self.not_mapped or self.outcome is MonthOutcome.NOT_BILLED:
            return "Not mapped"
        return self.outcome.label if self.outcome else "Month not closed"


@dataclass(frozen=True, slots=True)
class KnownHere:
    """``ours`` None: it is not compared, ``because``."""

    view: SubscriptionView
    ours: Ours | None
    because: str
    autotask: Autotask = field(default_factory=Autotask)


def known_by_ref(
    context: Context, refs: Iterable[str], month: date, *, until: date
) -> dict[str, KnownHere]:
    """By the provider's id in small letters: Microsoft writes one id in both."""
    found: dict[str, KnownHere] = {}
    for some in chunks(sorted({ref.lower() for ref in refs}), AT_ONCE):
        rows = visible(context).annotate(ref=Lower("provider_id")).filter(ref__in=some)
        found |= _known(context, [view_of(row) for row in rows], month, until)
    return found


def others_of_customers(
    context: Context, customers: Iterable[str], refs: Collection[str], month: date, *, until: date
) -> dict[str, KnownHere]:
    """What these customers hold besides: licences that ours have and the invoice does not."""
    found: dict[str, KnownHere] = {}
    for some in chunks(sorted({one.lower() for one in customers}), AT_ONCE):
        rows = visible(context).annotate(whose=Lower("customer__external_id"))
        rows = rows.filter(whose__in=some, starts_on__lt=until)
        views = [view_of(row) for row in rows]
        rest = [one for one in views if one.provider_id.lower() not in refs]
        for part in chunks(rest, AT_ONCE):
            found |= _known(context, part, month, until)
    return found


def _known(
    context: Context, views: Sequence[SubscriptionView], month: date, until: date
) -> dict[str, KnownHere]:
    ids = [one.id for one in views]
    operations: dict[int, list[Operation]] = {}
    kinds = [kind.value for kind in _SAYS]
    rows = Operation.objects.filter(subscription_id__in=ids, kind__in=kinds)
    for row in rows.order_by("subscription_id", "sequence"):
        operations.setdefault(row.subscription_id, []).append(row)
    zone = ZoneInfo(tenant_zone(context.tenant_id))
    autotask = _autotask(context, ids, month)
    found = {}
    for view in views:
        ours, because = _ours(view, operations.get(view.id, []), month, until, zone)
        found[view.provider_id.lower()] = KnownHere(view, ours, because, autotask[view.id])
    return found


def _ours(
    view: SubscriptionView, rows: Sequence[Operation], month: date, until: date, zone: ZoneInfo
) -> tuple[Ours | None, str]:
    """Its operations as the comparison needs them, or why it is not compared."""
    if view.offer.kind in _AZURE:
        return None, "Azure is billed by its monthly amounts, not by quantity: not compared."
    if not rows:
        return None, "Its first operation is not known here: not compared."
    starts_on = view.starts_on
    for row in rows:
        if row.kind == OperationKind.CHANGE_OFFER.value:
            if row.effective_on >= month:
                words = f"It is another offer from {in_words(row.effective_on)}: not compared."
                return None, words
            starts_on = row.effective_on
    said = [
        Said(row.effective_on, _whole(row.after.get("quantity")), _cost(row.after))
        for row in rows
        if row.effective_on < until
    ]
    held = Held(starts_on, view.offer.billing_cycle.months, said)
    first = rows[0]
    recorded = first.recorded_at.astimezone(zone).date()
    soon = recorded - first.effective_on <= SOON
    return Ours(held, view.cost_currency, first.effective_on if soon else recorded), ""


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _cost(after: Mapping[str, Any]) -> Decimal | None:
    cost = after.get("unit_cost")
    return None if cost is None else Decimal(str(cost))


def _autotask(context: Context, ids: Sequence[int], month: date) -> dict[int, Autotask]:
    """From the newest proof of the month of each connection."""
    loose = set(not_mapped_anywhere(context).filter(pk__in=ids).values_list("pk", flat=True))
    proofs = (
        MonthProof.objects.filter(**context.scope(), month=month)
        .order_by("connection_id", "-number")
        .distinct("connection_id")
    )
    found = {one: Autotask(not_mapped=one in loose) for one in ids}
    for proof in proofs:
        found |= _together(proof, ids)
        lines = MonthProofLine.objects.filter(proof=proof, subscription_id__in=ids, others=[])
        for line in lines:
            shown, ordered = line.shown_amount, line.ordered_amount
            found[line.subscription_id] = Autotask(
                not_mapped=line.subscription_id in loose,
                outcome=MonthOutcome(line.outcome),
                why=f"Month proof {proof.number}: {line.why}",
                amount=shown,
                difference=None if shown is None or ordered is None else shown - ordered,
                currency=proof.currency,
                units=line.shown,
            )
    return found


def _together(proof: MonthProof, ids: Sequence[int]) -> dict[int, Autotask]:
    """Those that a line billed together with others: the proof compares the line as a whole."""
    lines = MonthProofLine.objects.filter(proof=proof).exclude(others=[])
    return {
        one: Autotask(
            outcome=MonthOutcome(line.outcome),
            why=f"Month proof {proof.number}: one line bills it together with others. {line.why}",
            currency=proof.currency,
            together=True,
        )
        for line in lines
        for one in (line.subscription_id, *line.others)
        if one in ids
    }
