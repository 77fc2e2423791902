"""Map a subscription to a line of a contract, and unmap it. Nothing is sent by mapping alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import IntegrityError, transaction

from tallystick.audit.events import Event
from tallystick.audit.record import record
from tallystick.connections.queries import get_connection
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.record import close_lane, open_lane
from tallystick.ledger.state import SETTLED
from tallystick.mappings.models import SubscriptionMapping
from tallystick.subscriptions.queries import get_subscription


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subscription is billed; ``line_id`` None asks for a line of its own."""

    company_id: int
    company_name: str
    contract_id: int
    contract_name: str
    service_id: int
    service_name: str
    line_id: int | None
    contract_starts_on: date | None = None
    contract_ends_on: date | None = None
    contract_active: bool | None = None
    period_months: int | None = None
    checked_at: datetime | None = None


def map_subscription(
    subscription_id: int,
    connection_id: int,
    place: Place,
    *,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> int:
    """Answer the lane's id. Raises NotFound, NotAllowed, Conflicting."""
    context.require(Right.MAP)
    view = get_subscription(context, subscription_id)
    connection = get_connection(context, connection_id)
    try:
        with transaction.atomic():
            SubscriptionMapping.objects.create(
                tenant_id=view.tenant_id,
                connection_id=connection.id,
                subscription_id=view.id,
                company_id=place.company_id,
                company_name=place.company_name,
                contract_id=place.contract_id,
                contract_name=place.contract_name,
                service_id=place.service_id,
                service_name=place.service_name,
                line_id=place.line_id,
                own_line=place.line_id is None,
                contract_starts_on=place.contract_starts_on,
                contract_ends_on=place.contract_ends_on,
                contract_active=place.contract_active,
                period_months=place.period_months,
                checked_at=place.checked_at,
                created_at=now,
            )
            lane_id = open_lane(
                tenant_id=view.tenant_id,
                subscription_id=view.id,
                connection_id=connection.id,
                now=now,
            )
            record(
                Event.CREATE_SUBSCRIPTION_MAPPING,
                actor=context.actor,
                now=now,
                subject=replace(
                    view.subject(), connection_id=connection.id, connection_name=connection.name
                ),
                correlation_id=correlation_id,
                summary=f"{place.company_name} / {place.contract_name} / {place.service_name}",
                details={
                    "company_id": place.company_id,
                    "contract_id": place.contract_id,
                    "service_id": place.service_id,
                    "line_id": place.line_id,
                },
            )
    except IntegrityError as error:
        raise _taken(error) from error
    return lane_id


def _taken(error: IntegrityError) -> Conflicting:
    if "line_taken_once" in str(error):
        return Conflicting(
            "Another subscription is already billed by this line of the contract. "
            "Nothing was changed. Choose another line, or a line of its own."
        )
    return Conflicting(
        "This subscription is already mapped to a connection. Nothing was changed. "
        "Unmap it there first."
    )


def unmap_subscription(
    subscription_id: int,
    connection_id: int,
    *,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> None:
    """Raises NotFound, NotAllowed, and Conflicting while anything is not settled."""
    context.require(Right.MAP)
    view = get_subscription(context, subscription_id)
    with transaction.atomic():
        mapping = SubscriptionMapping.objects.filter(
            subscription_id=view.id, connection_id=connection_id
        ).first()
        if mapping is None:
            raise NotFound("The subscription is not mapped to this connection.")
        lane = Lane.objects.select_for_update(no_key=True).get(
            subscription_id=view.id, connection_id=connection_id
        )
        unsettled = (
            Delivery.objects.filter(lane=lane)
            .exclude(state__in=[state.value for state in SETTLED])
            .count()
        )
        if unsettled:
            raise Conflicting(
                f"Not settled yet: {unsettled} of this subscription's operations. Nothing was "
                "changed. Sync or decide on them first: they belong to this contract."
            )
        mapping.delete()
        close_lane(lane.pk)
        record(
            Event.DELETE_SUBSCRIPTION_MAPPING,
            actor=context.actor,
            now=now,
            subject=replace(view.subject(), connection_id=connection_id),
            correlation_id=correlation_id,
            details={"contract_id": mapping.contract_id, "line_id": mapping.line_id},
        )
