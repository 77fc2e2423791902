"""Prices: the rows of the price lists, and the price of one subscription with its reasons."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.catalog.explained import Explained
from tallystick.catalog.price_queries import list_prices
from tallystick.kit.days import parse_day
from tallystick.kit.problem import InvalidInput
from tallystick.mappings.rows import subscription_row
from tallystick.operations.said_price import said_price
from tallystick.subscriptions.pricing import check_day, price_on
from tallystick.web.addresses import Address, choices
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence


@screen("GET")
def prices(visit: Visit) -> HttpResponse:
    """By name; keyset pages. A reseller has no price lists and goes on to its margin rules."""
    if visit.context.reseller_id is not None:
        return redirect("margin-rules")
    address = Address.read(visit.request.GET, ("q", "show"))
    every = address.value("show") == "all"
    page = list_prices(
        visit.context,
        search=address.value("q"),
        on=None if every else visit.today,
        cursor=address.cursor or None,
    )
    part = "_results" if visit.wants_part else "page"
    return visit.render(
        f"web/prices/{part}.html",
        rail="prices",
        rows=page.items,
        address=address,
        chips=choices(address, "show", [("all", "Earlier and later too")], every="Count today"),
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


@screen("GET")
def subscription_price(visit: Visit, subscription_id: int) -> HttpResponse:
    """*Why is this number?* on a day."""
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    asked = visit.request.GET.get("on", "").strip()[:40]
    on, wrong = visit.today, ""
    if asked:
        try:
            on = check_day(parse_day(asked), today=visit.today)
        except InvalidInput as problem:
            wrong = error_sentence("The day", problem.errors[0])
        except ValueError as error:
            wrong = f"The day: {error}."
    price = price_on(visit.context, subscription_id, on=on)
    return visit.render(
        "web/prices/subscription.html",
        rail="subscriptions",
        status=400 if wrong else 200,
        row=row,
        on=on,
        asked=asked or on.isoformat(),
        wrong=wrong,
        price=price,
        priced=isinstance(price, Explained),
        said=said_price(row.subscription, on=on),
    )
