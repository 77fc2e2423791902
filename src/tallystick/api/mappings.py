"""Which line of which contract bills which subscription."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import MAP, READ, RESOLVE, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import PageOut, checked
from tallystick.api.schemas_mappings import DealtWithIn, MappingFilter, MappingOut
from tallystick.api.schemas_places import LineIn, LookOut, MappedOut, PlaceIn, PlacesOut
from tallystick.bootstrap.look_before import look_around, look_before
from tallystick.bootstrap.map_many import map_what_is_equal
from tallystick.bootstrap.mapping import map_line
from tallystick.connections.queries import get_connection
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.mappings.not_mapped import not_mapped_ids
from tallystick.mappings.places import places_for
from tallystick.mappings.rows import list_mappings, mapping_row
from tallystick.mappings.with_whom import with_whom
from tallystick.subscriptions.queries import get_subscription
from tallystick.sync.deal_with import deal_with

router = Router(tags=["Mappings"])
MAP_SUBSCRIPTION = "map-subscription"
_ONE = "/connections/{int:connection_id}/subscription-mappings/{int:subscription_id}"


@router.get(
    "/connections/{int:connection_id}/subscription-mappings",
    auth=READ,
    response=answers(200, PageOut[MappingOut]),
)
def subscription_mappings(
    request: HttpRequest, connection_id: int, asked: Query[MappingFilter]
) -> PageOut[MappingOut]:
    """By customer name, each with its badge. What is mapped elsewhere is not listed."""
    no_other(request, MappingFilter)
    who = caller(request)
    page = list_mappings(
        who.context,
        get_connection(who.context, connection_id).id,
        now=who.now,
        search=asked.search,
        badge=asked.badge,
        mapped=asked.mapped,
        cursor=checked(asked.cursor, str, int),
        limit=asked.limit,
    )
    return PageOut(items=[MappingOut.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.get(_ONE, auth=READ, response=answers(200, MappingOut))
def subscription_mapping(
    request: HttpRequest, connection_id: int, subscription_id: int
) -> MappingOut:
    who = caller(request)
    connection = get_connection(who.context, connection_id)
    return MappingOut.of(mapping_row(who.context, connection.id, subscription_id, now=who.now))


@router.put(
    _ONE,
    auth=MAP,
    response=answers(201, MappingOut),
    summary="Map a subscription to a line",
    url_name=MAP_SUBSCRIPTION,
)
def put_subscription_mapping(
    request: HttpRequest, connection_id: int, subscription_id: int, body: PlaceIn
) -> Status[MappingOut]:
    """409 when it is mapped already; 502 when Autotask could not be read to adopt its value."""
    who = caller(request)
    map_line(
        subscription_id,
        connection_id,
        contract_id=body.contract_id,
        line_id=body.line_id(),
        first_sync=body.first_sync,
        effective_on=body.effective_on,
        today=who.today,
        asked=who.asked(),
        seen_units=body.seen_units,
    )
    row = mapping_row(who.context, connection_id, subscription_id, now=who.now)
    return Status(201, MappingOut.of(row))


@router.get(f"{_ONE}/places", auth=READ, response=answers(200, PlacesOut))
def places(request: HttpRequest, connection_id: int, subscription_id: int) -> PlacesOut:
    """The contracts it could be billed by, the lines they have, and the likeliest."""
    who = caller(request)
    view = get_subscription(who.context, subscription_id)
    found = places_for(who.context, connection_id, [view], today=who.today)[view.id]
    return PlacesOut.of(with_whom(who.context, connection_id, view, found))


@router.post(
    f"{_ONE}/look",
    auth=MAP,
    response=answers(200, LookOut),
    summary="Look at a line before mapping",
    url_name=f"{MAP_SUBSCRIPTION}-look",
)
def look(request: HttpRequest, connection_id: int, subscription_id: int, body: LineIn) -> LookOut:
    """Reads the line in Autotask; stores nothing, sends nothing."""
    who = caller(request)
    seen = look_before(
        subscription_id,
        connection_id,
        contract_id=body.contract_id,
        line_id=body.line_id(),
        day=who.today,
        asked=who.asked(),
    )
    around = look_around(subscription_id, connection_id, seen, day=who.today, asked=who.asked())
    return LookOut.of(around)


@router.post(
    "/connections/{int:connection_id}/subscription-mappings/accept",
    auth=MAP,
    response=answers(200, MappedOut),
    summary="Map what is clear and equal",
    url_name=f"{MAP_SUBSCRIPTION}-accept",
)
def accept(request: HttpRequest, connection_id: int) -> MappedOut:
    """Every subscription with one clear line that shows exactly what we have. Sends nothing."""
    who = caller(request)
    ids = not_mapped_ids(who.context, connection_id)
    done = map_what_is_equal(ids, connection_id, today=who.today, asked=who.asked())
    return MappedOut.of(done)


@router.post(
    f"{_ONE}/second-writer/deal-with",
    auth=RESOLVE,
    response=answers(200, MappingOut),
    summary="Say that a second writer is dealt with",
)
def deal_with_second_writer(
    request: HttpRequest, connection_id: int, subscription_id: int, body: DealtWithIn
) -> MappingOut:
    """It is told again only when seen anew. 409 when nothing is open."""
    who = caller(request)
    deal_with(
        subscription_id,
        connection_id,
        reason=body.reason,
        context=who.context,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return MappingOut.of(mapping_row(who.context, connection_id, subscription_id, now=who.now))


@router.delete(_ONE, auth=MAP, response=answers(204, None), summary="Unmap a subscription")
def delete_subscription_mapping(
    request: HttpRequest, connection_id: int, subscription_id: int
) -> Status[None]:
    """409 while anything is not settled. What was billed stays as it is."""
    who = caller(request)
    unmap_subscription(
        subscription_id,
        get_connection(who.context, connection_id).id,
        context=who.context,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return Status(204, None)
