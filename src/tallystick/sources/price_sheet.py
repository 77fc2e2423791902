"""What one row of Partner Center's licence price sheet says. Pure.

Days are taken as written, never converted: ``5/1/2026 12:00:00 AM`` is 1 May. An end at the last
second of a day includes that day; an end at midnight does not; the year 9999 is no end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import MAXYEAR, date, timedelta
from decimal import Decimal
from typing import TypeVar

from tallystick.catalog.staged_prices import StagedPrice
from tallystick.catalog.terms import BillingCycle, Segment, Term
from tallystick.kit.money import parse_currency
from tallystick.sources.csv_errors import Errors
from tallystick.sources.csv_values import amount, identifier, name, one_of, optional, plain
from tallystick.sources.sheet_days import day_and_time
from tallystick.sources.sheet_rows import SheetRows, bare

REQUIRED = ("ProductId", "SkuId", "TermDuration", "BillingPlan", "UnitPrice", "EffectiveStartDate")
OPTIONAL = (
    "ProductTitle",
    "SkuTitle",
    "Publisher",
    "SkuDescription",
    "UnitOfMeasure",
    "Market",
    "Currency",
    "PricingTierRangeMin",
    "PricingTierRangeMax",
    "EffectiveEndDate",
    "Tags",
    "ERP Price",
    "Segment",
)
COLUMNS = REQUIRED + OPTIONAL
LONGEST_TAGS = 2000
LARGEST_TIER = 2**31 - 1

_TERMS = {term.value.lower(): term for term in Term} | {"noterm": Term.NONE}
_PLANS = {cycle.value: cycle for cycle in BillingCycle} | {
    "onetime": BillingCycle.ONE_TIME,
    "one-time": BillingCycle.ONE_TIME,
}
_SEGMENTS = {segment.value: segment for segment in Segment} | {"charity": Segment.NONPROFIT}
_MARKET = re.compile(r"[A-Z]{2}\Z", re.ASCII)
_MIDNIGHT = re.compile(r"(12:00(:00(\.0+)?)? ?AM|00:00(:00(\.0+)?)?)(Z|\+00:00)?\Z", re.IGNORECASE)
_WHOLE = re.compile(r"[0-9]{1,10}\Z", re.ASCII)

T = TypeVar("T")


def read_prices(
    rows: SheetRows, *, currency: str, market: str, errors: Errors
) -> Iterator[StagedPrice]:
    """Each row that is right. Of ``currency`` and ``market`` the file's columns say the same."""
    for line, cells in rows:
        before = errors.count
        row = _row(line, cells, currency, market, errors)
        if errors.count == before:
            yield row


def _row(
    line: int, cells: Mapping[str, str], currency: str, market: str, errors: Errors
) -> StagedPrice:
    def cell(column: str, read: Callable[[str], T], otherwise: T) -> T:
        try:
            return read(plain(bare(cells.get(column, ""))))
        except ValueError as error:
            errors.add(line, column, str(error))
        return otherwise

    plan = cell("BillingPlan", one_of(_PLANS, BillingCycle.NONE), BillingCycle.NONE)
    product_id, sku_id = cell("ProductId", identifier, ""), cell("SkuId", identifier, "")
    title = cell("SkuTitle", optional(name, ""), "") or cell("ProductTitle", optional(name, ""), "")
    starts = cell("EffectiveStartDate", _first_day, date.min)
    ends = cell("EffectiveEndDate", optional(_until, None), None)
    if ends is not None and ends <= starts and starts is not date.min:
        errors.add(line, "EffectiveEndDate", f"is before the start, {starts}")
    tier_from = cell("PricingTierRangeMin", optional(_tier, 0), 0)
    tier_to = cell("PricingTierRangeMax", optional(_tier, None), None)
    if tier_to is not None and tier_to < tier_from:
        errors.add(line, "PricingTierRangeMax", "is below PricingTierRangeMin")
    return StagedPrice(
        line=line,
        product_id=product_id,
        sku_id=sku_id,
        segment=cell("Segment", one_of(_SEGMENTS, Segment.COMMERCIAL), Segment.COMMERCIAL).value,
        term=cell("TermDuration", one_of(_TERMS, Term.NONE), Term.NONE).value,
        billing_cycle=plan.value,
        market=cell("Market", _same(_market, market), ""),
        currency=cell("Currency", _same(parse_currency, currency), ""),
        tier_from=tier_from,
        tier_to=tier_to,
        name=title or f"{product_id}:{sku_id}",
        cost=cell("UnitPrice", amount, Decimal(0)),
        erp=cell("ERP Price", optional(amount, None), None),
        tags=cell("Tags", _tags, ""),
        effective_from=starts,
        stated_until=ends,
    )


def _same(read: Callable[[str], str], stated: str) -> Callable[[str], str]:
    """The column's value, or what was stated for the whole file; two answers are an error."""

    def either(text: str) -> str:
        if not text:
            if not stated:
                raise ValueError("is empty, and was not stated for the whole file either")
            return stated
        found = read(text)
        if stated and found != stated:
            raise ValueError(f"“{found}” is not what was stated for the whole file, {stated}")
        return found

    return either


def _market(text: str) -> str:
    code = text.upper()
    if not _MARKET.match(code):
        raise ValueError(f"“{text[:20]}” is not a market: two letters, like DE")
    return code


def _tags(text: str) -> str:
    if len(text) > LONGEST_TAGS:
        raise ValueError(f"is longer than {LONGEST_TAGS} characters")
    return text


def _tier(text: str) -> int:
    if not _WHOLE.match(text) or int(text) > LARGEST_TIER:
        raise ValueError(f"“{text[:20]}” is not a whole number of units")
    return int(text)


def _first_day(text: str) -> date:
    return day_and_time(text)[0]


def _until(text: str) -> date | None:
    """The first day on which it does not count any more."""
    day, time = day_and_time(text)
    if day.year == MAXYEAR:
        return None
    return day if _MIDNIGHT.match(time) else day + timedelta(days=1)
