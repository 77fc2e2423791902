"""Read a source's price sheet: once a month by itself, or because a person asks.

1. It is written to a temporary file as it comes, outside any transaction.
2. It is imported as a file is (``import_prices``): all of it or nothing; the same again changes
   nothing; prices that move far hold it until a person accepts them.
3. What came of it is kept on the source. No subscription gets a price by it: a person applies a
   list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Any, Final, Protocol

from tallystick.audit.events import Event, Status
from tallystick.catalog.price_asked import By, require_csp
from tallystick.catalog.price_words import PriceIsFor
from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.identity.roles import Right
from tallystick.kit.clock import civil_day
from tallystick.kit.problem import InvalidInput, Problem, Unreachable
from tallystick.kit.secrets import CannotOpen
from tallystick.sources.add_source import note_source
from tallystick.sources.choose_price_sheet import with_price_sheets
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.import_prices import PriceFile, PricesImported, import_prices
from tallystick.sources.intake.speaker import context_of_source
from tallystick.sources.models import Source
from tallystick.sources.price_sheet_due import SOON, TOMORROW, next_month
from tallystick.sources.wire import SourceTrouble

MOST_SHOWN: Final = 20
_READ: Final = ("read_at", "rows", "added", "replaced", "unchanged")


class Sheets(Protocol):
    """A source's price sheets, signed in to."""

    def save(self, market: str, into: Any) -> None:
        """Raises SourceTrouble."""
        ...


# How they are reached; raises CannotOpen.
SheetsOf = Callable[[Source], Sheets]


@dataclass(frozen=True, slots=True)
class PriceReading:
    """How price sheets are reached, and when."""

    sheets_of: SheetsOf
    now: datetime
    correlation_id: str


def prices_due(*, now: datetime) -> Sequence[int]:
    found = Source.objects.filter(prices_next_at__lte=now).order_by("prices_next_at", "pk")
    return list(found.values_list("pk", flat=True))


def claim_prices(source_id: int, *, now: datetime) -> bool:
    """Of several that look at the same moment one gets it; who dies is followed in an hour."""
    due = Source.objects.filter(pk=source_id, prices_next_at__lte=now)
    return bool(due.update(prices_next_at=now + SOON))


def read_prices_by_itself(source_id: int, reading: PriceReading) -> PricesImported | None:
    """None: somebody has chosen meanwhile that none is read. Raises SourceTrouble, Problem: kept
    and shown, with when it is tried again."""
    row = Source.objects.get(pk=source_id)
    if not row.price_sheet:
        return None
    return _read(row, reading, context_of_source(row), accept=False, dry_run=False)


def read_prices_now(
    source_id: int,
    reading: PriceReading,
    *,
    context: Context,
    accept_large_moves: bool = False,
    dry_run: bool = False,
) -> PricesImported:
    """Because a person asks. Raises NotFound, NotAllowed, InvalidInput (ImportRefused too),
    Unreachable; then nothing was imported. A dry run keeps nothing, not even that it failed."""
    context.require(Right.OPERATE)
    row = with_price_sheets(Source.objects.filter(**context.scope(), pk=source_id).first())
    require_csp(context, Right.OPERATE)
    if not row.price_sheet:
        raise InvalidInput.one("source", "reads no price sheet yet: say its market first")
    try:
        return _read(row, reading, context, accept=accept_large_moves, dry_run=dry_run)
    except (SourceTrouble, CannotOpen) as trouble:
        raise Unreachable(f"{trouble} Nothing was imported.") from None


def _read(
    row: Source, reading: PriceReading, context: Context, *, accept: bool, dry_run: bool
) -> PricesImported:
    zone = tenant_zone(row.tenant_id)
    by = By(context, reading.now, civil_day(reading.now, zone), reading.correlation_id)
    market = row.price_sheet["market"]
    file = PriceFile(
        name=f"{row.name}, price sheet of {market}",
        is_for=PriceIsFor(row.price_sheet["is_for"]),
        market=market,
        accept_large_moves=accept,
    )
    try:
        with _saved(reading.sheets_of(row), market) as sheet:
            done = import_prices(sheet, file, by=by, dry_run=dry_run)
    except ImportRefused as refused:
        held = {"errors": [str(one) for one in refused.errors[:MOST_SHOWN]]}
        more = len(refused.errors) - len(held["errors"]) + refused.more
        words = "The price sheet was not imported: nothing of it was stored."
        if not dry_run:
            _stopped(row, {"trouble": words, **held, "more": more}, TOMORROW, reading, context)
        raise
    except (SourceTrouble, CannotOpen, Problem) as trouble:
        wait = getattr(trouble, "retry_after", None)
        again = SOON if wait is None else max(SOON, timedelta(seconds=wait))
        if not dry_run:
            _stopped(row, {"trouble": str(trouble)[:1000]}, again, reading, context)
        raise
    if not dry_run:
        said = asdict(done)
        counts = {name: said[name] for name in ("rows", "added", "replaced", "unchanged")}
        read = {"read_at": reading.now.isoformat(), **counts}
        _keep(row, read, next_month(reading.now, zone))
        words = f"{file.name}: {done.rows} rows, {done.added} added, {done.replaced} replaced"
        note_source(Event.READ_SOURCE, row, words, context, reading.now, reading.correlation_id)
    return done


@contextmanager
def _saved(sheets: Sheets, market: str) -> Iterator[IO[bytes]]:
    """A file without a name: whoever is killed leaves none. Raises SourceTrouble."""
    try:
        with TemporaryFile(prefix="tallystick-") as into:
            sheets.save(market, into)
            into.seek(0)
            yield into
    except OSError as error:
        why = error.strerror or "unknown"
        raise SourceTrouble(f"It could not be kept while it was read: {why}.") from None


def _stopped(
    row: Source,
    said: dict[str, Any],
    again: timedelta,
    reading: PriceReading,
    context: Context,
) -> None:
    """Said once; what was read before stays."""
    before = {name: row.price_sheet[name] for name in _READ if name in row.price_sheet}
    told = row.price_sheet.get("trouble", "")
    _keep(row, {**before, **said}, reading.now + again)
    if told != said["trouble"]:
        words = f"{row.name}, price sheet: {said['trouble']}"
        note_source(
            Event.READ_SOURCE,
            row,
            words,
            context,
            reading.now,
            reading.correlation_id,
            status=Status.FAILED,
        )


def _keep(row: Source, said: dict[str, Any], next_at: datetime) -> None:
    """Unless somebody has chosen another sheet meanwhile."""
    chosen = {name: row.price_sheet[name] for name in ("market", "is_for")}
    Source.objects.filter(pk=row.pk, price_sheet__contains=chosen).update(
        price_sheet={**chosen, **said}, prices_next_at=next_at
    )
