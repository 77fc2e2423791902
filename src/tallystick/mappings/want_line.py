"""A subscription whose new offer no line bills yet: look for the line again, or choose it."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import SYSTEM, record
from tallystick.connections.queries import get_connection, subject_on
from tallystick.identity.context import Context
from tallystick.identity.roles import Right, Role
from tallystick.kit.days import in_words
from tallystick.kit.problem import NotFound
from tallystick.mappings.fit import Fit, fit
from tallystick.mappings.hold import hold_line, hold_names, hold_subscription
from tallystick.mappings.map_subscription import (
    Place,
    fields_of,
    line_is_taken,
    taken_lines,
)
from tallystick.mappings.models import LineWanted, NextPlace, SubscriptionMapping
from tallystick.mappings.places import check_place
from tallystick.subscriptions.queries import views_by_id


def find_wanted(lane_id: int) -> Fit | None:
    """Look once more on the directory's copy; the only line that fits is kept as its place.

    None: this lane wants no line (it is not mapped any more). Harmless to call twice at once.
    """
    with transaction.atomic():
        wanted = LineWanted.objects.select_for_update(no_key=True).filter(lane_id=lane_id).first()
        if wanted is None:
            return None
        view = views_by_id([wanted.subscription_id])[wanted.subscription_id]
        mapping = SubscriptionMapping.objects.get(subscription_id=view.id)
        anybody = Context(wanted.tenant_id, None, Role.OPERATOR, SYSTEM)
        found = fit(
            anybody,
            wanted.connection_id,
            view,
            from_on=wanted.begins_on,
            left=mapping.contract_id,
        )
        if found.place is not None:
            _keep(wanted, found.place)
        return found


def choose_wanted(
    subscription_id: int,
    connection_id: int,
    *,
    contract_id: int,
    line_id: int | None,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> None:
    """A person says which line bills the new offer. Nothing is sent: Sync asks for that.

    Raises NotAllowed, NotFound, Conflicting, InvalidInput.
    """
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    with transaction.atomic():
        view = hold_subscription(context, subscription_id)
        wanted = (
            LineWanted.objects.select_for_update(no_key=True)
            .filter(subscription_id=view.id, connection_id=connection.id)
            .first()
        )
        if wanted is None:
            raise NotFound("No line is to be chosen for it here.")
        hold_names(connection.id, view)
        place = check_place(
            context,
            connection.id,
            view.id,
            contract_id=contract_id,
            line_id=line_id,
            from_on=wanted.begins_on,
        )
        _keep(wanted, place)
        record(
            Event.CHOOSE_NEXT_LINE,
            actor=context.actor,
            now=now,
            subject=subject_on(view.subject(), connection),
            correlation_id=correlation_id,
            summary=f"{view.offer.label()} is billed by {place.contract_name} / "
            f"{place.service_name} from {in_words(wanted.begins_on)}",
            details={"contract_id": place.contract_id, "line_id": place.line_id},
        )


def wanted_since(subscription_id: int, connection_id: int) -> date | None:
    """From which day a line is wanted for it; None: none is."""
    rows = LineWanted.objects.filter(subscription_id=subscription_id, connection_id=connection_id)
    return rows.values_list("begins_on", flat=True).first()


def _keep(wanted: LineWanted, place: Place) -> None:
    """Raises Conflicting when somebody has taken the line meanwhile."""
    if place.line_id is not None:
        hold_line(wanted.connection_id, place.line_id)
        if taken_lines(wanted.connection_id, [place.line_id]):
            raise line_is_taken()
    NextPlace.objects.create(
        tenant_id=wanted.tenant_id,
        connection_id=wanted.connection_id,
        subscription_id=wanted.subscription_id,
        lane_id=wanted.lane_id,
        begins_on=wanted.begins_on,
        begins_at=wanted.begins_at,
        asked_by=wanted.asked_by,
        created_at=wanted.created_at,
        **fields_of(place),
    )
    wanted.delete()
