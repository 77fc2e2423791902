"""Proofs of months on the wire."""

from __future__ import annotations

from datetime import date
from typing import Any

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Id, Money, Paging
from tallystick.books.compare_month import MonthOutcome
from tallystick.books.month_queries import ProofLineView, ProofView
from tallystick.kit.days import parse_month
from tallystick.kit.problem import InvalidInput


class ProofsFilter(Paging):
    connection: Id | None = None
    month: str = Field("", max_length=10, description="Like 2026-05.")


class ProofLinesFilter(Paging):
    outcome: str = Field("", max_length=20)
    changed: bool = Field(False, description="Only those of which the proof before said else.")


class ProofOut(Schema):
    """``outcome`` *nothing*: nothing was compared, which is no *equal*. ``changed`` null: the
    month's first proof. Amounts are of lines of which both are known."""

    id: int
    connection_id: int
    connection: str
    month: str
    number: int
    outcome: MonthOutcome
    equal: int
    different: int
    not_billed: int
    nothing: int
    changed: int | None
    ordered_amount: Money
    shown_amount: Money
    difference: Money
    amounts_unknown: int
    currency: str
    closed_at: At
    closed_by: str
    correlation_id: str

    @classmethod
    def of(cls, proof: ProofView) -> ProofOut:
        return cls(
            id=proof.id,
            connection_id=proof.connection_id,
            connection=proof.connection_name,
            month=f"{proof.month:%Y-%m}",
            number=proof.number,
            outcome=proof.outcome,
            equal=proof.equal,
            different=proof.different,
            not_billed=proof.not_billed,
            nothing=proof.nothing,
            changed=proof.changed,
            ordered_amount=proof.ordered_amount,
            shown_amount=proof.shown_amount,
            difference=proof.difference,
            amounts_unknown=proof.amounts_unknown,
            currency=proof.currency,
            closed_at=proof.closed_at,
            closed_by=proof.closed_by,
            correlation_id=proof.correlation_id,
        )


class ProofLineOut(Schema):
    """``operations``: recorded for days of the month; ``before``: what the proof before said."""

    subscription_id: int
    customer: str
    subscription: str
    contract: str
    outcome: MonthOutcome
    why: str
    operations: list[dict[str, Any]]
    ordered: list[dict[str, Any]]
    shown: list[dict[str, Any]]
    ordered_amount: Money | None
    shown_amount: Money | None
    difference: Money | None
    before: dict[str, Any] | None

    @classmethod
    def of(cls, line: ProofLineView) -> ProofLineOut:
        return cls(
            subscription_id=line.subscription_id,
            customer=line.customer_name,
            subscription=line.subscription_name,
            contract=line.contract_name,
            outcome=line.outcome,
            why=line.why,
            operations=[dict(one) for one in line.operations],
            ordered=[dict(one) for one in line.ordered],
            shown=[dict(one) for one in line.shown],
            ordered_amount=line.ordered_amount,
            shown_amount=line.shown_amount,
            difference=line.difference,
            before=None if line.before is None else dict(line.before),
        )


def month_in(text: str) -> date | None:
    """Raises InvalidInput naming ``month``."""
    try:
        return parse_month(text) if text else None
    except ValueError as wrong:
        raise InvalidInput.one("month", str(wrong)) from None
