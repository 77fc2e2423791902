"""Events that other systems tell: CloudEvents 1.0, single or up to 500, each answered by itself.

Who tells is proved by the token of a source, or by a Standard Webhooks signature over the body at
the source's own address. What is wrong with one event does not touch the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from ninja import Query, Router, Status
from ninja.security.base import AuthBase

from tallystick.api.auth import READ, RESOLVE, TELL, caller
from tallystick.api.correlation import correlation_of
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import PageOut, checked
from tallystick.api.schemas_sources import (
    DecideEventIn,
    EventOut,
    EventsAsked,
    TakenListOut,
    TakenOut,
)
from tallystick.api.strict_json import read_body, sent
from tallystick.bootstrap.desk import desk
from tallystick.identity.context import Context
from tallystick.identity.reach import reach_of, reaching
from tallystick.kit.problem import InvalidInput
from tallystick.sources.hook import signed_by
from tallystick.sources.intake.decide import decide_event
from tallystick.sources.intake.event import NeutralEvent
from tallystick.sources.intake.read_event import read_event
from tallystick.sources.intake.take import take_in
from tallystick.sources.queries import get_event, list_events, source_of_token

router = Router(tags=["Sources"])
MOST_EVENTS = 500
_EVENT: Final = {
    "type": "object",
    "required": ["id", "source", "type", "subject", "time"],
    "properties": {
        "specversion": {"type": "string", "enum": ["1.0"]},
        "id": {"type": "string", "maxLength": 200},
        "source": {"type": "string", "maxLength": 200},
        "type": {"type": "string", "examples": ["subscription.quantity_changed"]},
        "subject": {"type": "string", "maxLength": 100},
        "time": {"type": "string", "format": "date-time"},
        "sequence": {"type": "string", "examples": ["0000000042"]},
        "data": {"type": "object"},
    },
}
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/cloudevents+json": {"schema": _EVENT},
            "application/cloudevents-batch+json": {
                "schema": {"type": "array", "maxItems": MOST_EVENTS, "items": _EVENT}
            },
        },
    }
}


class Signed(AuthBase):
    """A Standard Webhooks signature of the source whose address it is; the body is read after."""

    openapi_type = "apiKey"
    openapi_in = "header"
    openapi_name = "webhook-signature"

    def __call__(self, request: HttpRequest) -> tuple[int, str, Context] | None:
        match = request.resolver_match
        hook = str(match.kwargs["hook"]) if match else ""
        headers = {name.lower(): value for name, value in request.headers.items()}
        now = desk().now()
        return signed_by(hook, headers, request.body, keys=settings.SEALING_KEYS, now=now)


@router.post(
    "/events",
    auth=TELL,
    response=answers(202, TakenListOut),
    summary="Tell what happened",
    openapi_extra=_BODY,
    url_name="tell-events",
)
def tell(request: HttpRequest) -> Status[TakenListOut]:
    """One event, or a list of up to 500. Each is answered in its place.

    `accepted`: recorded, or so already. `duplicate`: told before. `conflict`: the id was told with
    another content. `late`: older than what is recorded. `gap`: one before it is missing.
    `unmapped`: its subscription is not known here yet. `unapplied`: there is no operation for it.
    `rejected`: it is wrong, or was refused. What changes is in `data.after`: totals, never
    differences.
    """
    no_other(request, set())
    who = caller(request)
    source_id, uri = source_of_token(who.token_id)
    return Status(202, _take(request, source_id, uri, who.context))


@router.post(
    "/events/for/{str:hook}",
    auth=Signed(),
    response=answers(202, TakenListOut),
    summary="Tell what happened, signed",
    openapi_extra=_BODY,
    url_name="tell-signed-events",
)
def tell_signed(request: HttpRequest, hook: str) -> Status[TakenListOut]:  # noqa: ARG001 - read by Signed
    """As `/events`, with a Standard Webhooks signature of the source instead of a token."""
    no_other(request, set())
    source_id, uri, context = request.auth  # type: ignore[attr-defined]  # ninja puts it there
    read_body(request)
    with reaching(reach_of(context)), transaction.atomic(durable=True):
        return Status(202, _take(request, source_id, uri, context))


@router.get("/events", auth=READ, response=answers(200, PageOut[EventOut]), summary="Events")
def events(request: HttpRequest, asked: Query[EventsAsked]) -> PageOut[EventOut]:
    """What was told and what became of it, newest first."""
    no_other(request, EventsAsked)
    page = list_events(
        caller(request).context,
        source_id=asked.source,
        subject=asked.subject,
        answer=asked.answer,
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
    )
    return PageOut(items=[EventOut.of(view) for view in page.items], next_cursor=page.next_cursor)


@router.get(
    "/events/{int:event_id}", auth=READ, response=answers(200, EventOut), summary="One event"
)
def event(request: HttpRequest, event_id: int) -> EventOut:
    no_other(request, set())
    return EventOut.of(get_event(caller(request).context, event_id))


@router.post(
    "/events/{int:event_id}/decide",
    auth=RESOLVE,
    response=answers(200, EventOut),
    summary="Decide on an event that became no operation",
)
def decide(request: HttpRequest, event_id: int, body: DecideEventIn) -> EventOut:
    """`apply` records it now, as a correction; `ignore` leaves it. Both need a reason."""
    who = caller(request)
    decide_event(
        event_id,
        body.how,
        reason=body.reason,
        context=who.context,
        now=who.now,
        wake=desk().wake,
        correlation_id=who.correlation_id,
    )
    return EventOut.of(get_event(who.context, event_id))


def _take(request: HttpRequest, source_id: int, uri: str, context: Context) -> TakenListOut:
    said = sent(request)
    items: Sequence[Any] = said if isinstance(said, list) else [said]
    if said is None or not 1 <= len(items) <= MOST_EVENTS:
        raise InvalidInput.one("body", f"must be one event, or a list of 1 to {MOST_EVENTS}")
    read = [read_event(one, uri=uri) for one in items]
    taken = iter(
        take_in(
            source_id,
            [one for one in read if isinstance(one, NeutralEvent)],
            context=context,
            now=desk().now(),
            wake=desk().wake,
            correlation_id=correlation_of(request),
        )
    )
    return TakenListOut(
        items=[
            TakenOut.of(next(taken))
            if isinstance(one, NeutralEvent)
            else TakenOut.refused(item, one)
            for item, one in zip(items, read, strict=True)
        ]
    )
