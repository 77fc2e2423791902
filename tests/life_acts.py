"""What is recorded in a reseller's life: each act once, of a line and a day, if it is possible."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from harness import Line
from life import Act, Life, it, it_now
from life_moves import another_cycle, another_reseller
from situations import another_term
from tallystick.catalog.terms import BillingCycle
from tallystick.kit.problem import InvalidInput
from tallystick.operations.cancel import cancel
from tallystick.operations.change_offer import NewOffer, change_offer
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.end import delete_by_vendor
from tallystick.operations.note import rename, set_end_of_term, set_purchase_order
from tallystick.operations.reactivate import reactivate
from tallystick.operations.renew import NewPrice, convert_trial, end_promotion, renew
from tallystick.operations.schedule import Plan, schedule, take_back_scheduled
from tallystick.operations.suspend import suspend
from tallystick.operations.update_price import update_price
from tallystick.subscriptions.models import Subscription


def some_price(life: Life) -> Decimal:
    return Decimal(life.chance.randint(20000, 400000)) / 10000


def new_price(life: Life) -> NewPrice:
    return NewPrice(some_price(life), some_price(life))


def _quantity(life: Life, line: Line, on: date) -> object:
    quantity = life.chance.randint(1, 60)
    return change_quantity(**it_now(life, line), effective_on=on, quantity=quantity)


def _price(life: Life, line: Line, on: date) -> object:
    return update_price(**it_now(life, line), effective_on=on, unit_price=str(some_price(life)))


def _renew(life: Life, line: Line, _: date) -> object:
    """When its term has just ended; before that, what is to happen then."""
    ends = Subscription.objects.get(pk=line.subscription_id).commitment_ends_on
    if ends is None or not (life.today - timedelta(days=3) <= ends <= life.today):
        to = life.chance.choice(
            ["renew", "cancel", "extend"] if another_term_fits(life, line) else ["renew", "cancel"]
        )
        return set_end_of_term(**it_now(life, line), to=to)
    quantity = life.chance.choice([None, life.chance.randint(1, 60)])
    return renew(**it(life, line), price=new_price(life), quantity=quantity)


def another_term_fits(life: Life, line: Line) -> bool:
    """Monthly, on one line: what moves between two has no service for other terms."""
    if line in life.movers:
        return False
    held = Subscription.objects.select_related("offer").get(pk=line.subscription_id)
    return held.offer.billing_cycle == BillingCycle.MONTHLY.value


def near(life: Life, line: Line) -> NewPrice:
    """A price like the one it has."""
    held = Subscription.objects.get(pk=line.subscription_id)
    by = Decimal(life.chance.randint(80, 120)) / 100
    if held.unit_price is None or held.unit_cost is None:
        return NewPrice()
    return NewPrice(round(held.unit_price * by, 4), round(held.unit_cost * by, 4))


def _change_offer(life: Life, line: Line, on: date) -> object:
    """The same product for another term, on the line it has."""
    if not another_term_fits(life, line):
        raise InvalidInput.one("offer_id", "would need a monthly line")
    to = NewOffer(another_term(line.subscription_id), near(life, line), None)
    return change_offer(**it_now(life, line), to=to, effective_on=on)


def _schedule(life: Life, line: Line, _: date) -> object:
    """For the next term, or another term's offer on a day of its own."""
    quantity = life.chance.choice([None, life.chance.randint(1, 60)])
    plan = Plan(quantity=quantity, price=near(life, line))
    if life.chance.random() < 1 / 3 and another_term_fits(life, line):
        on = life.today + timedelta(days=life.chance.randint(1, 30))
        plan = replace(plan, on=on, offer_id=another_term(line.subscription_id))
    return schedule(**it_now(life, line), plan=plan)


def _take_back(life: Life, line: Line, _: date) -> object:
    return take_back_scheduled(**it_now(life, line))


def _azure_amounts(life: Life, _: Line, __: date) -> object:
    """What a past month came to, or a late correction of it."""
    plan = life.chance.choice(life.plans)
    month = life.today.replace(day=1)
    for _past in range(life.chance.choice([1, 1, 1, 2, 3])):
        month = (month - timedelta(days=1)).replace(day=1)
    if month.year < life.today.year:
        raise InvalidInput.one("month", "is of the year before")
    cents = life.chance.randint(1000, 90000)
    price, cost = f"{Decimal(cents) / 100}", f"{Decimal(cents) / 125:.2f}"
    return plan.amounts(f"{month:%Y-%m}", price, cost)


def _suspend(life: Life, line: Line, on: date) -> object:
    return suspend(**it_now(life, line), effective_on=on)


def _reactivate(life: Life, line: Line, on: date) -> object:
    return reactivate(**it_now(life, line), effective_on=on)


def _promotion_ends(life: Life, line: Line, on: date) -> object:
    return end_promotion(**it_now(life, line), effective_on=on, price=new_price(life))


def _trial_converts(life: Life, line: Line, on: date) -> object:
    return convert_trial(**it_now(life, line), effective_on=on, price=new_price(life))


def _rename(life: Life, line: Line, _: date) -> object:
    return rename(**it_now(life, line), name=f"Seats {life.chance.randint(1, 9999)}")


def _purchase_order(life: Life, line: Line, _: date) -> object:
    return set_purchase_order(**it_now(life, line), number=f"PO-{life.chance.randint(1, 9999)}")


def _cancel(life: Life, line: Line, on: date) -> object:
    return cancel(**it_now(life, line), effective_on=on)


def _deleted(life: Life, line: Line, on: date) -> object:
    return delete_by_vendor(**it_now(life, line), effective_on=on)


# How often, and how. What ends a subscription is rare: there are 200 of them.
ACTS: dict[str, tuple[int, Act]] = {
    "quantity": (120, _quantity),
    "price margin": (40, _price),
    "renew or end of term": (20, _renew),
    "suspend": (10, _suspend),
    "reactivate": (30, _reactivate),
    "promotion ends": (6, _promotion_ends),
    "trial converts": (6, _trial_converts),
    "rename": (5, _rename),
    "purchase order": (5, _purchase_order),
    "change of offer": (12, _change_offer),
    "scheduled": (20, _schedule),
    "taken back": (4, _take_back),
    "Azure amounts": (30, _azure_amounts),
    "another cycle": (8, another_cycle),
    "another reseller": (4, another_reseller),
    "cancel": (1, _cancel),
    "deleted": (1, _deleted),
}
