"""How changes are billed for one customer or one subscription instead of the connection's way."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router

from tallystick.api.auth import CONNECT, READ, Caller, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_policies import PoliciesIn, PoliciesOut, Whose, WhoseOne
from tallystick.connections.override import subject_of
from tallystick.connections.overrides import told
from tallystick.connections.policies import INCLUDED_UNITS, OVERRIDABLE
from tallystick.connections.queries import get_connection
from tallystick.operations.bill_otherwise import Whose as Told
from tallystick.operations.bill_otherwise import bill_otherwise

router = Router(tags=["Policies"])
_ADDRESS = "/connections/{int:connection_id}/policies"


@router.get(
    _ADDRESS, auth=READ, response=answers(200, PoliciesOut), summary="How changes are billed"
)
def policies(request: HttpRequest, connection_id: int, whose: Query[Whose]) -> PoliciesOut:
    """Every policy as it counts for `?customer=` or `?subscription=`, and who says so."""
    no_other(request, Whose)
    return _shown(caller(request), connection_id, whose)


@router.put(
    _ADDRESS,
    auth=CONNECT,
    response=answers(200, PoliciesOut),
    summary="Bill the changes of one otherwise",
)
def put_policies(
    request: HttpRequest, connection_id: int, whose: Query[Whose], body: PoliciesIn
) -> PoliciesOut:
    """All that is given, or nothing. Another number of included units on a line that is compared
    records the operation that brings the line there."""
    no_other(request, Whose)
    changes = body.policies()
    if body.speaks_of_units:
        changes[INCLUDED_UNITS] = body.units()
    return _change(caller(request), connection_id, whose, changes, body)


@router.delete(
    _ADDRESS, auth=CONNECT, response=answers(200, PoliciesOut), summary="Set policies of one back"
)
def delete_policies(
    request: HttpRequest, connection_id: int, whose: Query[WhoseOne]
) -> PoliciesOut:
    """`?policy=`: only that one; else all of them, included units too."""
    no_other(request, WhoseOne)
    units = () if whose.subscription is None else (INCLUDED_UNITS,)
    names = [whose.policy] if whose.policy else [*OVERRIDABLE, *units]
    return _change(caller(request), connection_id, whose, dict.fromkeys(names))


def _change(
    who: Caller,
    connection_id: int,
    whose: Whose,
    changes: dict[str, str | None],
    body: PoliciesIn | None = None,
) -> PoliciesOut:
    done = bill_otherwise(
        connection_id,
        changes,
        whose=Told(whose.customer, whose.subscription),
        effective_on=None if body is None else body.effective_on,
        today=who.today,
        asked=who.asked(),
    )
    operation_id = done.recorded.operation_id if done.recorded else None
    return _shown(who, connection_id, whose, operation_id)


def _shown(
    who: Caller, connection_id: int, whose: Whose, operation_id: int | None = None
) -> PoliciesOut:
    connection = get_connection(who.context, connection_id)
    subject = subject_of(
        who.context, customer_id=whose.customer, subscription_id=whose.subscription
    )
    customer_id = subject.customer_id or 0
    return PoliciesOut.of(
        told(connection, customer_id=customer_id, subscription_id=subject.subscription_id),
        connection_id=connection.id,
        customer_id=customer_id,
        subscription_id=subject.subscription_id,
        operation_id=operation_id,
    )
