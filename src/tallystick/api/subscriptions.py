"""Customers, offers and subscriptions."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import OPERATE, READ, caller
from tallystick.api.bring_up_to_date import bring_up_to_date, in_order
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import PageOut, checked
from tallystick.api.schemas_subscriptions import (
    CustomerIn,
    CustomerOut,
    OfferIn,
    OfferOut,
    Search,
    SubscriptionAsIs,
    SubscriptionFilter,
    SubscriptionIn,
    SubscriptionOut,
)
from tallystick.catalog.add_offer import OfferFacts, add_offer
from tallystick.catalog.queries import get_offer, list_offers
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.operations.purchase import purchase
from tallystick.subscriptions.add_customer import add_customer
from tallystick.subscriptions.queries import (
    get_subscription,
    list_customers,
    list_subscriptions,
)

router = Router(tags=["Subscriptions"])
# What the room calls the fields of a customer, and what they are called here.
_CUSTOMER_FIELDS = {"customer_name": "name", "customer_id": "external_id"}


@router.get("/customers", auth=READ, response=answers(200, PageOut[CustomerOut]))
def customers(request: HttpRequest, asked: Query[Search]) -> PageOut[CustomerOut]:
    """By name."""
    no_other(request, Search)
    page = list_customers(
        caller(request).context,
        search=asked.search,
        cursor=checked(asked.cursor, str, int),
        limit=asked.limit,
    )
    items = [
        CustomerOut(id=one.id, name=one.name, external_id=one.external_id) for one in page.items
    ]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.post(
    "/customers",
    auth=OPERATE,
    response={**answers(201, CustomerOut), 200: CustomerOut},
    summary="Add a customer",
)
def add_a_customer(request: HttpRequest, body: CustomerIn) -> Status[CustomerOut]:
    """200 when it is there already; its name is brought up to date."""
    who = caller(request)
    try:
        customer_id, new = add_customer(
            name=body.name,
            external_id=body.external_id,
            context=who.context,
            now=who.now,
            correlation_id=who.correlation_id,
        )
    except InvalidInput as problem:
        raise InvalidInput(
            [FieldError(_CUSTOMER_FIELDS.get(e.field, e.field), e.message) for e in problem.errors]
        ) from None
    out = CustomerOut(id=customer_id, name=body.name.strip(), external_id=body.external_id.strip())
    return Status(201 if new else 200, out)


@router.get("/offers", auth=READ, response=answers(200, PageOut[OfferOut]))
def offers(request: HttpRequest, asked: Query[Search]) -> PageOut[OfferOut]:
    """In the order they were added."""
    no_other(request, Search)
    page = list_offers(
        tenant_id=caller(request).context.tenant_id,
        search=asked.search,
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
    )
    items = [OfferOut.of(offer_id, facts) for offer_id, facts in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.post(
    "/offers",
    auth=OPERATE,
    response={**answers(201, OfferOut), 200: OfferOut},
    summary="Add an offer",
)
def add_an_offer(request: HttpRequest, body: OfferIn) -> Status[OfferOut]:
    """200 when it is there already, 409 when it is there with another name or kind."""
    who = caller(request)
    offer_id, new = add_offer(
        OfferFacts(**body.model_dump()),
        tenant_id=who.context.tenant_id,
        actor=who.context.actor,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    facts = get_offer(tenant_id=who.context.tenant_id, offer_id=offer_id)
    return Status(201 if new else 200, OfferOut.of(offer_id, facts))


@router.get("/subscriptions", auth=READ, response=answers(200, PageOut[SubscriptionOut]))
def subscriptions(
    request: HttpRequest, asked: Query[SubscriptionFilter]
) -> PageOut[SubscriptionOut]:
    """By customer name, then in the order they were recorded."""
    no_other(request, SubscriptionFilter)
    page = list_subscriptions(
        caller(request).context,
        search=asked.search,
        status=asked.status,
        customer_id=asked.customer,
        cursor=checked(asked.cursor, str, int),
        limit=asked.limit,
    )
    items = [SubscriptionOut.of(view) for view in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.get(
    "/subscriptions/{int:subscription_id}", auth=READ, response=answers(200, SubscriptionOut)
)
def subscription(request: HttpRequest, subscription_id: int) -> SubscriptionOut:
    return SubscriptionOut.of(get_subscription(caller(request).context, subscription_id))


@router.post(
    "/subscriptions",
    auth=OPERATE,
    response=answers(201, SubscriptionOut),
    summary="Record a purchase",
)
def record_a_purchase(request: HttpRequest, body: SubscriptionIn) -> Status[SubscriptionOut]:
    """It is billed once it is mapped. 409 when the provider's id is recorded already."""
    who = caller(request)
    subscription_id, _ = purchase(in_order(body), asked=who.asked())
    return Status(201, SubscriptionOut.of(get_subscription(who.context, subscription_id)))


@router.put(
    "/subscriptions/by-provider-id/{provider_id}",
    auth=OPERATE,
    response={**answers(200, SubscriptionOut), 201: SubscriptionOut},
    summary="Create or bring up to date",
)
def put_subscription(
    request: HttpRequest, provider_id: str, body: SubscriptionAsIs
) -> Status[SubscriptionOut]:
    """Records a purchase, or the operations that lead to what was sent: none when it is so."""
    who = caller(request)
    subscription_id, new = bring_up_to_date(provider_id, body, caller=who)
    out = SubscriptionOut.of(get_subscription(who.context, subscription_id))
    return Status(201 if new else 200, out)
