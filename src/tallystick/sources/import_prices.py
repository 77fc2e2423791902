"""Import a price list: everything in it, or nothing.

1. In one transaction, copy the rows aside while they are read; whatever is wrong is said at once.
2. Judge them against what is recorded: new, instead of an earlier one, or the same.
3. Prices that move by more than a factor 3 hold the whole file until a person accepts them.
4. Store, with one audit record. The same file again stores nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.catalog.price_asked import By, require_csp
from tallystick.catalog.price_models import PriceImport
from tallystick.catalog.price_words import PriceIsFor
from tallystick.catalog.staged_prices import Counts, Move, Staged, StagedPrice, staged
from tallystick.identity.roles import Right
from tallystick.kit.money import parse_currency
from tallystick.kit.problem import InvalidInput
from tallystick.sources.csv_errors import MOST_SHOWN, Errors, ImportRefused, LineError, printable
from tallystick.sources.price_sheet import COLUMNS, REQUIRED, read_prices
from tallystick.sources.sheet_open import Sheet, open_sheet
from tallystick.sources.sheet_rows import SheetRows

_MARKET = re.compile(r"[A-Z]{2}\Z", re.ASCII)
LABELS = {"cost": "UnitPrice", "erp": "ERP Price"}


@dataclass(frozen=True, slots=True)
class PriceFile:
    """What is asked: what the figures are for has no default; the rest may stand in the file."""

    name: str
    is_for: PriceIsFor
    currency: str = ""
    market: str = ""
    accept_large_moves: bool = False


@dataclass(frozen=True, slots=True)
class PricesImported:
    """``large_moves``: those that are held, or were accepted; ``unknown``: columns passed by."""

    rows: int
    stored: bool
    added: int
    replaced: int
    unchanged: int
    large_moves: tuple[LineError, ...]
    more_large_moves: int
    unknown_columns: tuple[str, ...]

    @property
    def moves(self) -> int:
        return len(self.large_moves) + self.more_large_moves


def import_prices(
    source: Sheet, file: PriceFile, *, by: By, dry_run: bool = False
) -> PricesImported:
    """Carry it out. Raises ImportRefused, InvalidInput, NotAllowed, Conflicting: nothing is stored.

    A dry run does all of it and takes it back; held prices are answered, not refused.
    """
    require_csp(by.context, Right.OPERATE)
    file = _checked(file)
    errors = Errors()
    with open_sheet(source) as text, transaction.atomic():
        rows = SheetRows(text, columns=COLUMNS, required=REQUIRED, errors=errors)
        read = _Counting(
            read_prices(rows, currency=file.currency, market=file.market, errors=errors)
        )
        with staged(read, tenant_id=by.context.tenant_id, is_for=file.is_for) as laid_aside:
            errors.refuse()
            _refuse_contradictions(laid_aside)
            counts = laid_aside.judge()
            moves, how_many = laid_aside.moves(MOST_SHOWN)
            held = tuple(_said(move) for move in moves)
            if held and not (file.accept_large_moves or dry_run):
                raise ImportRefused(held, more=how_many - len(held))
            changes = counts.added + counts.replaced
            if changes and not dry_run:
                _store(laid_aside, file, counts, read.count, how_many, by)
        if dry_run:
            transaction.set_rollback(True)
    return PricesImported(
        rows=read.count,
        stored=not dry_run,
        added=counts.added,
        replaced=counts.replaced,
        unchanged=counts.unchanged,
        large_moves=held,
        more_large_moves=how_many - len(held) if held else 0,
        unknown_columns=rows.unknown,
    )


class _Counting:
    """Rows on their way, counted."""

    def __init__(self, rows: Iterator[StagedPrice]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[StagedPrice]:
        for row in self._rows:
            self.count += 1
            yield row


def file_name(source: Path | str) -> str:
    """A file's name as it is kept and shown."""
    name = source.name if isinstance(source, Path) else source.replace("\\", "/").split("/")[-1]
    return printable(name.strip())[:300] or "a file without a name"


def _checked(file: PriceFile) -> PriceFile:
    currency, market = file.currency.strip(), file.market.strip().upper()
    if currency:
        try:
            currency = parse_currency(currency)
        except ValueError as error:
            raise InvalidInput.one("currency", str(error)) from None
    if market and not _MARKET.match(market):
        raise InvalidInput.one("market", "must be two letters, like DE")
    return PriceFile(file.name, file.is_for, currency, market, file.accept_large_moves)


def _refuse_contradictions(laid_aside: Staged) -> None:
    found = laid_aside.contradictions(MOST_SHOWN)
    if found:
        raise ImportRefused(
            [
                LineError(
                    "row",
                    f"gives the offer of line {one.first_line} another price from the same day",
                    one.line,
                )
                for one in found
            ]
        )


def _said(move: Move) -> LineError:
    words = (
        f"{printable(move.name)}: {move.before:f} becomes {move.after:f} {move.currency} a billing "
        "cycle, more than 3 times as much or as little. Accept large moves if that is right"
    )
    return LineError(LABELS[move.what], words, move.line)


def _store(
    laid_aside: Staged, file: PriceFile, counts: Counts, rows: int, moves: int, by: By
) -> None:
    row = PriceImport.objects.create(
        tenant_id=by.context.tenant_id,
        name=file.name,
        is_for=file.is_for.value,
        rows=rows,
        added=counts.added,
        replaced=counts.replaced,
        unchanged=counts.unchanged,
        large_moves=moves,
        recorded_at=by.now,
        actor=by.context.actor.name[:200],
        correlation_id=by.correlation_id,
    )
    laid_aside.store(import_id=row.pk, now=by.now)
    by.note(
        Event.IMPORT_PRICES,
        f"{file.name}: {counts.added} prices added, {counts.replaced} replaced",
        {
            "price_import": row.pk,
            "price_is_for": file.is_for.value,
            "rows": rows,
            "added": counts.added,
            "replaced": counts.replaced,
            "unchanged": counts.unchanged,
            "large_moves_accepted": moves,
        },
    )
