"""What a source brought and what of it could not be matched, on the wire."""

from __future__ import annotations

from ninja import Schema

from tallystick.api.schemas_kit import At
from tallystick.catalog.price_words import PriceIsFor
from tallystick.sources.brought import Brought, LastRun
from tallystick.sources.source_queries import PriceSheetView
from tallystick.sources.unread import NotMatched


class BroughtOut(Schema):
    """How many changes it told or showed, recorded or not, and of which kind."""

    number: int
    kinds: dict[str, int]

    @classmethod
    def of(cls, brought: Brought) -> BroughtOut:
        kinds = {kind.value: many for kind, many in brought.kinds}
        return cls(number=brought.number, kinds=kinds)


class LastRunOut(Schema):
    """The last reading, or the last call of what tells by itself. ``subscriptions`` it looked at,
    and ``differences``: null of what tells by itself."""

    at: At | None
    subscriptions: int | None
    differences: int | None
    brought: BroughtOut

    @classmethod
    def of(cls, run: LastRun) -> LastRunOut:
        return cls(
            at=run.at,
            subscriptions=run.subscriptions,
            differences=run.differences,
            brought=BroughtOut.of(run.brought),
        )


class UnmatchedOut(Schema):
    id: str
    why: str


class NotMatchedOut(Schema):
    """How many, and the first 200 of them. Beyond 200, ``number`` is exact after a reading of
    everything; a look at what changed may count one twice: then there are at most so many."""

    number: int
    first: list[UnmatchedOut]

    @classmethod
    def of(cls, kept: NotMatched) -> NotMatchedOut:
        first = [UnmatchedOut(id=one.subject, why=one.because) for one in kept.first]
        return cls(number=kept.number, first=first)


class PriceSheetOut(Schema):
    """Which one is read, and what came of it. ``errors``: the first of those that stopped it."""

    market: str
    price_is_for: PriceIsFor
    read_at: At | None
    rows: int
    added: int
    replaced: int
    next_at: At | None
    trouble: str
    errors: list[str]
    more_errors: int

    @classmethod
    def of(cls, view: PriceSheetView) -> PriceSheetOut:
        return cls(
            market=view.market,
            price_is_for=view.is_for,
            read_at=view.read_at,
            rows=view.rows,
            added=view.added,
            replaced=view.replaced,
            next_at=view.next_at,
            trouble=view.trouble,
            errors=list(view.errors),
            more_errors=view.more_errors,
        )
