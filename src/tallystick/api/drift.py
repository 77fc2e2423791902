"""Drift: what differs, compare now, and decide; each decision a right of its own."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import READ, RESOLVE, SYNC, Caller, caller, stores_nothing
from tallystick.api.preview import preview_of
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_drift import (
    ComparingOut,
    DecidedManyOut,
    DecideIn,
    DecideManyIn,
    DriftFilter,
    DriftOut,
    LookIn,
    RefusedOut,
)
from tallystick.api.schemas_kit import PageOut, checked
from tallystick.api.schemas_operations import PreviewOut
from tallystick.bootstrap.desk import desk
from tallystick.connections.queries import get_connection
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.mappings.drift_rows import get_drift, list_drifts
from tallystick.operations.decide_drift import Decision, How, decide_drift, decide_many
from tallystick.operations.restore_ours import restore_ours
from tallystick.sync.look_now import look_now

router = Router(tags=["Drift"])


@router.get("/drift", auth=READ, response=answers(200, PageOut[DriftOut]), summary="What differs")
def drifts(request: HttpRequest, asked: Query[DriftFilter]) -> PageOut[DriftOut]:
    """Of all mapped lines, most money a month first. ``state=agreed``: what is silent because of a
    decision."""
    no_other(request, DriftFilter)
    return _page(caller(request), asked, asked.connection)


@router.get(
    "/connections/{int:connection_id}/drift",
    auth=READ,
    response=answers(200, PageOut[DriftOut]),
    summary="What differs on a connection",
)
def drifts_of_connection(
    request: HttpRequest, connection_id: int, asked: Query[DriftFilter]
) -> PageOut[DriftOut]:
    no_other(request, DriftFilter)
    who = caller(request)
    return _page(who, asked, get_connection(who.context, connection_id).id)


@router.get("/drift/{int:drift_id}", auth=READ, response=answers(200, DriftOut))
def drift(request: HttpRequest, drift_id: int) -> DriftOut:
    """Open or not, with what was decided about it."""
    who = caller(request)
    return DriftOut.of(get_drift(who.context, drift_id, now=who.now))


@router.post(
    "/drift/{int:drift_id}/decide",
    auth=RESOLVE,
    response=answers(200, DriftOut),
    summary="Decide on a difference",
)
def decide(request: HttpRequest, drift_id: int, body: DecideIn) -> DriftOut:
    """409 when it is not what Autotask shows any more. See first: ``/drift/{id}/preview``."""
    who = caller(request)
    decision = Decision(
        how=How(body.how),
        reason=body.reason,
        until=body.until,
        effective_on=body.effective_on,
        record_quantity=body.record_quantity,
    )
    decide_drift(drift_id, decision, today=who.today, asked=who.asked())
    return DriftOut.of(get_drift(who.context, drift_id, now=who.now))


@router.post(
    "/drift/{int:drift_id}/preview",
    auth=RESOLVE,
    response=answers(200, PreviewOut),
    summary="What restoring ours would send",
    url_name="preview-drift",
)
def preview(request: HttpRequest, drift_id: int, body: DecideIn) -> PreviewOut:
    """Stores nothing. Keeping Autotask's and agreeing to it send nothing: 422."""
    stores_nothing(request)
    who = caller(request)
    if body.how != How.RESTORE.value:
        raise InvalidInput.one("how", "sends nothing: only restore can be looked at before")
    found = get_drift(who.context, drift_id, now=who.now)
    return preview_of(
        lambda asked: restore_ours(
            drift_id, reason=body.reason, effective_on=body.effective_on, asked=asked
        ),
        found.row.subscription.id,
        caller=who,
    )


@router.post(
    "/drift/decide",
    auth=RESOLVE,
    response=answers(200, DecidedManyOut),
    summary="Decide on many differences",
    url_name="decide-many-drifts",
)
def decide_on_many(request: HttpRequest, body: DecideManyIn) -> DecidedManyOut:
    """With one reason. What could not be decided on so is named, and left as it is."""
    who = caller(request)
    decision = Decision(how=How(body.how), reason=body.reason, until=body.until)
    done = decide_many(body.drifts, decision, today=who.today, asked=who.asked())
    return DecidedManyOut(
        decided=list(done.decided),
        refused=[RefusedOut(drift_id=one.drift_id, because=one.because) for one in done.refused],
    )


@router.post(
    "/connections/{int:connection_id}/sweep",
    auth=SYNC,
    response=answers(202, ComparingOut),
    summary="Compare lines with Autotask now",
)
def sweep(request: HttpRequest, connection_id: int, body: LookIn) -> Status[ComparingOut]:
    """In the background; nothing is sent. What differs is in the list of drift afterwards."""
    who = caller(request)
    chosen = [body.subscriptions is not None, body.customer is not None, body.all]
    if sum(chosen) != 1:
        message = "exactly one of subscriptions, customer and all must be given"
        raise InvalidInput(
            [FieldError(name, message) for name in ("subscriptions", "customer", "all")]
        )
    lines = look_now(
        connection_id,
        subscription_ids=body.subscriptions,
        customer_id=body.customer,
        context=who.context,
        now=who.now,
        start=desk().look,
        correlation_id=who.correlation_id,
    )
    return Status(202, ComparingOut(lines=lines))


def _page(who: Caller, asked: DriftFilter, connection_id: int | None) -> PageOut[DriftOut]:
    page = list_drifts(
        who.context,
        now=who.now,
        connection_id=connection_id,
        customer_id=asked.customer,
        state=asked.state,
        search=asked.search,
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
    )
    return PageOut(items=[DriftOut.of(one) for one in page.items], next_cursor=page.next_cursor)
