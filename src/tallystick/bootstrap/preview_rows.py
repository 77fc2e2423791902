"""Several operations as the rows of one table, and what they come to together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tallystick.bootstrap.preview import Ahead, LaneAhead
from tallystick.bootstrap.preview_words import (
    cannot_be_undone,
    gap_in_words,
    gets_in_words,
    less_or_more,
    money_in_words,
    nothing_sent,
    posted_in_words,
)
from tallystick.kit.money import round_money
from tallystick.kit.problem import InvalidInput, Problem
from tallystick.ledger.kinds import OperationKind
from tallystick.operations.undo import undo_of
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.sync.estimate import Effect

ALREADY_SO = "Autotask shows it already: nothing will be sent."


@dataclass(frozen=True, slots=True)
class RowAhead:
    """One operation on one connection.

    ``why``: the rules that send it for another day than the asked one. ``gets``: each adjustment.
    ``this_period`` and ``next_period``: what is billed differently in the period of the change and
    in the one after it, an estimate; None: not known. ``stops``: why it would not be sent, or not
    recorded at all (``wrong``); ``nothing``: why nothing is to be sent. ``unread``: why Autotask
    was not read; then it follows from what was last proved. ``posted``: which of the periods around
    its day are; ``gap``: what the days until the day it is sent for are billed too little (below 0:
    too much), an estimate, as ``gap_in_words`` says it; ``undo``: what cannot be taken back.
    """

    subscription: SubscriptionView
    what: str
    where: str = ""
    asked_on: date | None = None
    sent_on: date | None = None
    why: tuple[str, ...] = ()
    gets: tuple[str, ...] = ()
    this_period: Decimal | None = None
    next_period: Decimal | None = None
    currency: str = ""
    stops: str = ""
    cause: str = ""  # of ``stops``, when it is more than an approval that is waited for
    nothing: str = ""
    unread: str = ""
    wrong: tuple[tuple[str, str], ...] = ()  # field and message
    operation_id: int | None = None
    bills_otherwise: bool = False  # something of what is sent may be billed
    sent_with: tuple[int, date] | None = None  # those of one line and day go out as one call
    posted: str = ""
    gap: Decimal | None = None
    gap_in_words: str = ""
    may_charge: bool = False  # the gap can be charged once with it
    undo: tuple[str, ...] = ()

    @property
    def gap_money(self) -> str:
        """``22.00 EUR less``; empty without a gap."""
        return "" if self.gap is None else less_or_more(self.gap, self.currency)

    @property
    def bills(self) -> tuple[str, str]:
        """Of the period of the change and the next, in words; empty when nothing is sent."""
        if not self.bills_otherwise:
            return "", ""
        first, second = self.this_period, self.next_period
        return _money(first, self.currency), _money(second, self.currency)


@dataclass(slots=True)
class Money:
    """What is billed differently in one currency. ``unknown``: rows that are not in the sum."""

    currency: str
    this_period: Decimal = Decimal(0)
    next_period: Decimal = Decimal(0)
    unknown: int = 0

    @property
    def in_words(self) -> tuple[str, str]:
        return _money(self.this_period, self.currency), _money(self.next_period, self.currency)


@dataclass(slots=True)
class Together:
    """``sent``: to Autotask; ``stopped``: recorded, and not sent now; ``nothing``: recorded alone;
    ``wrong``: not recorded."""

    sent: int = 0
    stopped: int = 0
    nothing: int = 0
    wrong: int = 0
    money: list[Money] = field(default_factory=list)


def rows_of(
    found: Sequence[Ahead | Problem],
    views: Sequence[SubscriptionView],
    asked: Sequence[str],
) -> list[RowAhead]:
    """Of each, in the order it was asked; ``asked`` names what cannot even be recorded."""
    rows: list[RowAhead] = []
    for one, view, words in zip(found, views, asked, strict=True):
        if isinstance(one, Problem):
            rows.append(RowAhead(view, words, stops=str(one), wrong=_fields(one)))
        elif one.lanes:
            rows += [_of_lane(one, lane, view) for lane in one.lanes]
        else:
            operation = one.operation
            rows.append(
                RowAhead(
                    view,
                    operation.in_words(),
                    asked_on=operation.effective_on,
                    nothing=nothing_sent(one),
                    operation_id=operation.id,
                    undo=_undo(one, ()),
                )
            )
    return rows


def together(rows: Sequence[RowAhead], *, as_if_approved: bool = False) -> Together:
    """Those that go out as one call are counted each, and their money once."""
    counts = Together()
    last: dict[tuple[int, date], RowAhead] = {}
    for row in rows:
        if row.wrong:
            counts.wrong += 1
        elif row.cause if as_if_approved else row.stops:
            counts.stopped += 1
        elif row.gets:
            counts.sent += 1
            if row.sent_with is not None:
                last[row.sent_with] = row
        else:
            counts.nothing += 1
    money: dict[str, Money] = {}
    for row in last.values():
        total = money.setdefault(row.currency, Money(row.currency))
        if row.this_period is None:
            total.unknown += 1
        else:
            total.this_period += row.this_period
            total.next_period += row.next_period or Decimal(0)
    counts.money = [money[currency] for currency in sorted(money)]
    return counts


def _of_lane(ahead: Ahead, lane: LaneAhead, view: SubscriptionView) -> RowAhead:
    found = lane.foreseen
    goes = found is not None and found.cause is None
    calls = found.calls if found is not None and goes else ()
    first, second = _bills(lane.bills)
    kind, asked_on = ahead.operation.kind, ahead.operation.effective_on
    posted = posted_in_words(lane.periods, year=asked_on.year)
    return RowAhead(
        view,
        ahead.operation.in_words(),
        where=f"{lane.mapping.contract_name} · {lane.connection.name}",
        asked_on=asked_on,
        sent_on=lane.day,
        why=tuple(f"{words[:1].upper()}{words[1:]}." for words in lane.moved),
        gets=_gets(lane) if goes else (),
        this_period=first if calls else None,
        next_period=second if calls else None,
        currency=lane.connection.price_currency,
        stops=_stops(lane),
        cause=found.cause.words if found and found.cause else "" if found else lane.held,
        nothing=ALREADY_SO if found is not None and found.is_already_so else "",
        unread=lane.unread,
        operation_id=ahead.operation.id,
        bills_otherwise=bool(calls),
        sent_with=(lane.mapping.lane_id, lane.day) if calls else None,
        posted=f"{posted}." if posted else "",
        gap=round_money(lane.gap, places=2) if lane.gap else None,
        gap_in_words=gap_in_words(lane, kind, lane.gap, asked_on) if lane.gap else "",
        may_charge=bool(lane.gap) and kind is OperationKind.UPDATE_PRICE_MARGIN,
        undo=_undo(ahead, cannot_be_undone(lane)),
    )


def _undo(ahead: Ahead, sent: Sequence[str]) -> tuple[str, ...]:
    itself = undo_of(ahead.operation.kind)
    return (*sent, itself) if itself else tuple(sent)


def _money(amount: Decimal | None, currency: str) -> str:
    return "not known" if amount is None else money_in_words(amount, currency)


def _gets(lane: LaneAhead) -> tuple[str, ...]:
    found = lane.foreseen
    if found is None:
        return ()
    return gets_in_words(found, lane.connection)


def _stops(lane: LaneAhead) -> str:
    if lane.held:
        return lane.held
    if lane.stopped is not None:
        return f"It waits until operation {lane.stopped} is out of the way."
    return ""


def _bills(bills: Sequence[Effect]) -> tuple[Decimal | None, Decimal | None]:
    known = [None if one.difference is None else round_money(one.difference) for one in bills]
    first, second, *_ = [*known, None, None]
    return first, second


def _fields(problem: Problem) -> tuple[tuple[str, str], ...]:
    if isinstance(problem, InvalidInput):
        return tuple((error.field, error.message) for error in problem.errors)
    return (("subscription", str(problem)),)
