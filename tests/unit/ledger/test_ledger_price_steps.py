"""Which price holds on which day, and what is said of one that takes the place of later ones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.price_steps import PriceStep, step_on, steps_after, steps_of
from tallystick.operations.later_prices import taken_over, to_come


def day(month: int) -> date:
    return date(2026, month, 1)


def said(
    month: int,
    sequence: int,
    price: str | None,
    cost: str | None = "10",
    kind: OperationKind = OperationKind.UPDATE_PRICE_MARGIN,
) -> PriceStep:
    amounts = (None if one is None else Decimal(one) for one in (price, cost))
    return PriceStep(day(month), sequence, kind, *amounts)


JANUARY, JULY, MAY = said(1, 1, "15"), said(7, 2, "16.40"), said(5, 3, "15.20")


def test_each_day_has_the_last_price_before_it() -> None:
    steps = steps_of([JANUARY, JULY])
    assert step_on(steps, date(2026, 6, 30)) == JANUARY
    assert step_on(steps, day(7)) == JULY
    assert step_on(steps, date(2025, 12, 31)) is None
    assert steps_after(steps, date(2026, 6, 30)) == (JULY,)
    assert steps_after(steps, day(7)) == ()


def test_what_is_recorded_last_takes_the_place_of_later_days() -> None:
    assert steps_of([JANUARY, JULY, MAY]) == (JANUARY, MAY)
    again = said(7, 4, "16.40")
    assert steps_of([JANUARY, JULY, MAY, again]) == (JANUARY, MAY, again)
    same_day = said(1, 2, "14")
    assert steps_of([JANUARY, same_day]) == (same_day,)


def test_another_seller_begins_anew() -> None:
    moved = said(5, 3, None, None, OperationKind.MOVE_TO_RESELLER)
    own = said(5, 4, "20")
    assert steps_of([JANUARY, JULY, moved]) == ()
    assert steps_of([JANUARY, JULY, moved, own]) == (own,)


def test_the_later_price_is_named_with_its_day_and_operation() -> None:
    now = (Decimal("15.20"), Decimal(10))
    assert taken_over([JULY], now, "EUR") == (
        "Operation 2 (Update price margin) has unit price 16.40 EUR from 1 Jul 2026. What is "
        "recorded now is newer and counts from then on, too: if that is not meant, record the "
        "later price again afterwards."
    )
    renewed = said(9, 4, "17", "11", OperationKind.RENEW)
    two = taken_over([JULY, renewed], now, "EUR")
    assert "; operation 4 (Renew) has unit price 17.00 and unit cost 11.00 EUR from 1 Sep" in two
    assert two.endswith("record the later prices again afterwards.")


def test_before_anything_is_typed_the_later_prices_are_named() -> None:
    assert to_come([], Decimal(10), "EUR") == ""
    assert to_come([JULY], Decimal(10), "EUR") == (
        "Recorded for later: unit price 16.40 EUR from 1 Jul 2026 (operation 2). A price of an "
        "earlier day takes its place."
    )
    two = to_come([JULY, said(9, 4, "17", "11")], Decimal(10), "EUR")
    assert "; unit price 17.00 and unit cost 11.00 EUR from 1 Sep 2026 (operation 4). A" in two
    assert two.endswith("takes their place.")


def test_the_same_amounts_and_no_later_ones_are_not_worth_a_word() -> None:
    assert taken_over([], (Decimal(1), None), "EUR") == ""
    assert taken_over([JULY], (JULY.unit_price, JULY.unit_cost), "EUR") == ""
    none = said(7, 2, None, None)
    assert "has no price from 1 Jul 2026" in taken_over([none], (Decimal(1), None), "")
