"""Commitments from what was recorded, and the terms that end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from factories import START, Tenancy, sibling, tenancy
from tallystick.kit.problem import InvalidInput
from tallystick.operations.change_offer import NewOffer, change_offer
from tallystick.operations.commitments import commitment_of
from tallystick.operations.note import set_end_of_term
from tallystick.operations.renew import NewPrice, renew
from tallystick.subscriptions.commitment import WINDOW
from tallystick.subscriptions.queries import get_subscription
from tallystick.subscriptions.terms_ending import terms_ending

pytestmark = pytest.mark.usefixtures("db")
LAST_DAY = date(2026, 12, 31)


def held(of: Tenancy, *, ends: date | None = LAST_DAY, **more: object) -> int:
    return of.subscription(commitment_ends_on=ends, **more)  # type: ignore[arg-type]


def found(of: Tenancy, subscription_id: int):  # type: ignore[no-untyped-def]
    return commitment_of(get_subscription(of.context, subscription_id), now=of.clock.now())


def ids(of: Tenancy, **asked: object) -> list[int]:
    page = terms_ending(of.context, today=of.today(), **asked)  # type: ignore[arg-type]
    return [one.id for one in page.items]


def test_what_is_added_today_may_be_given_back_for_seven_days() -> None:
    of = tenancy()
    one = held(of)
    assert found(of, one).reducible == 0
    of.quantity(one, 14)
    assert [(b.quantity, b.until) for b in found(of, one).batches] == [(4, START + WINDOW)]
    of.later(days=7)
    assert found(of, one).reducible == 0


def test_a_change_recorded_late_has_had_its_window_from_its_own_day() -> None:
    of = tenancy()
    one = held(of)
    of.quantity(one, 14, on=of.today() - timedelta(days=5))
    assert [b.until.date() for b in found(of, one).batches] == [of.today() + timedelta(days=2)]
    of.later(days=2)
    assert found(of, one).reducible == 0


def test_a_change_for_a_later_day_opens_nothing_before() -> None:
    of = tenancy()
    one = held(of)
    of.quantity(one, 14, on=of.today() + timedelta(days=3))
    assert found(of, one).reducible == 0
    of.later(days=3)
    assert found(of, one).reducible == 4


def test_a_renewal_keeps_its_quantity_and_opens_the_window() -> None:
    of = tenancy()
    one = held(of, ends=of.today() - timedelta(days=1))
    renew(subscription_id=one, price=NewPrice(), asked=of.asked())
    assert (found(of, one).reducible, found(of, one).committed) == (9, True)


def test_a_change_of_offer_opens_the_window_for_what_it_adds_or_of_its_new_term() -> None:
    of = tenancy()
    one, other = held(of), held(of)
    it: dict[str, Any] = {"today": of.today(), "asked": of.asked(), "line": None}
    more = NewOffer.read(of.offer(), quantity=20, unit_price="15.20", unit_cost="12.10")
    change_offer(subscription_id=one, to=more, **it)
    assert [batch.quantity for batch in found(of, one).batches] == [10]
    anew = NewOffer.read(
        of.offer(), quantity=20, unit_price="15.20", unit_cost="12.10", ends_on=date(2027, 5, 9)
    )
    change_offer(subscription_id=other, to=anew, **it)
    assert found(of, other).reducible == 19
    of.later(days=8)
    of.quantity(one, 18)
    assert found(of, one).reducible == 0, "fewer than the change brought are no addition"


def test_the_next_term_comes_first_and_the_ended_are_apart() -> None:
    of = tenancy()
    today = of.today()
    later, soon, over, far, none = (
        held(of, ends=day)
        for day in (
            today + timedelta(days=60),
            today,
            today - timedelta(days=1),
            today + timedelta(days=91),
            None,
        )
    )
    assert ids(of) == [soon, later]
    assert ids(of, days=0) == [soon]
    assert ids(of, days=91) == [soon, later, far]
    assert ids(of, over=True) == [over]
    of.cancel(soon)
    assert ids(of) == [later]
    assert none not in ids(of, days=1830)


def test_terms_are_found_by_what_happens_then() -> None:
    of = tenancy()
    one, other = (held(of, ends=of.today() + timedelta(days=9)) for _ in range(2))
    set_end_of_term(subscription_id=one, to="cancel", today=of.today(), asked=of.asked())
    assert (ids(of, end_of_term="cancel"), ids(of, end_of_term="renew")) == ([one], [other])
    for field, asked in (("end_of_term", {"end_of_term": "no"}), ("days", {"days": -1})):
        with pytest.raises(InvalidInput) as problem:
            ids(of, **asked)
        assert [error.field for error in problem.value.errors] == [field]


def test_pages_meet_without_a_gap() -> None:
    of = tenancy()
    made = [held(of, ends=of.today() + timedelta(days=n % 3)) for n in range(7)]
    seen: list[int] = []
    cursor = None
    while True:
        page = terms_ending(of.context, today=of.today(), limit=2, cursor=cursor)
        seen += [one.id for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(made)
    assert len(seen) == len(set(seen)) == 7


def test_nobody_sees_the_terms_of_another_context() -> None:
    of = tenancy()
    other = sibling(of)
    held(of, ends=of.today())
    assert ids(other) == ids(tenancy()) == []
