"""Renewing by hand a term that has renewed by itself would make two of one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from factories import Tenancy, nobody_wakes, tenancy
from tallystick.kit.clock import SteppedClock
from tallystick.kit.problem import InvalidInput
from tallystick.operations.carry_out import carry_out_due
from tallystick.operations.note import set_end_of_term
from tallystick.operations.renew import NewPrice, renew
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import get_subscription

pytestmark = pytest.mark.usefixtures("db")
LAST = date(2026, 12, 31)


@pytest.fixture
def of() -> Tenancy:
    return tenancy()


def go_to(of: Tenancy, year: int, month: int, day: int) -> None:
    of.clock = SteppedClock(datetime(year, month, day, 9, tzinfo=UTC))


def by_itself(of: Tenancy) -> int:
    """Renewed on 1 January 2027 until the end of that year; it is 5 January."""
    one = of.subscription(commitment_ends_on=LAST)
    set_end_of_term(subscription_id=one, to="renew", today=of.today(), asked=of.asked())
    go_to(of, 2027, 1, 5)
    carry_out_due(now=of.clock.now(), wake=nobody_wakes)
    assert last_day(of, one) == date(2027, 12, 31)
    return one


def by_hand(of: Tenancy, one: int, **more: Any) -> None:
    renew(subscription_id=one, price=NewPrice(), asked=of.asked(), **more)


def last_day(of: Tenancy, one: int) -> date | None:
    return get_subscription(of.context, one).commitment_ends_on


def test_it_is_refused_with_the_term_that_is_recorded(of: Tenancy) -> None:
    one = by_itself(of)
    with pytest.raises(InvalidInput) as refused:
        by_hand(of, one)
    [error] = refused.value.errors
    assert (error.field, error.message) == (
        "ends_on",
        "is needed: it has renewed by itself on 1 Jan 2027, until 31 Dec 2027. If it is to be "
        "renewed once more, say the last day of that term",
    )
    assert last_day(of, one) == date(2027, 12, 31)


def test_whoever_says_the_last_day_means_it(of: Tenancy) -> None:
    one = by_itself(of)
    by_hand(of, one, ends_on=date(2028, 12, 31))
    assert last_day(of, one) == date(2028, 12, 31)
    by_hand(of, one)  # its newest term was made by a person
    assert last_day(of, one) == date(2029, 12, 31)


def test_in_its_last_week_it_may_be_renewed(of: Tenancy) -> None:
    one = by_itself(of)
    go_to(of, 2027, 12, 24)
    by_hand(of, one)
    assert last_day(of, one) == date(2028, 12, 31)


def test_a_term_that_nothing_renewed_may_be_renewed_early(of: Tenancy) -> None:
    one = of.subscription(commitment_ends_on=LAST)
    by_hand(of, one)
    assert last_day(of, one) == date(2027, 12, 31)


def test_a_term_whose_end_was_moved_since_is_another_one(of: Tenancy) -> None:
    one = by_itself(of)
    Subscription.objects.filter(pk=one).update(commitment_ends_on=date(2027, 6, 30))
    by_hand(of, one)
    assert last_day(of, one) == date(2028, 6, 30)
