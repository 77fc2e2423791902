"""Questions about proofs of months, each asked in a context; and the sheet one is given as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When

from tallystick.books.compare_month import MonthOutcome
from tallystick.books.models import MonthProof, MonthProofLine
from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import InvalidInput, NotFound
from tallystick.kit.sheet import Cell

ROWS_AT_ONCE = 1000
HEADER = (
    *("Customer", "Subscription", "Contract", "Outcome", "Why", "Ordered", "Autotask shows"),
    *("Ordered amount", "Shown amount", "Difference", "Currency", "Changed since"),
)


@dataclass(frozen=True, slots=True)
class ProofView:
    """``changed`` None: it is the month's first proof. Amounts are of lines of which both are
    known; ``amounts_unknown`` counts the others."""

    id: int
    connection_id: int
    connection_name: str
    month: date
    number: int
    currency: str
    closed_at: datetime
    closed_by: str
    correlation_id: str
    equal: int
    different: int
    not_billed: int
    nothing: int
    changed: int | None
    ordered_amount: Decimal
    shown_amount: Decimal
    amounts_unknown: int

    @property
    def difference(self) -> Decimal:
        return self.shown_amount - self.ordered_amount

    @property
    def outcome(self) -> MonthOutcome:
        """Nothing compared is never equal."""
        if self.different or self.not_billed:
            return MonthOutcome.DIFFERENT
        return MonthOutcome.EQUAL if self.equal else MonthOutcome.NOTHING


@dataclass(frozen=True, slots=True)
class ProofLineView:
    """``before``: what the proof before said, where it said something else."""

    subscription_id: int
    customer_name: str
    subscription_name: str
    contract_name: str
    outcome: MonthOutcome
    why: str
    operations: Sequence[Mapping[str, Any]]
    ordered: Sequence[Mapping[str, Any]]
    shown: Sequence[Mapping[str, Any]]
    ordered_amount: Decimal | None
    shown_amount: Decimal | None
    before: Mapping[str, Any] | None

    @property
    def difference(self) -> Decimal | None:
        if self.ordered_amount is None or self.shown_amount is None:
            return None
        return self.shown_amount - self.ordered_amount

    def before_in_words(self) -> str:
        """``before: Different, ordered 182.40, shown 152.00``; empty when nothing changed."""
        if self.before is None:
            return ""
        label = MonthOutcome(self.before["outcome"]).label
        ordered, shown = self.before["ordered_amount"], self.before["shown_amount"]
        return f"before: {label}, ordered {ordered or 'not known'}, shown {shown or 'not known'}"

    def cells(self, currency: str) -> Sequence[Cell]:
        """As a row under ``HEADER``."""
        return (
            *(self.customer_name, self.subscription_name, self.contract_name),
            *(self.outcome.label, self.why, _days(self.ordered), _days(self.shown)),
            *(self.ordered_amount, self.shown_amount, self.difference, currency),
            self.before_in_words(),
        )


def list_proofs(
    context: Context,
    *,
    connection_id: int | None = None,
    month: date | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[ProofView]:
    """Newest first. Raises InvalidInput."""
    limit = check_limit(limit)
    rows = MonthProof.objects.filter(**context.scope())
    if connection_id is not None:
        rows = rows.filter(connection_id=connection_id)
    if month is not None:
        rows = rows.filter(month=month)
    if cursor:
        rows = rows.filter(pk__lt=decode_cursor(cursor, length=1)[0])
    found = list(rows.order_by("-pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    return Page([_view(row) for row in found[:limit]], more)


def get_proof(context: Context, proof_id: int) -> ProofView:
    """Raises NotFound, also when it is in somebody else's context."""
    row = MonthProof.objects.filter(**context.scope(), pk=proof_id).first()
    if row is None:
        raise NotFound("There is no such proof of a month.")
    return _view(row)


def proof_lines(
    context: Context,
    proof_id: int,
    *,
    outcome: str = "",
    changed: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[ProofLineView]:
    """What differs first. Raises NotFound, InvalidInput."""
    limit = check_limit(limit)
    rows = _lines(context, proof_id)
    if outcome:
        if outcome not in set(MonthOutcome):
            raise InvalidInput.one("outcome", f"must be one of {', '.join(MonthOutcome)}")
        rows = rows.filter(outcome=outcome)
    if changed:
        rows = rows.filter(before__isnull=False)
    urgency = Case(
        When(outcome=MonthOutcome.DIFFERENT.value, then=Value(0)),
        When(outcome=MonthOutcome.NOT_BILLED.value, then=Value(1)),
        When(outcome=MonthOutcome.NOTHING.value, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    rows = rows.annotate(urgency=urgency)
    if cursor:
        place, last = decode_cursor(cursor, length=2)
        rows = rows.filter(urgency=_whole(place), pk__gt=last) | rows.filter(
            urgency__gt=_whole(place)
        )
    found = list(rows.order_by("urgency", "pk")[: limit + 1])
    more = None
    if len(found) > limit:
        more = encode_cursor([str(found[limit - 1].urgency), found[limit - 1].pk])
    return Page([_line_view(row) for row in found[:limit]], more)


def every_line(context: Context, proof_id: int) -> Iterator[ProofLineView]:
    """For a file, as they come. Raises NotFound."""
    rows = _lines(context, proof_id).order_by("pk")
    return (_line_view(row) for row in rows.iterator(chunk_size=ROWS_AT_ONCE))


def _lines(context: Context, proof_id: int) -> QuerySet[MonthProofLine]:
    return MonthProofLine.objects.filter(proof_id=get_proof(context, proof_id).id)


def _whole(text: str | int) -> int:
    """Raises InvalidInput naming ``cursor``."""
    if str(text) not in {"0", "1", "2", "3"}:
        raise InvalidInput.one("cursor", "is not one this list gave out")
    return int(text)


def _days(steps: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(f"{one['units']} from {one['from']}" for one in steps)


def _view(row: MonthProof) -> ProofView:
    names = [name for name in ProofView.__dataclass_fields__ if name != "id"]
    return ProofView(id=row.pk, **{name: getattr(row, name) for name in names})


def _line_view(row: MonthProofLine) -> ProofLineView:
    names = [name for name in ProofLineView.__dataclass_fields__ if name != "outcome"]
    values = {name: getattr(row, name) for name in names}
    return ProofLineView(outcome=MonthOutcome(row.outcome), **values)
