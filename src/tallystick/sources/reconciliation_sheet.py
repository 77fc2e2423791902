"""What one row of Partner Center's new-commerce reconciliation file says. Pure.

The file's own ways: numbers may be guarded by an apostrophe or written as ``0E-20``, days may have
seven digits behind the second or U+202F before *AM*, and the last day of a charge belongs to it.
What is billed is ``BillableQuantity`` at ``EffectiveUnitPrice`` (Microsoft Learn, reconciliation
file of new commerce); ``UnitPrice`` and ``Quantity`` are what they were made from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar

from tallystick.books.compare_invoice import InvoiceLine
from tallystick.books.invoice_words import FIRST_YEAR, LAST_YEAR
from tallystick.kit.money import parse_currency
from tallystick.sources.csv_errors import Errors
from tallystick.sources.csv_values import LONGEST_ID, LONGEST_NAME, identifier, optional, plain
from tallystick.sources.sheet_days import day_and_time
from tallystick.sources.sheet_rows import SheetRows, bare, letters

REQUIRED = (
    *("CustomerId", "SubscriptionId", "ChargeStartDate", "ChargeEndDate"),
    *("EffectiveUnitPrice", "BillableQuantity", "Subtotal", "Currency"),
)
READ = (
    *("CustomerName", "InvoiceNumber", "ProductId", "SkuId", "ProductName", "SkuName"),
    *("ChargeType", "PricingCurrency", "PCToBCExchangeRate", "CreditReasonCode", "Quantity"),
)
# Known and passed by: what is new beside them is named.
PASSED_BY = (
    *("PartnerId", "PartnerName", "CustomerDomainName", "CustomerCountry", "MpnId", "Tier2MpnId"),
    *("OrderId", "OrderDate", "AvailabilityId", "PublisherName", "PublisherId"),
    *("SubscriptionDescription", "TermAndBillingCycle", "UnitType", "TaxTotal", "Total"),
    *("PriceAdjustmentDescription", "PublisherDiscount", "DiscountDetails", "UnitPrice"),
    *("PCToBCExchangeRateDate", "MeterDescription", "ReservationOrderId"),
    *("SubscriptionStartDate", "SubscriptionEndDate", "ReferenceId", "ProductQualifiers"),
    *("PromotionId", "ProductCategory"),
)
COLUMNS = REQUIRED + READ + PASSED_BY
LARGEST = Decimal(10) ** 13
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?\Z", re.ASCII)
# Spaces that are none of ASCII's, as Microsoft's exports have them.
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " "))

T = TypeVar("T")


def read_lines(rows: SheetRows, *, errors: Errors) -> Iterator[tuple[InvoiceLine, str]]:
    """Each row that is right, with the number of its invoice (or '')."""
    for line, cells in rows:
        if letters(cells["SubscriptionId"]) == "subscriptionid":
            continue  # parts that were joined: each began with its header
        before = errors.count
        found = _row(line, cells, errors)
        if errors.count == before:
            yield found


def _row(line: int, cells: Mapping[str, str], errors: Errors) -> tuple[InvoiceLine, str]:
    def cell(column: str, read: Callable[[str], T], otherwise: T) -> T:
        try:
            return read(plain(bare(cells.get(column, "").translate(_SPACES))))
        except ValueError as error:
            errors.add(line, column, str(error))
        return otherwise

    text = optional(identifier, "")
    starts, ends = (
        cell("ChargeStartDate", _first_day, date.min),
        cell("ChargeEndDate", _day, date.max),
    )
    if ends < starts:
        errors.add(line, "ChargeEndDate", f"is before ChargeStartDate, {starts}")
    quantity = cell("BillableQuantity", optional(_number(6), None), None)
    if quantity is None:
        quantity = cell("Quantity", _number(6), Decimal(0))
    rate = cell("PCToBCExchangeRate", optional(_number(10), None), None)
    found = InvoiceLine(
        line=line,
        customer_id=cell("CustomerId", identifier, ""),
        customer_name=cell("CustomerName", _shortened, ""),
        subscription_id=cell("SubscriptionId", text, ""),
        product_id=cell("ProductId", text, ""),
        sku_id=cell("SkuId", text, ""),
        product_name=cell("SkuName", _shortened, "") or cell("ProductName", _shortened, ""),
        charge_type=cell("ChargeType", _word, ""),
        starts_on=starts,
        ends_on=ends,
        quantity=quantity,
        unit_price=cell("EffectiveUnitPrice", _number(10), Decimal(0)),
        amount=cell("Subtotal", _number(6), Decimal(0)),
        currency=cell("Currency", parse_currency, ""),
        pricing_currency=cell("PricingCurrency", optional(parse_currency, ""), ""),
        rate=rate if rate and rate > 0 else None,
        credit_reason=cell("CreditReasonCode", _word, ""),
    )
    return found, cell("InvoiceNumber", text, "")


def _day(text: str) -> date:
    if not text:
        raise ValueError("is empty")
    return day_and_time(text)[0]


def _first_day(text: str) -> date:
    found = _day(text)
    if not FIRST_YEAR <= found.year < LAST_YEAR:
        raise ValueError(f"“{text[:40]}” is no day on which a charge begins")
    return found


def _shortened(text: str) -> str:
    return text[:LONGEST_NAME]


def _word(text: str) -> str:
    return text[:LONGEST_ID]


def _number(places: int) -> Callable[[str], Decimal]:
    """To so many decimals."""

    def read(text: str) -> Decimal:
        if not _NUMBER.match(text):
            raise ValueError(f"“{text[:40]}” is not a number: write it like 1234.50")
        found = Decimal(text)
        if abs(found) >= LARGEST:
            raise ValueError(f"“{text[:40]}” is too large")
        rounded = found.quantize(Decimal(1).scaleb(-places))
        return rounded if rounded else abs(rounded)

    return read
