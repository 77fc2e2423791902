"""Every operation, done to a line in a situation: what is sent for it and what is audited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from factories import TODAY
from harness import Line
from tallystick.audit.models import AuditLog
from tallystick.audit.record import SYSTEM
from tallystick.catalog.add_offer import add_offer
from tallystick.catalog.queries import facts_of
from tallystick.catalog.terms import Term
from tallystick.ledger.record import Recorded
from tallystick.operations.cancel import cancel
from tallystick.operations.change_offer import NewOffer, change_offer
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.end import delete_by_vendor, expire
from tallystick.operations.note import rename, schedule_change, set_end_of_term, set_purchase_order
from tallystick.operations.reactivate import reactivate
from tallystick.operations.renew import NewPrice, convert_trial, end_promotion, renew
from tallystick.operations.state_amounts import Stated, state_amounts
from tallystick.operations.suspend import suspend
from tallystick.operations.update_price import update_price
from tallystick.subscriptions.models import Subscription

NEW = NewPrice(Decimal("16.40"), Decimal("13.00"))
Sent = tuple[str, int, str | None, str | None]
Act = Callable[[dict[str, Any], dict[str, Any]], Recorded]

# Each with the subscription and who asks, and with the day as well.
ACTS: Mapping[str, Act] = {
    "quantity": lambda _, now: change_quantity(**now, quantity=12),
    "price margin": lambda _, now: update_price(**now, unit_price="16.40"),
    "cancel": lambda _, now: cancel(**now),
    "expire": lambda _, now: expire(**now),
    "deleted": lambda _, now: delete_by_vendor(**now),
    "trial converts": lambda _, now: convert_trial(**now, price=NEW, effective_on=TODAY),
    "promotion ends": lambda _, now: end_promotion(**now, price=NEW, effective_on=TODAY),
    "renew": lambda it, _: renew(**it, price=NewPrice()),
    "renew, price": lambda it, _: renew(**it, price=NEW),
    "renew, both": lambda it, _: renew(**it, price=NEW, quantity=12),
    "change offer": lambda _, now: change_offer(
        **now, to=NewOffer(another_term(now["subscription_id"]), NEW, 12)
    ),
    "suspend": lambda _, now: suspend(**now),
    "reactivate": lambda _, now: reactivate(**now),
    "rename": lambda _, now: rename(**now, name="Seats of the branch"),
    "purchase order": lambda _, now: set_purchase_order(**now, number="PO-7"),
    "end of term": lambda _, now: set_end_of_term(**now, to="renew"),
    "scheduled": lambda _, now: schedule_change(**now, words="Annual from the next term"),
    "Azure amounts": lambda _, now: state_amounts(
        **now, stated=Stated("2026-04", "120.00", "90.00", "EUR")
    ),
}


def another_term(subscription_id: int) -> int:
    """The same product for three years: its line can bill it."""
    held = Subscription.objects.select_related("offer").get(pk=subscription_id)
    return add_offer(
        replace(facts_of(held.offer), term=Term.THREE_YEARS),
        tenant_id=held.tenant_id,
        actor=SYSTEM,
        now=held.created_at,
        correlation_id="c",
    )[0]


EVENTS = {
    "cancel": "subscription.cancel",
    "expire": "subscription.expire",
    "deleted": "subscription.delete",
    "trial converts": "subscription.convert_trial",
    "renew": "subscription.renew",
    "renew, price": "subscription.renew",
    "renew, both": "subscription.renew",
    "change offer": "subscription.change_offer",
    "suspend": "subscription.suspend",
    "reactivate": "subscription.reactivate",
    "Azure amounts": "subscription.azure_amounts",
}
ON_CONNECTION = "subscription.update_on_connection"


def do(line: Line, act: str) -> tuple[Recorded, list[Sent]]:
    """Record it, let the engine work; what was sent for it."""
    of = line.world.tenancy
    it: dict[str, Any] = {"subscription_id": line.subscription_id, "asked": of.asked()}
    before = len(line.effects())
    recorded = ACTS[act](it, {**it, "today": TODAY})
    line.world.work()
    return recorded, [
        (one["effective_on"], one["unit_change"], text(one["unit_price"]), text(one["unit_cost"]))
        for one in line.effects()[before:]
    ]


def text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def audited(recorded: Recorded) -> list[tuple[str, str]]:
    found = AuditLog.objects.filter(operation_id=recorded.operation_id).order_by("pk")
    return [(one.event, one.status) for one in found]
