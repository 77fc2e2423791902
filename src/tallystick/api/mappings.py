"""Our nouns to Autotask's: customers, offers, subscriptions."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import MAP, READ, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import PageOut, checked
from tallystick.api.schemas_mappings import (
    CompanyIn,
    CustomerMappingOut,
    MappingFilter,
    MappingOut,
    OfferMappingOut,
    PlaceIn,
    ServiceIn,
)
from tallystick.connections.queries import get_connection
from tallystick.kit.problem import InvalidInput
from tallystick.mappings.map_names import map_customer, map_offer
from tallystick.mappings.map_subscription import Place, map_subscription, unmap_subscription
from tallystick.mappings.rows import list_mappings, mapping_row
from tallystick.operations.map_existing import map_existing

router = Router(tags=["Mappings"])
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
    "/connections/{int:connection_id}/customer-mappings/{int:customer_id}",
    auth=MAP,
    response=answers(201, CustomerMappingOut),
    summary="Map a customer to a company",
)
def put_customer_mapping(
    request: HttpRequest, connection_id: int, customer_id: int, body: CompanyIn
) -> Status[CustomerMappingOut]:
    """One to one: 409 when either is mapped on this connection already."""
    who = caller(request)
    map_customer(
        customer_id,
        connection_id,
        company_id=body.company_id,
        company_name=body.company_name,
        context=who.context,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    out = CustomerMappingOut(
        customer_id=customer_id,
        connection_id=connection_id,
        company_id=body.company_id,
        company_name=body.company_name,
    )
    return Status(201, out)


@router.put(
    "/connections/{int:connection_id}/offer-mappings/{int:offer_id}",
    auth=MAP,
    response=answers(201, OfferMappingOut),
    summary="Map an offer to a service",
)
def put_offer_mapping(
    request: HttpRequest, connection_id: int, offer_id: int, body: ServiceIn
) -> Status[OfferMappingOut]:
    """One to one: 409 when either is mapped on this connection already."""
    who = caller(request)
    map_offer(
        offer_id,
        connection_id,
        service_id=body.service_id,
        service_name=body.service_name,
        context=who.context,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    out = OfferMappingOut(
        offer_id=offer_id,
        connection_id=connection_id,
        service_id=body.service_id,
        service_name=body.service_name,
    )
    return Status(201, out)


@router.put(
    _ONE, auth=MAP, response=answers(201, MappingOut), summary="Map a subscription to a line"
)
def put_subscription_mapping(
    request: HttpRequest, connection_id: int, subscription_id: int, body: PlaceIn
) -> Status[MappingOut]:
    """409 when it is mapped already, or the line is another subscription's."""
    who = caller(request)
    place = _place(body)
    if body.first_sync == "bring":
        map_existing(
            subscription_id=subscription_id,
            connection_id=connection_id,
            place=place,
            effective_on=body.effective_on,
            today=who.today,
            asked=who.asked(),
        )
    else:
        map_subscription(
            subscription_id,
            connection_id,
            place,
            context=who.context,
            now=who.now,
            correlation_id=who.correlation_id,
        )
    row = mapping_row(who.context, connection_id, subscription_id, now=who.now)
    return Status(201, MappingOut.of(row))


def _place(body: PlaceIn) -> Place:
    if body.line == "use" and body.contract_service_id is None:
        raise InvalidInput.one("contract_service_id", "is needed to use a line that is there")
    if body.line == "own" and body.contract_service_id is not None:
        raise InvalidInput.one("contract_service_id", "must be left out for a line of its own")
    return Place(
        company_id=body.company_id,
        company_name=body.company_name,
        contract_id=body.contract_id,
        contract_name=body.contract_name,
        service_id=body.service_id,
        service_name=body.service_name,
        line_id=body.contract_service_id,
    )


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
