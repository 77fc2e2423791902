"""Which company a customer is, and which service an offer."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import MAP, READ, Caller, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import PageOut, checked
from tallystick.api.schemas_names import (
    AcceptedOut,
    AcceptIn,
    CompanyIn,
    CustomerMappingOut,
    ExclusionIn,
    NamesFilter,
    OfferMappingOut,
    ServiceIn,
)
from tallystick.kit.problem import NotFound
from tallystick.mappings.accept import accept_clear
from tallystick.mappings.choose import Chosen, choose_company, choose_service
from tallystick.mappings.customer_rows import customer_row, list_customer_rows
from tallystick.mappings.exclude import exclude, include_again
from tallystick.mappings.kinds import Ours
from tallystick.mappings.map_names import unmap_customer, unmap_offer
from tallystick.mappings.offer_rows import list_offer_rows, offer_row

router = Router(tags=["Mappings"])
_CUSTOMERS = "/connections/{int:connection_id}/customer-mappings"
_CUSTOMER = f"{_CUSTOMERS}/{{int:customer_id}}"
_OFFERS = "/connections/{int:connection_id}/offer-mappings"
_OFFER = f"{_OFFERS}/{{int:offer_id}}"


@router.get(_CUSTOMERS, auth=READ, response=answers(200, PageOut[CustomerMappingOut]))
def customer_mappings(
    request: HttpRequest, connection_id: int, asked: Query[NamesFilter]
) -> PageOut[CustomerMappingOut]:
    """By name, each with what it is, or with a suggestion."""
    no_other(request, NamesFilter)
    page = list_customer_rows(
        caller(request).context,
        connection_id,
        show=asked.show,
        search=asked.search,
        cursor=checked(asked.cursor, str, int),
        limit=asked.limit,
    )
    items = [CustomerMappingOut.of(row) for row in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.put(
    _CUSTOMER,
    auth=MAP,
    response=answers(201, CustomerMappingOut),
    summary="Map a customer to a company",
)
def put_customer_mapping(
    request: HttpRequest, connection_id: int, customer_id: int, body: CompanyIn
) -> Status[CustomerMappingOut]:
    """One to one: 409 when either is mapped on this connection already."""
    who = caller(request)
    choose_company(customer_id, connection_id, body.company_id, by=_by(who))
    return Status(201, _customer(who, connection_id, customer_id))


@router.delete(_CUSTOMER, auth=MAP, response=answers(204, None), summary="Unmap a customer")
def delete_customer_mapping(
    request: HttpRequest, connection_id: int, customer_id: int
) -> Status[None]:
    """409 while subscriptions of it are mapped on this connection."""
    who = caller(request)
    unmap_customer(
        customer_id,
        connection_id,
        context=who.context,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return Status(204, None)


@router.post(
    f"{_CUSTOMERS}/accept",
    auth=MAP,
    response=answers(200, AcceptedOut),
    summary="Accept every clear suggestion",
)
def accept_customer_mappings(
    request: HttpRequest, connection_id: int, body: AcceptIn
) -> AcceptedOut:
    """Each is a mapping of its own, with its own audit log."""
    by = _by(caller(request))
    return AcceptedOut.of(accept_clear(connection_id, at_least=body.at_least, by=by))


@router.put(
    f"{_CUSTOMER}/exclusion",
    auth=MAP,
    response=answers(201, CustomerMappingOut),
    summary="Leave a customer out",
)
def exclude_customer(
    request: HttpRequest, connection_id: int, customer_id: int, body: ExclusionIn
) -> Status[CustomerMappingOut]:
    who = caller(request)
    _exclude(who, Ours.CUSTOMER, customer_id, connection_id, body)
    return Status(201, _customer(who, connection_id, customer_id))


@router.delete(
    f"{_CUSTOMER}/exclusion",
    auth=MAP,
    response=answers(204, None),
    summary="Take a customer back in",
)
def include_customer(request: HttpRequest, connection_id: int, customer_id: int) -> Status[None]:
    _include(caller(request), Ours.CUSTOMER, customer_id, connection_id)
    return Status(204, None)


@router.get(_OFFERS, auth=READ, response=answers(200, PageOut[OfferMappingOut]))
def offer_mappings(
    request: HttpRequest, connection_id: int, asked: Query[NamesFilter]
) -> PageOut[OfferMappingOut]:
    """Offers somebody holds, by name, each with what it is, or with a suggestion."""
    no_other(request, NamesFilter)
    page = list_offer_rows(
        caller(request).context,
        connection_id,
        show=asked.show,
        search=asked.search,
        cursor=checked(asked.cursor, str, int),
        limit=asked.limit,
    )
    items = [OfferMappingOut.of(row) for row in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.put(
    _OFFER,
    auth=MAP,
    response=answers(201, OfferMappingOut),
    summary="Map an offer to a service",
)
def put_offer_mapping(
    request: HttpRequest, connection_id: int, offer_id: int, body: ServiceIn
) -> Status[OfferMappingOut]:
    """The service must be active and of the offer's period. One service, one offer: else 409."""
    who = caller(request)
    choose_service(offer_id, connection_id, body.service_id, by=_by(who))
    return Status(201, _offer(who, connection_id, offer_id))


@router.delete(_OFFER, auth=MAP, response=answers(204, None), summary="Unmap an offer")
def delete_offer_mapping(request: HttpRequest, connection_id: int, offer_id: int) -> Status[None]:
    """409 while subscriptions of it are mapped on this connection."""
    who = caller(request)
    unmap_offer(
        offer_id,
        connection_id,
        context=who.context,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return Status(204, None)


@router.put(
    f"{_OFFER}/exclusion",
    auth=MAP,
    response=answers(201, OfferMappingOut),
    summary="Leave an offer out",
)
def exclude_offer(
    request: HttpRequest, connection_id: int, offer_id: int, body: ExclusionIn
) -> Status[OfferMappingOut]:
    who = caller(request)
    _exclude(who, Ours.OFFER, offer_id, connection_id, body)
    return Status(201, _offer(who, connection_id, offer_id))


@router.delete(
    f"{_OFFER}/exclusion", auth=MAP, response=answers(204, None), summary="Take an offer back in"
)
def include_offer(request: HttpRequest, connection_id: int, offer_id: int) -> Status[None]:
    _include(caller(request), Ours.OFFER, offer_id, connection_id)
    return Status(204, None)


def _by(who: Caller) -> Chosen:
    return Chosen(context=who.context, now=who.now, correlation_id=who.correlation_id)


def _exclude(who: Caller, kind: Ours, ours_id: int, connection_id: int, body: ExclusionIn) -> None:
    exclude(
        kind,
        ours_id,
        connection_id,
        reason=body.reason,
        context=who.context,
        now=who.now,
        correlation_id=who.correlation_id,
    )


def _include(who: Caller, kind: Ours, ours_id: int, connection_id: int) -> None:
    include_again(
        kind,
        ours_id,
        connection_id,
        context=who.context,
        now=who.now,
        correlation_id=who.correlation_id,
    )


def _customer(who: Caller, connection_id: int, customer_id: int) -> CustomerMappingOut:
    row = customer_row(who.context, connection_id, customer_id)
    if row is None:
        raise NotFound("There is no such customer.")
    return CustomerMappingOut.of(row)


def _offer(who: Caller, connection_id: int, offer_id: int) -> OfferMappingOut:
    row = offer_row(who.context, connection_id, offer_id)
    if row is None:
        raise NotFound("Nobody holds this offer.")
    return OfferMappingOut.of(row)
