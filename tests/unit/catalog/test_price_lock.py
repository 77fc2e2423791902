"""Which day's list counts, until when, and who gets a promotion."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pricing import day, facts, held, promotion, row

from tallystick.catalog.explained import Explained, Lacks
from tallystick.catalog.price import price_of
from tallystick.catalog.price_list import moves_too_far
from tallystick.catalog.price_lock import commitment_on
from tallystick.catalog.priced import Priced, PriceFacts
from tallystick.catalog.terms import OfferKind, Term

# From 1 June 2026 it costs 11; it was bought for a year from 1 February 2026.
JUNE = (
    row(effective_until=day("2026-06-01")),
    row("11", "13.75", effective_from=day("2026-06-01")),
)


def cost(what: Priced, on: str, of: PriceFacts) -> Decimal | None:
    found = price_of(what, on=day(on), facts=of)
    assert isinstance(found, Explained), found
    return found.unit_cost


@pytest.mark.parametrize(
    ("what", "on", "unit_cost", "until"),
    [
        (held(), "2026-05-31", "10", "2027-01-31"),
        (held(), "2026-06-01", "10", "2027-01-31"),  # a newer list does not reach it
        (held(quantity=99), "2027-01-31", "10", "2027-01-31"),  # nor quantity that was added
        (held(), "2027-02-01", "11", "2028-01-31"),  # at its renewal it does
        (held(starts_on=day("2026-06-01")), "2026-06-01", "11", "2027-01-31"),  # ends with others
        (held(term=Term.MONTH, commitment_ends_on=None), "2026-06-01", "11", "2026-06-30"),
        (held(term=Term.MONTH, commitment_ends_on=None), "2026-05-31", "10", "2026-05-31"),
        (held(unlocked=True), "2026-06-01", "11", None),
        (held(extended=True), "2026-06-01", "11", None),
        (held(kind=OfferKind.AZURE_PLAN, term=Term.NONE), "2026-06-01", "11", None),
        (held(kind=OfferKind.SOFTWARE_SUBSCRIPTION), "2026-06-01", "10", "2027-01-31"),
    ],
)  # fmt: skip
def test_locks(what: Priced, on: str, unit_cost: str, until: str | None) -> None:
    found = price_of(what, on=day(on), facts=facts(rows=JUNE))
    assert isinstance(found, Explained)
    assert found.unit_cost == Decimal(unit_cost)
    assert found.locked_until == (None if until is None else day(until))


def test_a_margin_rule_reaches_a_locked_subscription_at_once() -> None:
    """What is fixed is Microsoft's price, not ours."""
    from pricing import rule

    new = replace(rule(percent="50"), number=2, effective_from=day("2026-06-01"))
    of = facts(rows=JUNE, rules=(rule(), new))
    found = price_of(held(), on=day("2026-06-01"), facts=of)
    assert isinstance(found, Explained)
    assert (found.unit_cost, found.unit_price) == (Decimal("10"), Decimal("15"))


def test_what_was_agreed_before_every_list() -> None:
    late = facts(rows=JUNE[1:], promotions=(promotion(),))
    agreed = held(recorded_cost=Decimal("9.5"))
    found = price_of(agreed, on=day("2026-07-01"), facts=late)
    assert isinstance(found, Explained)
    assert (found.unit_cost, found.unit_price, found.promotion) == (
        Decimal("9.5"),
        Decimal("11.4"),
        None,
    )
    assert any(part.source.name == "Recorded with the subscription" for part in found.because)
    unknown = price_of(held(), on=day("2026-07-01"), facts=late)
    assert getattr(unknown, "lacks", None) is Lacks.LIST_PRICE
    # An unlocked price is today's: what was recorded once is no price list.
    moving = price_of(replace(agreed, unlocked=True), on=day("2026-05-01"), facts=late)
    assert getattr(moving, "lacks", None) is Lacks.LIST_PRICE


