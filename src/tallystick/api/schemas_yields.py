"""What a source brought and what of it could not be matched, on the wire."""

from __future__ import annotations

from ninja import Schema

from tallystick.api.schemas_kit import At
from tallystick.sources.brought import Brought, LastRun
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
    """``items``: the first 200 of them."""

    number: int
    items: list[UnmatchedOut]

    @classmethod
    def of(cls, kept: NotMatched) -> NotMatchedOut:
        items = [UnmatchedOut(id=one.subject, why=one.because) for one in kept.first]
        return cls(number=kept.number, items=items)
