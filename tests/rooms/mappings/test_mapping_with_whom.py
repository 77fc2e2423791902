"""With whom a taken line could be shared: asked at once, and only of whom one may see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from moving import Company, company
from tallystick.identity.context import Context
from tallystick.kit.problem import NotFound
from tallystick.mappings.line_option import LineOption
from tallystick.mappings.places import places_for
from tallystick.mappings.with_whom import with_whom
from tallystick.operations.bill_together import bill_together
from tallystick.operations.cancel import cancel
from tallystick.subscriptions.queries import get_subscription


@pytest.fixture
def here(db: None) -> Iterator[Company]:
    with company() as made:
        yield made


def another(here: Company, *, quantity: int = 5, **more: Any) -> int:
    held = {"customer_id": here.customer, "offer_id": here.monthly, **more}
    return here.of.subscription(quantity=quantity, **held)


def lines(here: Company, subscription_id: int, context: Context | None = None) -> list[LineOption]:
    asker = context or here.of.context
    view = get_subscription(here.of.context, subscription_id)
    at, today = here.here.connection_id, here.of.today()
    places = places_for(asker, at, [view], today=today)[view.id]
    found = with_whom(asker, at, view, places)
    return [line for option in found.options for line in option.lines]


def share(here: Company, subscription_id: int, with_id: int) -> None:
    bill_together(
        subscription_id=subscription_id,
        connection_id=here.here.connection_id,
        with_id=with_id,
        today=here.of.today(),
        asked=here.of.asked(),
    )


def test_everybody_on_the_line_the_one_it_was_mapped_for_first(here: Company) -> None:
    first, second, third = here.held(), another(here), another(here, quantity=2)
    (line,) = lines(here, second)
    assert line.joins is not None
    assert ([one.id for one in line.bills], line.joins.id, line.billed) == ([first], first, 10)
    share(here, second, first)
    (line,) = lines(here, third)
    assert line.joins is not None
    assert ([one.id for one in line.bills], line.joins.id) == ([first, second], first)
    assert line.billed == 15
    cancel(
        subscription_id=second,
        effective_on=here.of.today(),
        today=here.of.today(),
        asked=here.of.asked(),
    )
    (line,) = lines(here, third)
    assert line.billed == 10, "what has ended counts nothing"


def test_a_free_line_bills_nobody_and_is_not_asked_about(here: Company) -> None:
    (line,) = lines(here, another(here))
    assert (line.taken, line.bills, line.joins) == (False, (), None)


def test_why_not(here: Company) -> None:
    here.held(friendly_name="Head office")
    (line,) = lines(here, another(here, unit_price="19.00"))
    assert line.joins is None
    assert line.not_together.startswith("Head office has another price or cost")


def test_a_connection_of_another_context_says_nothing(here: Company) -> None:
    here.held()
    second = another(here)
    with pytest.raises(NotFound):
        lines(here, second, here.of.context.within(987654321))


def test_as_many_questions_for_any_number_of_lines(
    here: Company, django_assert_num_queries: Any
) -> None:
    of, desk = here.of, here.here
    desk.load(
        lines=[
            {"ref": f"l{n}", "contract": desk.refs["mk"], "service": desk.refs["ms"], "units": 10}
            | {"unit_price": "15.20", "unit_cost": "12.10"}
            for n in range(3)
        ]
    )
    desk.read()
    here.held()
    for n in range(3):
        here.held(line=f"l{n}")
    view = get_subscription(of.context, another(here))
    at, today = desk.connection_id, of.today()
    places = places_for(of.context, at, [view], today=today)[view.id]
    with django_assert_num_queries(4):  # the connection among them
        found = with_whom(of.context, at, view, places)
    assert [line.joins is not None for option in found.options for line in option.lines] == [
        True
    ] * 4
