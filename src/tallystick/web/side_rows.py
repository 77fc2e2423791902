"""What a row of Customer Mapping or Offer Mapping shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tallystick.mappings.customer_rows import CustomerRow
from tallystick.mappings.offer_rows import OfferRow
from tallystick.mappings.stakes import Stake
from tallystick.web.words import amount, counted, terms


@dataclass(frozen=True, slots=True)
class Suggested:
    id: int
    name: str
    score: str
    reason: str
    is_clear: bool


@dataclass(frozen=True, slots=True)
class NameRow:
    """A row of either page."""

    id: int
    name: str
    under: str
    holds: str
    theirs_id: int | None
    theirs: str
    wrong: str
    excluded_because: str
    unmappable: str
    suggestion: Suggested | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Something of theirs to pick."""

    id: int
    name: str
    under: str
    active: bool


@dataclass(frozen=True, slots=True)
class Open:
    """What is not mapped: in words, and how many suggestions are clear."""

    number: int
    words: str
    clear: int


def row_of_customer(row: CustomerRow) -> NameRow:
    found = row.suggestion
    return NameRow(
        id=row.customer.id,
        name=row.customer.name,
        under=row.customer.external_id,
        holds=at_stake(row.stake),
        theirs_id=row.company_id,
        theirs=row.company_name,
        wrong="",
        excluded_because=row.excluded_because,
        unmappable="",
        suggestion=None
        if found is None
        else Suggested(
            found.company_id,
            found.company_name,
            _percent(found.score),
            found.reason,
            found.is_clear,
        ),
    )


def row_of_offer(row: OfferRow) -> NameRow:
    found = row.suggestion
    return NameRow(
        id=row.offer_id,
        name=row.offer.name,
        under=f"{terms(row.offer)} · {row.offer.product_id}:{row.offer.sku_id}",
        holds=at_stake(row.stake),
        theirs_id=row.service_id,
        theirs=row.service_name,
        wrong=row.service_wrong,
        excluded_because=row.excluded_because,
        unmappable=row.unmappable,
        suggestion=None
        if found is None
        else Suggested(
            found.service_id,
            found.service_name,
            _percent(found.score),
            found.reason,
            found.is_clear,
        ),
    )


def _percent(score: Decimal) -> str:
    return f"{int(score * 100)} %"


def at_stake(stake: Stake) -> str:
    """``14 licences · 210.00 EUR a month``; empty when nothing is active."""
    if not stake.subscriptions:
        return ""
    money = [amount(value, currency) for currency, value in sorted(stake.a_month.items())]
    licences = counted(stake.licences, "licence")
    return " · ".join([licences, *([" + ".join(money) + " a month"] if money else [])])