@pytest.mark.parametrize(
    ("bought", "on", "gets", "changes"),
    [
        ("2026-01-01", "2026-01-01", True, {}),
        ("2026-06-30", "2026-06-30", True, {}),  # the last day is included
        ("2026-07-01", "2026-07-01", False, {}),
        ("2025-12-31", "2026-05-01", False, {}),
        ("2026-02-01", "2027-01-31", True, {}),  # to the end of the commitment
        ("2026-02-01", "2027-02-01", False, {}),  # renewed after it was offered
        ("2026-02-01", "2027-02-01", True, {"available_to": day("2027-02-01")}),
        ("2026-02-01", "2026-07-31", True, {"months": 6}),
        ("2026-02-01", "2026-08-01", False, {"months": 6}),
        ("2026-02-01", "2027-01-31", True, {"months": 60}),  # never beyond the commitment
        (
            "2026-02-01",
            "2026-05-01",
            False,
            {"percent": None, "fixed": Decimal(1), "currency": "USD"},
        ),
        (
            "2026-02-01",
            "2026-05-01",
            True,
            {"percent": None, "fixed": Decimal(1), "currency": "EUR"},
        ),
    ],
)
def test_who_gets_a_promotion_and_how_long(
    bought: str, on: str, gets: bool, changes: dict[str, Any]
) -> None:
    what = held(starts_on=day(bought), commitment_ends_on=None)
    listed = row(effective_from=day("2025-01-01"))
    of = facts(rows=(listed,), promotions=(replace(promotion(), **changes),))
    found = price_of(what, on=day(on), facts=of)
    assert isinstance(found, Explained)
    assert (found.promotion is not None) == gets
    assert (found.unit_cost == Decimal("9")) == gets


def test_of_several_promotions_the_best_one_counts() -> None:
    more = promotion("25", name="A quarter off")
    found = price_of(held(), on=day("2026-05-01"), facts=facts(promotions=(promotion(), more)))
    assert isinstance(found, Explained)
    assert found.promotion is not None
    assert (found.promotion.name, found.unit_cost) == ("A quarter off", Decimal("7.5"))


def test_a_promotion_never_makes_a_price_negative() -> None:
    huge = promotion(None, fixed=Decimal(50), currency="EUR")
    found = price_of(held(), on=day("2026-05-01"), facts=facts(promotions=(huge,)))
    assert isinstance(found, Explained)
    assert (found.unit_cost, found.unit_price, str(found.erp)) == (0, 0, "0.0000")


def test_the_extended_service_term_has_no_promotion() -> None:
    found = price_of(
        held(extended=True), on=day("2026-05-01"), facts=facts(promotions=(promotion(),))
    )
    assert isinstance(found, Explained)
    assert found.promotion is None


@pytest.mark.parametrize(
    ("on", "first", "last"),
    [
        ("2026-01-31", "2026-01-31", "2026-02-27"),
        ("2026-02-28", "2026-02-28", "2026-03-30"),
        ("2026-03-31", "2026-03-31", "2026-04-29"),
        ("2028-02-29", "2028-02-29", "2028-03-30"),
    ],
)
def test_terms_that_begin_on_the_last_day_of_a_month(on: str, first: str, last: str) -> None:
    found = commitment_on(day(on), starts_on=day("2026-01-31"), ends_on=None, term=Term.MONTH)
    assert (found.starts_on, found.ends_on) == (day(first), day(last))


def test_a_first_term_that_ends_together_with_another() -> None:
    stated = {"starts_on": day("2026-03-10"), "ends_on": day("2026-12-31"), "term": Term.YEAR}
    first = commitment_on(day("2026-05-01"), **stated)  # type: ignore[arg-type]
    assert (first.starts_on, first.ends_on) == (day("2026-03-10"), day("2026-12-31"))
    second = commitment_on(day("2027-05-01"), **stated)  # type: ignore[arg-type]
    assert (second.starts_on, second.ends_on) == (day("2027-01-01"), day("2027-12-31"))


def test_an_end_far_away_is_none() -> None:
    found = commitment_on(
        day("2026-05-01"), starts_on=day("2026-01-01"), ends_on=date.max, term=Term.NONE
    )
    assert found.ends_on is None


DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@given(DAYS, DAYS, st.one_of(st.none(), DAYS), st.sampled_from(list(Term)[:4]))
def test_terms_follow_each_other_without_a_gap(
    on: date, starts_on: date, ends_on: date | None, term: Term
) -> None:
    if ends_on is not None and ends_on < starts_on:
        ends_on = None
    found = commitment_on(on, starts_on=starts_on, ends_on=ends_on, term=term)
    assert found.ends_on is not None
    assert found.starts_on <= max(on, starts_on) <= found.ends_on
    after = commitment_on(
        found.ends_on + timedelta(days=1), starts_on=starts_on, ends_on=ends_on, term=term
    )
    assert after.starts_on == found.ends_on + timedelta(days=1)


@pytest.mark.parametrize(
    ("before", "after", "too_far"),
    [
        ("10", "30", False),
        ("10", "30.0001", True),
        ("30", "10", False),
        ("30", "9.9999", True),
        ("0", "0", False),
        ("0", "0.01", True),
        ("5", "0", True),
        (None, "5", False),
        ("5", None, False),
    ],
)
def test_moving_too_far(before: str | None, after: str | None, too_far: bool) -> None:
    one, other = (None if text is None else Decimal(text) for text in (before, after))
    assert moves_too_far(one, other) is too_far
