"""Sources: where subscriptions and their changes come from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import CONNECT, READ, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import PageOut, Paging, checked
from tallystick.api.schemas_sources import AddedOut, SourceIn, SourceOut
from tallystick.api.schemas_yields import NotMatchedOut
from tallystick.sources.add_source import add_events_source
from tallystick.sources.source_queries import get_source, page_sources

router = Router(tags=["Sources"])


@router.get("/sources", auth=READ, response=answers(200, PageOut[SourceOut]), summary="Sources")
def sources(request: HttpRequest, asked: Query[Paging]) -> PageOut[SourceOut]:
    """By name, with how each stands, what it brought and what became of it."""
    no_other(request, Paging)
    who = caller(request)
    page = page_sources(
        who.context, cursor=checked(asked.cursor, str, int), limit=asked.limit, now=who.now
    )
    return PageOut(items=[SourceOut.of(view) for view in page.items], next_cursor=page.next_cursor)


@router.post("/sources", auth=CONNECT, response=answers(201, AddedOut), summary="Add a source")
def add(request: HttpRequest, body: SourceIn) -> Status[AddedOut]:
    """One that sends events and snapshots. Its token and signing secret are shown once."""
    who = caller(request)
    added = add_events_source(
        name=body.name,
        uri=body.uri,
        context=who.context,
        keys=settings.SEALING_KEYS,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return Status(201, AddedOut.of(added, get_source(who.context, added.source_id, now=who.now)))


@router.get(
    "/sources/{int:source_id}", auth=READ, response=answers(200, SourceOut), summary="One source"
)
def source(request: HttpRequest, source_id: int) -> SourceOut:
    no_other(request, set())
    who = caller(request)
    return SourceOut.of(get_source(who.context, source_id, now=who.now))


@router.get(
    "/sources/{int:source_id}/unmatched",
    auth=READ,
    response=answers(200, NotMatchedOut),
    summary="What a source shows that is not matched",
    url_name="unmatched-of-source",
)
def unmatched(request: HttpRequest, source_id: int) -> NotMatchedOut:
    """Each is left as it is here until it can be matched."""
    no_other(request, set())
    who = caller(request)
    return NotMatchedOut.of(get_source(who.context, source_id, now=who.now).not_matched)
