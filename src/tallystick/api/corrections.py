"""Guided correction: what was sent and took effect, and the opposite of one of them."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from tallystick.api.auth import READ, RESOLVE, Caller, caller, stores_nothing
from tallystick.api.preview import preview_of
from tallystick.api.queries import answers
from tallystick.api.schemas_drift import CorrectIn, SentOut
from tallystick.api.schemas_operations import OperationOut, PreviewOut
from tallystick.connections.queries import told_of
from tallystick.kit.problem import NotFound
from tallystick.ledger.queries import get_operation
from tallystick.ledger.record import Recorded
from tallystick.operations.correct import correct, correctable
from tallystick.operations.finish import Asked

router = Router(tags=["Drift"])
_OF = "/subscriptions/{int:subscription_id}/corrections"


@router.get(_OF, auth=READ, response=answers(200, list[SentOut]), summary="What may be corrected")
def corrections(request: HttpRequest, subscription_id: int) -> list[SentOut]:
    """Every change that took effect at a line that bills it now, newest first."""
    return [SentOut.of(one) for one in correctable(caller(request).context, subscription_id)]


@router.post(
    _OF,
    auth=RESOLVE,
    response=answers(201, OperationOut),
    summary="Send the opposite of a change",
)
def correct_a_change(
    request: HttpRequest, subscription_id: int, body: CorrectIn
) -> Status[OperationOut]:
    """Recorded like every operation, sent once, read back; both attempts are linked."""
    who = caller(request)
    done = _record(who, subscription_id, body, who.asked())
    found = get_operation(done.operation_id, told_of=told_of(who.context))
    if found is None:
        raise NotFound("There is no such operation.")
    return Status(201, OperationOut.of(found))


@router.post(
    f"{_OF}/preview",
    auth=RESOLVE,
    response=answers(200, PreviewOut),
    summary="What a correction would send",
    url_name="preview-correction",
)
def preview_a_correction(request: HttpRequest, subscription_id: int, body: CorrectIn) -> PreviewOut:
    """Stores nothing."""
    stores_nothing(request)
    who = caller(request)
    _known(who, subscription_id, body)
    return preview_of(
        lambda asked: _record(who, subscription_id, body, asked), subscription_id, caller=who
    )


def _known(who: Caller, subscription_id: int, body: CorrectIn) -> None:
    """Raises NotFound."""
    ids = {one.sent.attempt_id for one in correctable(who.context, subscription_id)}
    if body.attempt_id not in ids:
        raise NotFound("Nothing of this number was sent for this subscription and took effect.")


def _record(who: Caller, subscription_id: int, body: CorrectIn, asked: Asked) -> Recorded:
    _known(who, subscription_id, body)
    return correct(body.attempt_id, reason=body.reason, effective_on=body.effective_on, asked=asked)
