"""Invoices of vendors on the wire."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Money, On, Paging
from tallystick.books.compare_month import MonthOutcome
from tallystick.books.invoice_proof import InvoiceProof, Row
from tallystick.books.invoice_queries import InvoiceView
from tallystick.books.invoice_words import Cause, Found
from tallystick.kit.days import parse_month
from tallystick.kit.problem import InvalidInput


class InvoiceImportAsked(Schema):
    """``month`` like 2026-05; without it that in which most charges of the file begin."""

    month: str = ""
    name: str = ""
    dry_run: bool = False


class ImportedOut(Schema):
    """``changed`` false: the very same was kept before. ``number``: which file of its invoice."""

    month: str
    invoice_number: str
    number: int
    rows: int
    changed: bool
    stored: bool
    totals: dict[str, str]
    unknown_columns: list[str]


class InvoicesFilter(Paging):
    month: str = Field("", max_length=10, description="Like 2026-05.")


class MonthAsked(Schema):
    month: str = Field(max_length=10, description="Like 2026-05.")


class RowsFilter(Paging):
    month: str = Field(max_length=10, description="Like 2026-05.")
    outcome: str = Field("", max_length=20)


class InvoiceOut(Schema):
    """``counts`` false: a later file of the same invoice counts instead."""

    id: int
    month: str
    invoice_number: str
    number: int
    name: str
    rows: int
    totals: dict[str, str]
    counts: bool
    recorded_at: At
    actor: str
    correlation_id: str

    @classmethod
    def of(cls, one: InvoiceView) -> InvoiceOut:
        return cls(
            id=one.id,
            month=f"{one.month:%Y-%m}",
            invoice_number=one.invoice_number,
            number=one.number,
            name=one.name,
            rows=one.rows,
            totals=dict(one.totals),
            counts=one.counts,
            recorded_at=one.recorded_at,
            actor=one.actor,
            correlation_id=one.correlation_id,
        )


class SumsOut(Schema):
    """``billed``: all of it; ``compared`` and ``ours``: of what could be compared."""

    currency: str
    billed: Money
    compared: Money
    ours: Money
    difference: Money


class InvoiceProofOut(Schema):
    """``outcome`` *nothing*: nothing was compared, which is no *equal*."""

    month: str
    outcome: Found
    equal: int
    different: int
    no_history: int
    nothing: int
    sums: list[SumsOut]
    invoices: list[InvoiceOut]

    @classmethod
    def of(cls, proof: InvoiceProof) -> InvoiceProofOut:
        return cls(
            month=f"{proof.month:%Y-%m}",
            outcome=proof.found,
            **proof.counts,
            sums=[
                SumsOut(
                    currency=one.currency,
                    billed=one.billed,
                    compared=one.compared,
                    ours=one.ours,
                    difference=one.difference,
                )
                for one in proof.sums
            ],
            invoices=[InvoiceOut.of(one) for one in proof.invoices],
        )


class BilledOut(Schema):
    """A row of the vendor's file. ``ends_on`` is included."""

    line: int
    charge_type: str
    starts_on: On
    ends_on: On
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    credit_reason: str


class InvoiceChargeOut(Schema):
    """What our operations come to: ``quantity`` is a difference where it is not ``whole``."""

    starts_on: On
    ends_on: On
    quantity: int
    amount: Money | None
    whole: bool


class InvoiceRowOut(Schema):
    """``subscription_id`` null: nobody recorded it here. ``cause`` is a guess."""

    subscription_id: int | None
    provider_id: str
    customer: str
    subscription: str
    outcome: Found
    cause: Cause | None
    why: str
    billed: Money
    ours: Money | None
    difference: Money | None
    currency: str
    autotask: str
    autotask_outcome: MonthOutcome | None
    autotask_amount: Money | None
    autotask_currency: str
    lines: list[BilledOut]
    charges: list[InvoiceChargeOut]

    @classmethod
    def of(cls, row: Row) -> InvoiceRowOut:
        one = row.compared
        return cls(
            subscription_id=row.subscription_id,
            provider_id=row.ref,
            customer=row.customer_name,
            subscription=row.name,
            outcome=one.found,
            cause=one.cause,
            why=one.why,
            billed=one.billed,
            ours=one.ours,
            difference=one.difference,
            currency=one.currency,
            autotask=row.autotask.words,
            autotask_outcome=row.autotask.outcome,
            autotask_amount=row.autotask.amount,
            autotask_currency=row.autotask.currency,
            lines=[
                BilledOut(**{name: getattr(line, name) for name in BilledOut.model_fields})
                for line in row.lines
            ],
            charges=[
                InvoiceChargeOut(
                    **{name: getattr(charge, name) for name in InvoiceChargeOut.model_fields}
                )
                for charge in one.charges
            ],
        )


def month_of(text: str) -> date:
    """Raises InvalidInput naming ``month``."""
    try:
        return parse_month(text)
    except ValueError as wrong:
        raise InvalidInput.one("month", str(wrong)) from None
