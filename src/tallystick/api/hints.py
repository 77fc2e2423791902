"""Webhooks of the sources that we read: a proved call makes us look, and states nothing."""

from __future__ import annotations

from typing import Final

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.security.base import AuthBase

from tallystick.api.queries import answers, no_other
from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.source_clients import listener_of
from tallystick.sources.hints.hear import hear
from tallystick.sources.hints.hinted import MOST_BYTES, Call
from tallystick.sources.jobs import read_soon

router = Router(tags=["Sources"])
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


class HeardOut(Schema):
    """It was heard; the source is read soon. What it said is not believed."""

    heard: bool


class Proved(AuthBase):
    """As the source whose address it is proves its calls: Microsoft's signature, Pax8's header."""

    openapi_type = "apiKey"
    openapi_in = "header"
    openapi_name = "x-ms-signature"

    def __call__(self, request: HttpRequest) -> bool | None:
        said = str(request.META.get("CONTENT_LENGTH") or "0")
        if said.isascii() and said.isdigit() and int(said) > MOST_BYTES:
            raise RequestDataTooBig
        match = request.resolver_match
        hook = str(match.kwargs["hook"]) if match else ""
        headers = {name.lower(): value for name, value in request.headers.items()}
        heard = hear(
            hook,
            Call(headers, request.body),
            listener_of=listener_of,
            read_soon=read_soon,
            now=desk().now(),
        )
        return heard or None


@router.post(
    "/hints/for/{str:hook}",
    auth=Proved(),
    response=answers(202, HeardOut),
    summary="Say that something changed",
    openapi_extra=_BODY,
    url_name="hint",
)
def hint(request: HttpRequest, hook: str) -> Status[HeardOut]:  # noqa: ARG001 - heard by Proved
    """Called by Partner Center and Pax8. The source is read within a minute; nothing is recorded
    of what the call says, and a call that is repeated changes nothing."""
    no_other(request, set())
    return Status(202, HeardOut(heard=True))
