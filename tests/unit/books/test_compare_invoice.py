"""What the vendor billed beside what our operations say: by its cycles, by the day, and why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tallystick.books.compare_invoice import Compared, InvoiceLine, Ours, compare_invoice
from tallystick.books.invoice_charges import Charge, Held, Said, charges_of
from tallystick.books.invoice_words import Cause, Found

MAY = date(2026, 5, 1)
END = date(2026, 5, 31)
BEGUN = date(2026, 1, 1)


def held(*said: Said, starts_on: date = BEGUN, months: int | None = 1) -> Held:
    return Held(starts_on, months, [Said(starts_on, 10, Decimal("12.10")), *said])


def line(quantity: int = 10, amount: str = "121", **more: Any) -> InvoiceLine:
    found = InvoiceLine(
        2, "c-1", "Alder", "s-1", "CFQ", "0001", "M365", "cycleCharge", MAY, END,
        Decimal(quantity), Decimal("12.1"), Decimal(amount), "EUR",
    )  # fmt: skip
    return replace(found, **more)


def ours(*said: Said, known_from: date = BEGUN, currency: str = "EUR", **more: Any) -> Ours:
    return Ours(held(*said, **more), currency, known_from)


def compare(*lines: InvoiceLine, of: Ours | None = None) -> Compared:
    return compare_invoice(lines, of or ours(), MAY)


def brief(charges: list[Charge]) -> list[tuple[str, str, int, str]]:
    return [
        (one.starts_on.isoformat(), one.ends_on.isoformat(), one.quantity, f"{one.amount:f}")
        for one in charges
    ]


# What our operations come to.


def test_a_whole_cycle_is_billed_on_its_first_day() -> None:
    assert brief(charges_of(held(), MAY)) == [("2026-05-01", "2026-05-31", 10, "121.00")]


def test_what_changes_in_between_is_billed_for_the_rest_by_the_day() -> None:
    more, less = Said(date(2026, 5, 16), 12), Said(date(2026, 5, 20), 9)
    assert brief(charges_of(held(more, less), MAY)) == [
        ("2026-05-01", "2026-05-31", 10, "121.00"),
        ("2026-05-16", "2026-05-31", 2, "12.49"),
        ("2026-05-20", "2026-05-31", -3, "-14.05"),
    ]


def test_a_cycle_that_began_last_month_has_only_its_changes_in_this_one() -> None:
    """15 April to 14 May, and the next one begins on 15 May."""
    of = held(Said(date(2026, 5, 5), 12), starts_on=date(2026, 1, 15))
    assert brief(charges_of(of, MAY)) == [
        ("2026-05-05", "2026-05-14", 2, "8.07"),
        ("2026-05-15", "2026-06-14", 12, "145.20"),
    ]


def test_a_yearly_cycle_is_billed_once_a_year_and_its_changes_by_the_day() -> None:
    of = held(Said(date(2026, 5, 31), 11), months=12)
    assert brief(charges_of(of, MAY)) == [("2026-05-31", "2026-12-31", 1, "7.13")]
    assert brief(charges_of(of, BEGUN)) == [("2026-01-01", "2026-12-31", 10, "121.00")]


def test_a_price_counts_from_the_next_cycle_and_for_what_is_added() -> None:
    dearer = Said(date(2026, 5, 10), None, Decimal("15.50"))
    of = held(dearer, Said(date(2026, 5, 16), 11), Said(date(2026, 5, 20), 10))
    assert brief(charges_of(of, MAY)) == [
        ("2026-05-01", "2026-05-31", 10, "121.00"),
        ("2026-05-16", "2026-05-31", 1, "8.00"),
        ("2026-05-20", "2026-05-31", -1, "-4.68"),
    ]
    assert brief(charges_of(of, date(2026, 6, 1)))[0][3] == "155.00"


def test_what_ended_is_billed_no_more_and_what_has_not_begun_not_yet() -> None:
    assert charges_of(held(Said(MAY, 0)), MAY) == []
    assert charges_of(held(starts_on=date(2026, 6, 1)), MAY) == []


def test_the_last_days_of_months_are_kept() -> None:
    of = held(starts_on=date(2026, 1, 31))
    assert brief(charges_of(of, date(2026, 2, 1))) == [("2026-02-28", "2026-03-30", 10, "121.00")]
    assert brief(charges_of(of, date(2026, 3, 1))) == [("2026-03-31", "2026-04-29", 10, "121.00")]


def test_where_the_vendors_cycle_ends_on_another_day_that_counts() -> None:
    """Its end was aligned with the calendar month: the first cycle is a short one."""
    of = held(starts_on=date(2026, 5, 21))
    assert brief(charges_of(of, MAY, [END])) == [("2026-05-21", "2026-05-31", 10, "42.94")]
    own = charges_of(of, MAY, [date(2026, 6, 20), date(2026, 4, 3)])
    assert brief(own) == [("2026-05-21", "2026-06-20", 10, "121.00")]


def test_what_is_billed_once_is_billed_when_it_is_bought() -> None:
    of = held(Said(date(2026, 5, 9), 12), starts_on=date(2026, 5, 3), months=None)
    assert brief(charges_of(of, MAY)) == [
        ("2026-05-03", "2026-05-03", 10, "121.00"),
        ("2026-05-09", "2026-05-09", 2, "24.20"),
    ]
    assert charges_of(of, date(2026, 6, 1)) == []


# Beside what was billed.


def test_the_same_is_equal() -> None:
    said = compare(line())
    assert (said.found, said.why, said.cause) == (Found.EQUAL, "", None)
    assert (said.billed, said.ours, said.difference) == (121, Decimal("121.00"), 0)


def test_the_vendors_way_of_rounding_is_no_difference() -> None:
    """What one costs is rounded down to cents there, the sum is rounded here."""
    of = ours(Said(date(2026, 5, 16), 12))
    added = line(2, "12.48", starts_on=date(2026, 5, 16))
    said = compare(line(), added, of=of)
    assert (said.found, said.difference) == (Found.EQUAL, Decimal("-0.01"))
    assert said.why == "Within the vendor's rounding."


def test_a_subscription_nobody_recorded() -> None:
    said = compare_invoice([line()], None, MAY)
    assert (said.found, said.cause, said.difference) == (Found.DIFFERENT, Cause.NOT_OURS, 121)


def test_a_month_before_our_ledger_begins_is_never_guessed_at() -> None:
    said = compare(line(12, "145.20"), of=ours(known_from=date(2026, 6, 3)))
    assert (said.found, said.cause, said.ours) == (Found.NO_HISTORY, None, None)
    assert said.why == "Our ledger begins on 3 Jun 2026: of 2026-05 it knows nothing."


def test_a_month_in_which_our_ledger_begins_may_be_equal_and_is_never_a_finding() -> None:
    begun = ours(known_from=date(2026, 5, 12))
    assert compare(line(), of=begun).found is Found.EQUAL
    said = compare(line(12, "145.20"), of=begun)
    assert (said.found, said.cause, said.difference) == (Found.NO_HISTORY, None, None)
    assert "what was before is not known" in said.why


QUANTITY = [
    ([line(12, "145.20")], (), "1 May 2026: the invoice has 12, our operations 10"),
    (
        [line(), line(2, "12.48", starts_on=date(2026, 5, 16))],
        (),
        "16 May 2026: the invoice has 12, our operations 10",
    ),
    (
        [line()],
        (Said(date(2026, 5, 16), 14),),
        "16 May 2026: the invoice has 10, our operations 14",
    ),
    (
        [line(), line(3, "-18.72", starts_on=date(2026, 5, 16))],
        (Said(date(2026, 5, 16), 9),),
        "16 May 2026: the invoice has 7, our operations 9",
    ),
]


@pytest.mark.parametrize(("lines", "said", "words"), QUANTITY)
def test_another_quantity_is_named_with_its_day(
    lines: list[InvoiceLine], said: tuple[Said, ...], words: str
) -> None:
    found = compare(*lines, of=ours(*said))
    assert found.cause is Cause.QUANTITY
    assert words in found.why


def test_another_price() -> None:
    said = compare(line(amount="132"))
    assert said.cause is Cause.PRICE
    assert said.why == "Price differs: 13.20 for one from 1 May 2026 to 31 May 2026, ours 12.10."


def test_a_credit() -> None:
    credited = line(1, "-30", starts_on=date(2026, 5, 9), credit_reason="Courtesy")
    said = compare(line(), credited)
    assert (said.cause, said.difference) == (Cause.CREDIT, -30)
    assert said.why == "A credit (Courtesy) that no operation of ours explains."
    unnamed = compare(line(), replace(credited, credit_reason=""))
    assert unnamed.why == "A credit that no operation of ours explains."


def test_a_charge_for_another_period() -> None:
    late = line(2, "24.20", starts_on=date(2026, 4, 1), ends_on=date(2026, 4, 30))
    said = compare(line(), late)
    assert (said.cause, said.difference) == (Cause.OTHER_PERIOD, Decimal("24.20"))
    assert said.why == "Billed with this invoice for 1 Apr 2026 to 30 Apr 2026."


def test_a_charge_without_an_end_is_compared_like_any_other() -> None:
    assert compare(line(ends_on=date.max)).found is Found.EQUAL


def test_what_is_not_on_the_invoice() -> None:
    said = compare_invoice([], ours(), MAY)
    assert (said.cause, said.difference) == (Cause.NOT_ON_INVOICE, -121)
    assert compare_invoice([], ours(months=12), MAY).found is Found.NOTHING


def test_what_no_single_cause_explains_is_said_so() -> None:
    free = line(0, "50")
    assert compare(line(), free).cause is Cause.NONE


def test_an_invoice_in_another_currency_is_compared_by_its_own_rate() -> None:
    dollars = line(amount="133.10", currency="USD", pricing_currency="EUR", rate=Decimal("1.1"))
    said = compare(dollars)
    assert (said.found, said.ours, said.currency) == (Found.EQUAL, Decimal("133.10"), "USD")
    unknown = compare(replace(dollars, pricing_currency="USD"))
    assert (unknown.found, unknown.ours) == (Found.NOTHING, None)
    assert unknown.why == "Billed in USD, our cost is in EUR: not compared."


def test_what_its_cost_is_not_known_of_is_not_compared() -> None:
    free = Ours(Held(BEGUN, 1, [Said(BEGUN, 10)]), "EUR", BEGUN)
    assert compare(line(), of=free).found is Found.NOTHING
    assert compare(line(), of=ours(currency="")).found is Found.NOTHING


def test_words_and_tones() -> None:
    assert [one.label for one in Found][2] == "No history for that month"
    assert [one.tone for one in Found] == ["green", "red", "secondary", "secondary"]
    assert all(one.label for one in Cause)
