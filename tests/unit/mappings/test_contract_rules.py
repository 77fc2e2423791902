"""Which contract can bill a subscription, and what is told before it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tallystick.catalog.terms import BillingCycle
from tallystick.directory.port import Contract, Service
from tallystick.mappings.contract_rules import Wanted, warnings, watch, why_not
from tallystick.mappings.line_option import LineOption
from tallystick.mappings.places import ContractOption, propose

TODAY = date(2026, 5, 10)
CONTRACT = Contract(7, 5, "Cloud 2026", "", True, date(2026, 1, 1), date(2026, 12, 31), 1)
WANTED = Wanted(5, BillingCycle.MONTHLY, TODAY, date(2026, 2, 1))
SERVICE = Service(6, "M365", 1, None, None, True)


def test_a_contract_that_fits_has_nothing_against_it() -> None:
    assert why_not(CONTRACT, WANTED) == ""
    assert warnings(CONTRACT, WANTED) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"company_id": 6}, "another company"),
        ({"active": False}, "is inactive"),
        ({"period_months": 12}, "billed yearly in Autotask, the subscription monthly"),
        ({"period_months": 2}, "billed 2 months in Autotask"),
        ({"starts_on": date(2026, 5, 11)}, "starts only on 11 May 2026"),
        ({"ends_on": date(2026, 5, 10)}, "ended on 10 May 2026"),
    ],
)
def test_what_is_against_a_contract(change: dict[str, object], said: str) -> None:
    assert said in why_not(replace(CONTRACT, **change), WANTED)  # type: ignore[arg-type]


def test_what_is_not_shown_is_not_held_against_it() -> None:
    bare = replace(CONTRACT, starts_on=None, ends_on=None, period_months=None)
    assert why_not(bare, WANTED) == ""
    assert warnings(bare, WANTED) == []


def test_an_end_that_is_near_is_told() -> None:
    near = replace(CONTRACT, ends_on=date(2026, 6, 9))
    assert "ends on 9 Jun 2026" in warnings(near, WANTED)[0]
    assert warnings(replace(CONTRACT, ends_on=date(2026, 6, 10)), WANTED) == []


def test_a_year_that_begins_on_another_day_is_told() -> None:
    yearly = replace(CONTRACT, period_months=12, ends_on=date(2027, 12, 31))
    wanted = replace(WANTED, cycle=BillingCycle.ANNUAL)
    assert "first bill is for a part of a year" in warnings(yearly, wanted)[0]
    assert warnings(yearly, replace(wanted, held_since=date(2025, 1, 1))) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"ends_on": date(2026, 5, 9)}, "The contract ended on 9 May 2026"),
        ({"ends_on": date(2026, 5, 10)}, "The contract ends on 10 May 2026."),
        ({"ends_on": date(2026, 6, 9)}, "The contract ends on 9 Jun 2026."),
        ({"ends_on": None}, ""),
        ({"active": False}, "is inactive"),
        ({"company_id": 9}, "another company"),
        ({"period_months": 3}, "billed quarterly"),
        ({"starts_on": date(2026, 6, 1)}, ""),
    ],
)
def test_a_mapped_contract_is_watched(change: dict[str, object], said: str) -> None:
    contract = replace(CONTRACT, **change)  # type: ignore[arg-type]
    found = watch(contract, SERVICE, company_id=5, cycle=BillingCycle.MONTHLY, today=TODAY)
    assert said in found
    assert bool(said) == bool(found)


def test_a_contract_or_a_service_that_is_gone_is_told() -> None:
    asked = {"company_id": 5, "cycle": BillingCycle.MONTHLY, "today": TODAY}
    assert "no such contract" in watch(None, SERVICE, **asked)
    assert "M365 is inactive" in watch(CONTRACT, replace(SERVICE, active=False), **asked)
    assert watch(CONTRACT, None, **asked) == ""


def option(*lines: LineOption, wrong: str = "") -> ContractOption:
    return ContractOption(CONTRACT, wrong, (), lines)


class TestProposals:
    FREE, OTHER, TAKEN = LineOption(1, "", False), LineOption(2, "", False), LineOption(3, "", True)

    def test_the_only_free_line_is_clear(self) -> None:
        found = propose([option(self.FREE, self.TAKEN)])
        assert found is not None
        assert (found.line_id, found.is_clear) == (1, True)

    def test_of_two_free_lines_none_is(self) -> None:
        found = propose([option(self.FREE), option(self.OTHER)])
        assert found is not None
        assert not found.is_clear
        assert "2 lines" in found.reason

    def test_without_a_free_line_it_gets_its_own(self) -> None:
        found = propose([option(self.TAKEN)])
        assert found is not None
        assert (found.line_id, found.is_clear) == (None, False)

    def test_what_does_not_fit_is_not_proposed(self) -> None:
        assert propose([option(self.FREE, wrong="ended")]) is None
        assert propose([]) is None
