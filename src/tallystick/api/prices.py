"""Price lists, a subscription's price with its reasons, and what a tenant decides on prices."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import OPERATE, READ, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import Day, PageOut, Paging, checked
from tallystick.api.schemas_prices import (
    PriceFilter,
    PriceImportOut,
    PriceLockIn,
    PriceOut,
    PriceRowOut,
    PriceSettingsIn,
    PriceSettingsOut,
    RateIn,
)
from tallystick.catalog.price_asked import require_csp
from tallystick.catalog.price_queries import list_imports, list_prices
from tallystick.catalog.price_settings import (
    change_price_settings,
    mark_price_lock,
    price_settings,
    state_rate,
)
from tallystick.catalog.priced import PriceSettings
from tallystick.operations.said_price import said_price
from tallystick.subscriptions.pricing import check_day, price_on
from tallystick.subscriptions.queries import get_subscription

router = Router(tags=["Prices"])


@router.get(
    "/subscriptions/{int:subscription_id}/price",
    auth=READ,
    response=answers(200, PriceOut),
    summary="Why is this number?",
)
def subscription_price(
    request: HttpRequest, subscription_id: int, on: Day | None = None
) -> PriceOut:
    """The price on a day (today without one), each part with its rule, its source and its day.

    200 also when there is no price: then ``lacks`` and ``reason`` say why. ``recorded``: what is
    recorded for that day, and who said it.
    """
    no_other(request, {"on"})
    who = caller(request)
    day = check_day(on or who.today, today=who.today)
    view = get_subscription(who.context, subscription_id)
    return PriceOut.of(price_on(who.context, subscription_id, on=day), said_price(view, on=day))


@router.get("/prices", auth=READ, response=answers(200, PageOut[PriceRowOut]))
def prices(request: HttpRequest, asked: Query[PriceFilter]) -> PageOut[PriceRowOut]:
    """The rows of the imported price lists, by name."""
    no_other(request, PriceFilter)
    page = list_prices(
        caller(request).context,
        search=asked.search,
        on=asked.on,
        cursor=checked(asked.cursor, str, int),
        limit=asked.limit,
    )
    items = [PriceRowOut.of(row) for row in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.get("/price-imports", auth=READ, response=answers(200, PageOut[PriceImportOut]))
def price_imports(request: HttpRequest, asked: Query[Paging]) -> PageOut[PriceImportOut]:
    """Newest first."""
    no_other(request, Paging)
    page = list_imports(
        caller(request).context, cursor=checked(asked.cursor, int), limit=asked.limit
    )
    items = [PriceImportOut.of(row) for row in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.get("/price-settings", auth=READ, response=answers(200, PriceSettingsOut))
def get_price_settings(request: HttpRequest) -> PriceSettingsOut:
    who = caller(request)
    require_csp(who.context)
    return _settings(who.context.tenant_id)


@router.put("/price-settings", auth=OPERATE, response=answers(200, PriceSettingsOut))
def put_price_settings(request: HttpRequest, body: PriceSettingsIn) -> PriceSettingsOut:
    """``market``: whose price list counts when there are several, or empty."""
    who = caller(request)
    new = PriceSettings(body.promotion_lowers, body.reservations_over_erp, body.market)
    change_price_settings(new, by=who.by())
    return _settings(who.context.tenant_id)


@router.post("/exchange-rates", auth=OPERATE, response=answers(204, None))
def post_exchange_rate(request: HttpRequest, body: RateIn) -> Status[None]:
    """Used only where a price list has no price in the currency that is asked for."""
    rate = Decimal(body.rate)
    by = caller(request).by()
    state_rate(base=body.base, quote=body.quote, rate=rate, from_on=body.from_on, by=by)
    return Status(204, None)


@router.put("/offers/{int:offer_id}/price-lock", auth=OPERATE, response=answers(204, None))
def put_price_lock(request: HttpRequest, offer_id: int, body: PriceLockIn) -> Status[None]:
    """An offer that is not locked follows the price list day by day."""
    mark_price_lock(offer_id, locked=body.locked, by=caller(request).by())
    return Status(204, None)


def _settings(tenant_id: int) -> PriceSettingsOut:
    found = price_settings(tenant_id)
    return PriceSettingsOut(
        promotion_lowers=found.promotion_lowers,
        reservations_over_erp=found.reservations_over_erp,
        market=found.market,
    )
