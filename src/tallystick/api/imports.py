"""Import a price list or monthly Azure amounts: everything in the file, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from django.http import HttpRequest
from ninja import Query, Router, Schema

from tallystick.api.auth import OPERATE, caller, stores_nothing
from tallystick.api.queries import answers, no_other
from tallystick.api.uploads import uploaded
from tallystick.bootstrap.desk import desk
from tallystick.catalog.price_words import PriceIsFor
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.import_azure_costs import AmountFile, import_azure_costs
from tallystick.sources.import_prices import PriceFile, PricesImported, file_name, import_prices

router = Router(tags=["Prices"])


class PricesAsked(Schema):
    """``price_is_for`` has no default: a row for a year may carry the year's figure."""

    price_is_for: PriceIsFor
    currency: str = ""
    market: str = ""
    name: str = ""
    dry_run: bool = False
    accept_large_moves: bool = False


class AmountsAsked(Schema):
    """``currency`` and ``final`` count where a row does not say."""

    currency: str = ""
    name: str = ""
    final: bool = False
    dry_run: bool = False


class MoveOut(Schema):
    line: int | None
    field: str
    message: str


class PricesImportedOut(Schema):
    """``large_moves``: accepted, or in a dry run those that would be held (the first 200)."""

    rows: int
    stored: bool
    added: int
    replaced: int
    unchanged: int
    large_moves: list[MoveOut]
    more_large_moves: int
    unknown_columns: list[str]

    @classmethod
    def of(cls, done: PricesImported) -> PricesImportedOut:
        moves = [
            MoveOut(line=move.line, field=move.field, message=move.message)
            for move in done.large_moves
        ]
        return cls(
            rows=done.rows,
            stored=done.stored,
            added=done.added,
            replaced=done.replaced,
            unchanged=done.unchanged,
            large_moves=moves,
            more_large_moves=done.more_large_moves,
            unknown_columns=list(done.unknown_columns),
        )


class MonthsOut(Schema):
    """What becomes of the months of a plan: an operation for each whose amounts are final."""

    recorded: int
    same: int
    not_final: int
    held: int
    unmatched: int
    cannot_sum: int
    notes: list[str]


class AmountsImportedOut(Schema):
    rows: int
    stored: bool
    added: int
    corrected: int
    unchanged: int
    unknown_columns: list[str]
    months: MonthsOut


@router.post(
    "/prices/import",
    auth=OPERATE,
    response=answers(200, PricesImportedOut),
    summary="Import a price list",
    url_name="import-prices",
)
def post_prices(request: HttpRequest, asked: Query[PricesAsked]) -> PricesImportedOut:
    """The body is the file (`text/csv`, `application/zip`), or a form with one `file`.

    422 names every wrong line as `line 7, UnitPrice`, and nothing is stored. The same file again
    changes nothing.
    """
    no_other(request, PricesAsked)
    upload = uploaded(request)
    if asked.dry_run:
        stores_nothing(request)
    file = PriceFile(
        name=file_name(asked.name or upload.name or "API"),
        is_for=asked.price_is_for,
        currency=asked.currency,
        market=asked.market,
        accept_large_moves=asked.accept_large_moves,
    )
    with lines_named():
        done = import_prices(upload.file, file, by=caller(request).by(), dry_run=asked.dry_run)
    return PricesImportedOut.of(done)


@router.post(
    "/azure-costs/import",
    auth=OPERATE,
    response=answers(200, AmountsImportedOut),
    summary="Import monthly Azure amounts",
    url_name="import-azure-costs",
)
def post_azure_costs(request: HttpRequest, asked: Query[AmountsAsked]) -> AmountsImportedOut:
    """As ``/prices/import``. A differing amount takes the earlier one's place, which is kept."""
    no_other(request, AmountsAsked)
    upload = uploaded(request)
    if asked.dry_run:
        stores_nothing(request)
    file = AmountFile(file_name(asked.name or upload.name or "API"), asked.currency, asked.final)
    by = caller(request).by()
    with lines_named():
        done = import_azure_costs(upload.file, file, by=by, wake=desk().wake, dry_run=asked.dry_run)
    return AmountsImportedOut(
        rows=done.rows,
        stored=done.stored,
        added=done.added,
        corrected=done.corrected,
        unchanged=done.unchanged,
        unknown_columns=list(done.unknown_columns),
        months=MonthsOut(**asdict(done.outcome)),
    )


@contextmanager
def lines_named() -> Iterator[None]:
    """What is wrong with a file, with the line as part of the field's name."""
    try:
        yield
    except ImportRefused as refused:
        errors = [
            FieldError(
                one.field if one.line is None else f"line {one.line}, {one.field}", one.message
            )
            for one in refused.errors
        ]
        if refused.more:
            errors.append(FieldError("file", f"has {refused.more} more errors"))
        raise InvalidInput(errors) from None
