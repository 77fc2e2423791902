"""Administration > Connectors: the price sheet that a source shows."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.source_clients import price_sheets_of
from tallystick.catalog.price_words import PriceIsFor
from tallystick.identity.roles import Right
from tallystick.kit.problem import FieldError, InvalidInput, NotFound, Unreachable
from tallystick.kit.secrets import Secret
from tallystick.sources.choose_price_sheet import PriceSheetChoice, choose_price_sheet
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.import_prices import PricesImported
from tallystick.sources.read_prices import PriceReading, read_prices_now
from tallystick.sources.source_queries import SourceView, get_source
from tallystick.web.connection_form import errors_by_field
from tallystick.web.forms import Field
from tallystick.web.visit import Visit, screen
from tallystick.web.words import whole

LABELS = {
    "market": "Market",
    "price_is_for": "A price is for",
    "refresh_token": "Refresh token",
}


@screen("GET", "POST")
def source_price_sheet(visit: Visit, source_id: int) -> HttpResponse:
    """Which one is read: its market, what its figures buy, who signs in."""
    visit.context.require(Right.CONNECT)
    view = get_source(visit.context, source_id, now=visit.now)
    if not view.has_price_sheets:
        raise NotFound("This source has no price sheets.")
    sheet = view.price_sheet
    values = {
        "market": sheet.market if sheet else "",
        "price_is_for": sheet.is_for.value if sheet else "",
        "refresh_token": "",
    }
    if visit.request.method != "POST":
        return _form(visit, view, values)
    values = {name: visit.request.POST.get(name, "") for name in values}
    choice = PriceSheetChoice(
        values["market"], values["price_is_for"], Secret(values["refresh_token"])
    )
    try:
        choose_price_sheet(view.id, choice, keys=settings.SEALING_KEYS, **visit.asking())
    except InvalidInput as problem:
        return _form(visit, view, {**values, "refresh_token": ""}, problem.errors)
    said = "It is read soon, and as each month begins." if choice.market.strip() else "None is read"
    messages.success(visit.request, f"Kept. {said}")
    return redirect("source", source_id=view.id)


@screen("POST")
def source_prices_read(visit: Visit, source_id: int) -> HttpResponse:
    """*Read the price sheet now*: imported whole or not at all."""
    view = get_source(visit.context, source_id, now=visit.now)
    try:
        done = read_prices_now(
            view.id,
            PriceReading(price_sheets_of, visit.now, visit.correlation_id),
            context=visit.context,
            accept_large_moves=visit.request.POST.get("accept") == "1",
        )
    except ImportRefused:
        messages.error(
            visit.request, "The price sheet was not imported. What is wrong with it stands below."
        )
    except Unreachable as problem:
        messages.error(visit.request, str(problem))
    else:
        messages.success(visit.request, in_words(done))
    return redirect("source", source_id=view.id)


def in_words(done: PricesImported) -> str:
    """``Price sheet read, rows: 4 000. Prices added: 3, replaced: 0. No subscription ...``"""
    rows = f"Price sheet read, rows: {whole(done.rows)}."
    if not done.added + done.replaced:
        return f"{rows} All as before."
    return (
        f"{rows} Prices added: {whole(done.added)}, replaced: {whole(done.replaced)}. "
        "No subscription has another price by it: apply the list under Prices."
    )


def _form(
    visit: Visit, view: SourceView, values: dict[str, str], errors: tuple[FieldError, ...] = ()
) -> HttpResponse:
    wrong = errors_by_field(errors, LABELS)
    fields = {
        name: Field(name, label, values[name], tuple(wrong.get(name, ())))
        for name, label in LABELS.items()
    }
    return visit.render(
        "web/sources/price_sheet.html",
        rail="connectors",
        status=400 if errors else 200,
        source=view,
        fields=fields,
        is_for=[(one.value, one.label) for one in PriceIsFor],
        wrong=bool(errors),
    )
