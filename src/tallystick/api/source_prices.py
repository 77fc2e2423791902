"""Price sheets that a source shows: which one is read, and read it now."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from tallystick.api.auth import CONNECT, OPERATE, caller, stores_nothing
from tallystick.api.imports import PricesImportedOut, lines_named
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import Body
from tallystick.api.schemas_sources import SourceOut
from tallystick.bootstrap.source_clients import price_sheets_of
from tallystick.kit.secrets import Secret
from tallystick.sources.choose_price_sheet import PriceSheetChoice, choose_price_sheet
from tallystick.sources.read_prices import PriceReading, read_prices_now
from tallystick.sources.source_queries import get_source

router = Router(tags=["Sources"])


class PriceSheetIn(Body):
    """``market``: two letters; empty: none is read. ``price_is_for``: ``term`` or ``cycle``, what
    the figures buy. ``refresh_token`` of a user who may see prices; empty: as it was, and
    forgotten with an empty ``market``."""

    market: str = Field(max_length=10)
    price_is_for: str = Field("", max_length=10)
    refresh_token: str = Field("", max_length=10_000)


class ReadPricesIn(Body):
    accept_large_moves: bool = False
    dry_run: bool = False


@router.put(
    "/sources/{int:source_id}/price-sheet",
    auth=CONNECT,
    response=answers(200, SourceOut),
    summary="Say which price sheet of a source is read",
    url_name="source-price-sheet",
)
def choose(request: HttpRequest, source_id: int, body: PriceSheetIn) -> SourceOut:
    """It is read soon, and as each month begins. No subscription gets a price by it."""
    no_other(request, set())
    who = caller(request)
    choose_price_sheet(
        source_id,
        PriceSheetChoice(body.market, body.price_is_for, Secret(body.refresh_token)),
        context=who.context,
        keys=settings.SEALING_KEYS,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return SourceOut.of(get_source(who.context, source_id, now=who.now))


@router.post(
    "/sources/{int:source_id}/price-sheet/read",
    auth=OPERATE,
    response=answers(200, PricesImportedOut),
    summary="Read the price sheet of a source now",
    url_name="read-source-prices",
)
def read(request: HttpRequest, source_id: int, body: ReadPricesIn) -> PricesImportedOut:
    """As `/prices/import` does with a file: all of it or nothing, and the same again changes
    nothing."""
    no_other(request, set())
    if body.dry_run:
        stores_nothing(request)
    who = caller(request)
    with lines_named():
        done = read_prices_now(
            source_id,
            PriceReading(price_sheets_of, who.now, who.correlation_id),
            context=who.context,
            accept_large_moves=body.accept_large_moves,
            dry_run=body.dry_run,
        )
    return PricesImportedOut.of(done)
