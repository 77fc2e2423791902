"""Move to another reseller: a customer, with all it holds, is another reseller's from a day on.

Its subscriptions are billed no more in the old context from that day (as a cancellation, by the
connection's rule) and are Not Mapped in the new one. Each context sees its own part: the old one
that they left, the new one that they came; what happened before stays with the CSP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.identity.resellers import get_reseller, require_csp
from tallystick.identity.roles import Right
from tallystick.kit.days import in_words
from tallystick.kit.problem import InvalidInput, NotFound
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.mappings.leave import forget_customer, leave, refuse_moving
from tallystick.operations.finish import Asked, Change, write
from tallystick.subscriptions.models import Customer, Subscription
from tallystick.subscriptions.queries import view_of
from tallystick.subscriptions.rules import read_effective_day

CSP = "the CSP itself"


@dataclass(frozen=True, slots=True)
class Moved:
    """``recorded``: by subscription, the ended ones too."""

    customer: str
    left: str
    to: str
    on: date
    recorded: Mapping[int, Recorded]


def move_to_reseller(
    *,
    customer_id: int,
    reseller_id: int | None,
    effective_on: object = None,
    today: date,
    asked: Asked,
) -> Moved:
    """``reseller_id`` None: the CSP sells to it itself.

    Raises NotAllowed, NotFound, InvalidInput, Conflicting; then nothing is stored.
    """
    context = asked.context
    context.require(Right.ADMINISTER)
    require_csp(context)
    day = read_effective_day(effective_on, today=today)
    if day > today:
        raise InvalidInput.one("effective_on", "is still to come: record the move on its day")
    to = get_reseller(context, reseller_id).name if reseller_id is not None else CSP
    with transaction.atomic():
        customer = (
            Customer.objects.select_for_update(no_key=True)
            .filter(tenant_id=context.tenant_id, pk=customer_id)
            .first()
        )
        if customer is None:
            raise NotFound("There is no such customer. Nothing was changed.")
        if customer.reseller_id == reseller_id:
            words = f"is where it is: {customer.name} belongs to {to}"
            raise InvalidInput.one("reseller_id", words)
        before = customer.reseller_id
        left = get_reseller(context, before).name if before is not None else CSP
        rows = (
            Subscription.objects.select_for_update(of=("self",), no_key=True)
            .select_related("customer", "offer")
            .filter(customer=customer)
            .order_by("pk")
        )
        recorded = {row.pk: _move(row, reseller_id, day, asked) for row in rows}
        customer.reseller_id = reseller_id
        customer.save(update_fields=["reseller_id"])
        forget_customer(customer.pk)
        _note(customer, before, left, to, day, asked)
    return Moved(customer.name, left, to, day, recorded)


def _move(row: Subscription, reseller_id: int | None, day: date, asked: Asked) -> Recorded:
    """One of them: the operation in the old context, then the new one's."""
    refuse_moving(row.pk)
    view = view_of(row)
    since = max(day, row.starts_on)
    change = Change(
        kind=OperationKind.MOVE_TO_RESELLER,
        event=Event.MOVE_SUBSCRIPTION,
        before={"quantity": view.quantity},
        after={"quantity": view.quantity},
        effective_on=since,
        # What it is sold for, and costs the seller, is the earlier seller's own.
        fields={
            "unit_price": None,
            "unit_cost": None,
            "price_currency": "",
            "cost_currency": "",
        },
        summary=f"{view.name} is another reseller's from {in_words(since)}",
    )
    origin = replace(asked.origin, source_id=_once(asked.origin.source_id, row.pk))
    recorded = write(row, view, change, asked=replace(asked, origin=origin))
    leave(row.pk, on=since, now=asked.now)
    row.reseller_id, row.others_until = reseller_id, recorded.sequence
    row.save(update_fields=["reseller_id", "others_until"])
    record(
        Event.RECEIVE_SUBSCRIPTION,
        actor=asked.context.actor,
        now=asked.now,
        subject=replace(view.subject(), reseller_id=reseller_id),
        correlation_id=asked.correlation_id,
        summary=f"{view.name} is yours from {in_words(since)}, and not mapped yet",
    )
    return recorded


def _once(source_id: str | None, subscription_id: int) -> str | None:
    return None if source_id is None else f"{source_id}/{subscription_id}"


def _note(
    customer: Customer, before: int | None, left: str, to: str, day: date, asked: Asked
) -> None:
    """Both names are for the CSP alone."""
    record(
        Event.MOVE_CUSTOMER,
        actor=asked.context.actor,
        now=asked.now,
        subject=Subject(
            tenant_id=customer.tenant_id,
            customer_id=customer.pk,
            customer_name=customer.name,
        ),
        correlation_id=asked.correlation_id,
        summary=f"{customer.name} moves from {left} to {to} from {in_words(day)}",
        details={"before": before, "after": customer.reseller_id},
    )
