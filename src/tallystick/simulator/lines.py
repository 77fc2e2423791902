"""A line of a contract (a contract service or a bundle) and its unit rows as the API shows them.

``ContractServiceUnits.price`` and ``cost`` are extended amounts, units x rate, not rates (live).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tallystick.simulator.jsontext import Money, money
from tallystick.simulator.knobs import Knobs
from tallystick.simulator.periods import ONE_DAY, DayChange, Span

CENT = Decimal("0.01")
TEN_THOUSANDTH = Decimal("0.0001")


def rounded(amount: Decimal, knobs: Knobs) -> Decimal:
    """``amount`` to the tenant's precision, halves away from zero."""
    step = CENT if knobs["money_precision"] == 2 else TEN_THOUSANDTH  # noqa: PLR2004 - the knob's own value
    return amount.quantize(step, ROUND_HALF_UP)


@dataclass(slots=True)
class Line:
    """One contract service, or one service bundle of a contract.

    ``unit_price`` and ``unit_cost`` are the rates it began with, ``latest_price`` and
    ``latest_cost`` those set last. ``changes`` holds one entry per changed day.
    """

    id: int
    contract_id: int
    service_id: int
    is_bundle: bool
    unit_price: Decimal | None
    unit_cost: Decimal | None
    list_price: Decimal | None
    latest_price: Decimal | None
    latest_cost: Decimal | None
    vendor_company_id: int | None = None
    changes: dict[date, DayChange] = field(default_factory=dict)
    rows: tuple[UnitRow, ...] = ()
    row_ids: dict[date, int] = field(default_factory=dict)
    posted: dict[date, datetime] = field(default_factory=dict)
    billed: dict[date, Billed] = field(default_factory=dict)

    def row_on(self, day: date) -> UnitRow | None:
        """The true row that covers ``day``, whatever reads show."""
        for row in reversed(self.rows):
            if row.span.starts_on <= day:
                return row if day < row.span.until else None
        return None


@dataclass(frozen=True, slots=True)
class Billed:
    """What has been billed of one row: its step over the row before it in its period."""

    units: int
    amount: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One row of ``ContractServiceUnits`` or ``ContractServiceBundleUnits``.

    Fields are computed when asked for, because knobs change how a row is shown.
    """

    id: int
    line: Line
    span: Span
    posted_at: datetime | None
    knobs: Knobs

    def get(self, name: str) -> Any:
        """The value of an API field; fields this entity does not have are ``None``."""
        reader = _READERS.get(name)
        return reader(self) if reader is not None else None

    def share(self) -> Decimal:
        """The part of the rate that this row bills: 1, or its days of its period's days."""
        if self.knobs["split_row_amount"] == "full" or self.span.days == self.span.period_days:
            return Decimal(1)
        return Decimal(self.span.days) / Decimal(self.span.period_days)

    def price(self) -> Money | None:
        if self.span.unit_price is None:
            return None
        amount = self.span.units * self.span.unit_price * self.share()
        return money(rounded(amount, self.knobs))

    def cost(self) -> Money | None:
        if self.span.unit_cost is None:
            return None
        return money(rounded(self.span.units * self.span.unit_cost * self.share(), self.knobs))

    def internal_price(self) -> Money | None:
        price = self.price()
        if price is None:
            return None
        return money(rounded(price * self.knobs["currency_scale"], self.knobs))

    def end_date(self) -> date:
        """The last day shown: a split row's end *becomes* the next row's first day (official)."""
        is_split = self.span.until < self.span.period_until
        if is_split and self.knobs["row_end"] == "shared":
            return self.span.until
        return self.span.until - ONE_DAY


_READERS: dict[str, Callable[[UnitRow], Any]] = {
    "id": lambda row: row.id,
    "approveAndPostDate": lambda row: row.posted_at,
    "contractID": lambda row: row.line.contract_id,
    "contractServiceID": lambda row: None if row.line.is_bundle else row.line.id,
    "contractServiceBundleID": lambda row: row.line.id if row.line.is_bundle else None,
    "cost": UnitRow.cost,
    "endDate": UnitRow.end_date,
    "internalCurrencyPrice": UnitRow.internal_price,
    "price": UnitRow.price,
    "serviceID": lambda row: None if row.line.is_bundle else row.line.service_id,
    "serviceBundleID": lambda row: row.line.service_id if row.line.is_bundle else None,
    "startDate": lambda row: row.span.starts_on,
    "units": lambda row: row.span.units,
    "vendorCompanyID": lambda row: row.line.vendor_company_id,
}
