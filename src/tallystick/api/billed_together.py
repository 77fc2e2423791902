"""Several subscriptions billed together on one line of a contract, and apart again."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from tallystick.api.auth import MAP, caller, stores_nothing
from tallystick.api.preview import preview_of
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_mappings import MappingOut
from tallystick.api.schemas_operations import PreviewOut
from tallystick.api.schemas_places import ApartIn, TogetherIn
from tallystick.ledger.record import Recorded
from tallystick.mappings.rows import mapping_row, subscription_row
from tallystick.operations.bill_together import bill_apart, bill_together
from tallystick.operations.finish import Asked

router = Router(tags=["Mappings"])
_ONE = "/connections/{int:connection_id}/subscription-mappings/{int:subscription_id}"


@router.post(
    f"{_ONE}/together",
    auth=MAP,
    response={**answers(201, MappingOut), 200: PreviewOut},
    summary="Bill a subscription together with another one",
)
def together(
    request: HttpRequest,
    connection_id: int,
    subscription_id: int,
    body: TogetherIn,
    preview: bool = False,
) -> Status[MappingOut | PreviewOut]:
    """From that day on the line of the other one shows what all of them have. They share what
    waits there: when one stops, all of them stop, and a price of one is recorded for all.
    ``?preview=true`` stores nothing and says what the line would get.

    409 when it is mapped already, and with what they differ in: customer, offer, price, cost,
    policies.
    """
    no_other(request, {"preview"})
    who = caller(request)

    def record(asked: Asked) -> Recorded:
        return bill_together(
            subscription_id=subscription_id,
            connection_id=connection_id,
            with_id=body.with_subscription,
            effective_on=body.effective_on,
            today=who.today,
            asked=asked,
        ).recorded

    if preview:
        stores_nothing(request)
        return Status(200, preview_of(record, subscription_id, caller=who))
    record(who.asked())
    row = mapping_row(who.context, connection_id, subscription_id, now=who.now)
    return Status(201, MappingOut.of(row))


@router.post(
    f"{_ONE}/apart",
    auth=MAP,
    response={**answers(201, MappingOut), 200: PreviewOut},
    summary="Bill a subscription apart from those on its line",
)
def apart(
    request: HttpRequest,
    connection_id: int,
    subscription_id: int,
    body: ApartIn,
    preview: bool = False,
) -> Status[MappingOut | PreviewOut]:
    """From that day on the line shows what the others have; this one is Not Mapped, with no
    `place`. ``?preview=true`` stores nothing. 409 when nothing else is billed on its line."""
    no_other(request, {"preview"})
    who = caller(request)

    def record(asked: Asked) -> Recorded:
        return bill_apart(
            subscription_id=subscription_id,
            connection_id=connection_id,
            effective_on=body.effective_on,
            today=who.today,
            asked=asked,
        )

    if preview:
        stores_nothing(request)
        return Status(200, preview_of(record, subscription_id, caller=who))
    record(who.asked())
    row = subscription_row(who.context, subscription_id, now=who.now)
    return Status(201, MappingOut.of(row))
