"""A promotion's benefit that ends within a term: the price without it, by itself or by a person."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from as_process import acting_as
from factories import Tenancy, nobody_wakes, tenancy
from price_desk import by, listed, ruled
from tallystick.bootstrap.rights import WORKER
from tallystick.catalog.because import read_because
from tallystick.catalog.models import Offer
from tallystick.catalog.price_runs import Choice
from tallystick.catalog.price_words import MarginMethod
from tallystick.catalog.record_promotion import NewPromotion, add_promotion
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.models import Operation
from tallystick.operations.apply_prices import apply_prices
from tallystick.operations.carry_out import carry_out_due
from tallystick.operations.end_promotions import end_promotions_due
from tallystick.operations.look_at_prices import rule_to_apply
from tallystick.operations.note import set_end_of_term
from tallystick.operations.reactivate import reactivate
from tallystick.operations.renew import NewPrice, end_promotion
from tallystick.subscriptions.models import RefusedChange, ScheduledChange, Subscription
from tallystick.subscriptions.queries import SubscriptionView, get_subscription
from tallystick.subscriptions.refused import ids_to_wait
from tallystick.subscriptions.waiting_ends import needing, why_waits

pytestmark = pytest.mark.usefixtures("db")
LAST, JULY = date(2026, 6, 30), date(2026, 7, 1)
MORNING = datetime(2026, 7, 1, 6, tzinfo=UTC)


@pytest.fixture
def of() -> Tenancy:
    return tenancy()


def bought(
    of: Tenancy, percent: str = "50", months: int | None = 6, price: str | None = None
) -> int:
    """Listed at 10, sold at 12; half of it for the first six months of a year."""
    offer = of.offer()
    listed(of, offer)
    ruled(of)
    facts = Offer.objects.get(pk=offer)
    new = NewPromotion(
        "P1", "Six months", facts.product_id, facts.sku_id, date(2026, 1, 1),
        date(2026, 1, 31), percent=Decimal(percent), months=months,
    )  # fmt: skip
    add_promotion(new, by=by(of))
    return of.subscription(
        offer_id=offer,
        unit_price=price,
        unit_cost=None if price is None else "5",
        commitment_ends_on=date(2026, 12, 31),
    )


def view(of: Tenancy, one: int) -> SubscriptionView:
    return get_subscription(of.context, one)


def newest(one: int) -> Operation:
    return Operation.objects.filter(subscription_id=one).latest("sequence")


def end_due(now: datetime = MORNING) -> None:
    """With a worker's rights. Other tests' promotions may end, too: nothing is counted."""
    with acting_as(WORKER):
        end_promotions_due(now=now, wake=nobody_wakes)


def waits(of: Tenancy, one: int) -> str:
    assert needing(of.context, today=JULY).filter(pk=one).exists()
    return why_waits(of.context, [view(of, one)], today=JULY)[one]


def say(of: Tenancy, one: int, price: str, on: date = JULY) -> None:
    end_promotion(
        subscription_id=one,
        price=NewPrice.read(price, None),
        effective_on=on,
        today=JULY,
        asked=of.asked(),
    )


def test_the_price_without_it_is_recorded_once_on_the_day_after(of: Tenancy) -> None:
    one = bought(of)
    held = view(of, one)
    assert (held.unit_price, held.unit_cost, held.promotion_ends_on) == (6, 5, LAST)
    end_due(datetime(2026, 6, 30, 12, tzinfo=UTC))
    assert newest(one).kind == "purchase"
    for _ in range(2):
        end_due()
    done = newest(one)
    assert (done.kind, done.sequence, done.effective_on) == ("end_promotion", 2, JULY)
    assert (done.actor, done.source) == ("Tallystick", "schedule")
    because = read_because(done.after)
    assert because is not None
    assert because.by == "The promotion's benefit has ended"
    held = view(of, one)
    assert (held.unit_price, held.unit_cost, held.promotion_ends_on) == (12, 10, None)


def test_what_lasts_to_the_end_of_the_term_or_was_typed_ends_by_nothing(of: Tenancy) -> None:
    for one in (bought(of, months=None), bought(of, months=12), bought(of, price="6")):
        assert view(of, one).promotion_ends_on is None


def test_a_quantity_and_a_rule_keep_its_end_and_a_typed_price_takes_it_away(of: Tenancy) -> None:
    one, typed = bought(of), bought(of, price="6")
    for each in (one, typed):
        of.quantity(each, 12)
        assert view(of, each).promotion_ends_on == LAST
    rule = rule_to_apply(of.context, ruled(of, "25"), today=of.today())
    apply_prices(rule, choice=Choice(), asked=of.asked())
    assert (view(of, one).unit_price, view(of, one).promotion_ends_on) == (Decimal("6.25"), LAST)
    of.price(one, "7")
    assert view(of, one).promotion_ends_on is None


def test_a_price_the_rules_do_not_come_to_waits_for_a_person(of: Tenancy) -> None:
    one = bought(of)
    ruled(of, "25")  # and nobody applied it
    for _ in range(2):
        end_due()
    assert newest(one).kind == "purchase"
    said = waits(of, one)
    assert said.startswith(
        "Promotion ends, price without it from 1 Jul 2026: refused. Its price is not what the "
        "price rules come to under it, so they do not say what follows."
    )
    assert "Record under Promotion ends what it is sold for from that day on." in said
    say(of, one, "12.50")
    assert not RefusedChange.objects.filter(subscription_id=one).exists()
    assert view(of, one).promotion_ends_on is None


@pytest.mark.parametrize(
    ("percent", "rule", "why"),
    [
        ("90", {}, "Its price moves by more than a factor 3 without it: unit price 1.20 to 12.00"),
        (
            "50",
            {"method": MarginMethod.NONE, "effective_from": JULY},
            "Its price is not known without it: No margin rule covers this on 1 Jul 2026",
        ),
    ],
)
def test_a_price_that_moves_far_or_is_not_known_waits_for_a_person(
    of: Tenancy, percent: str, rule: dict[str, Any], why: str
) -> None:
    one = bought(of, percent)
    if rule:
        ruled(of, "0", **rule)
    end_due()
    assert newest(one).kind == "purchase"
    assert why in waits(of, one)


def test_what_was_refused_of_something_else_stays(of: Tenancy) -> None:
    one = bought(of)
    RefusedChange.objects.create(
        tenant_id=of.tenant_id, subscription_id=one, what="Renews", on=JULY, because="No.",
        asks="quantity", since_at=MORNING, tries=1, next_at=MORNING,
    )  # fmt: skip
    of.price(one, "7")
    assert RefusedChange.objects.filter(subscription_id=one).exists()


def test_nothing_else_waits_for_the_end_of_a_promotion(of: Tenancy) -> None:
    one = bought(of)
    ruled(of, "25")
    end_due()
    assert one in ids_to_wait(MORNING, promotion=True)
    assert one not in ids_to_wait(MORNING)
    RefusedChange.objects.filter(subscription=one).update(asks="quantity")
    assert one in ids_to_wait(MORNING, promotion=True) & ids_to_wait(MORNING)


def test_only_a_scheduled_change_that_was_refused_is_reactivated_past(of: Tenancy) -> None:
    one = bought(of)
    ruled(of, "25")
    end_due()
    Subscription.objects.filter(pk=one).update(status="suspended")
    ScheduledChange.objects.create(
        tenant_id=of.tenant_id, subscription_id=one, on=JULY, offer_id=of.offer(),
        asked_by="Ada", created_at=MORNING,
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="to have another offer from then"):
        reactivate(subscription_id=one, effective_on=JULY, today=JULY, asked=of.asked())
    RefusedChange.objects.filter(subscription=one).update(asks="subscription")
    reactivate(subscription_id=one, effective_on=JULY, today=JULY, asked=of.asked())
    assert newest(one).kind == "reactivate"


def test_a_renewal_that_gets_none_ends_it(of: Tenancy) -> None:
    one = bought(of, months=None)
    set_end_of_term(subscription_id=one, to="renew", today=of.today(), asked=of.asked())
    carry_out_due(now=datetime(2027, 1, 1, 6, tzinfo=UTC), wake=nobody_wakes)
    held = view(of, one)
    assert (held.unit_price, held.promotion_ends_on) == (12, None)


def test_a_quantity_leaves_a_price_that_is_typed_for_later(of: Tenancy) -> None:
    one = bought(of)
    of.price(one, "14", on=JULY)
    of.quantity(one, 12, on=date(2026, 6, 20))
    assert view(of, one).promotion_ends_on is None
    end_due()
    assert (newest(one).kind, view(of, one).unit_price) == ("update_quantity", 14)


def test_a_quantity_of_a_day_before_its_end_brings_back_no_promotion(of: Tenancy) -> None:
    one = bought(of)
    end_due()
    of.quantity(one, 12, on=date(2026, 6, 20))
    assert view(of, one).promotion_ends_on is None


def test_a_quantity_that_brings_another_promotional_price_is_ended_once_more(of: Tenancy) -> None:
    one = bought(of)
    end_due()
    ruled(of, "25")
    of.quantity(one, 12, on=date(2026, 6, 20))
    assert (view(of, one).unit_price, view(of, one).promotion_ends_on) == (Decimal("6.25"), LAST)
    end_due()
    assert (newest(one).kind, newest(one).sequence) == ("end_promotion", 4)
    held = view(of, one)
    assert (held.unit_price, held.promotion_ends_on) == (Decimal("12.50"), None)


def test_what_is_recorded_for_the_day_after_already_is_left(of: Tenancy) -> None:
    """As a version before this one left it: the end recorded, and its day kept."""
    one = bought(of)
    end_due()
    Subscription.objects.filter(pk=one).update(promotion_ends_on=LAST)
    end_due()
    assert (newest(one).sequence, view(of, one).promotion_ends_on) == (2, None)


def test_a_price_of_a_later_day_leaves_its_end_to_a_person(of: Tenancy) -> None:
    one, autumn = bought(of), date(2026, 9, 1)
    of.price(one, "14", on=autumn)
    assert view(of, one).promotion_ends_on == LAST
    for _ in range(2):
        end_due()
    assert newest(one).sequence == 2
    assert (
        "Its price is another one from 1 Sep 2026, by operation 2: what is recorded for an earlier "
        "day counts from then on, too. Record that price again afterwards."
    ) in waits(of, one)
    of.price(one, "14.50", on=autumn)
    assert RefusedChange.objects.filter(subscription_id=one).exists()
    say(of, one, "12")
    of.price(one, "14.50", on=autumn)
    assert not RefusedChange.objects.filter(subscription_id=one).exists()
    assert (newest(one).sequence, view(of, one).promotion_ends_on) == (5, None)


def test_a_person_says_from_which_day_it_has_ended(of: Tenancy) -> None:
    one = bought(of)
    say(of, one, "12", on=date(2026, 9, 1))
    assert view(of, one).promotion_ends_on is None
