"""What a preview says to a person, in sentences: for pages and for the command line. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tallystick.bootstrap.preview import Ahead, LaneAhead
from tallystick.bootstrap.preview_charges import difference
from tallystick.connections.queries import ConnectionView
from tallystick.kit.days import add_months, in_words
from tallystick.kit.money import round_money
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.state import State
from tallystick.sync.charges import SendCharge
from tallystick.sync.estimate import Bill, Effect
from tallystick.sync.foresee import Foreseen
from tallystick.sync.port import Adjustment

NOT_MAPPED = "The subscription is not mapped: the change is recorded, and nothing is sent."
ELSEWHERE = (
    "It is billed by a connection outside your context: what Autotask will get is not shown here."
)
NO_UNDO = "An adjustment cannot be deleted in Autotask; it is reversed by an opposite one."
CAN_CHANGE = "A charge can be changed until it is billed; after that the difference is another one."
THOUSANDS = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Said:
    """What one connection would get.

    ``calls``: each adjustment, when there are several. ``estimate``: what is billed differently.
    ``warnings``: what may surprise. ``waits``: it would not be sent now.
    """

    where: str
    lead: str
    moves: Sequence[str]
    calls: Sequence[str]
    estimate: str
    warnings: Sequence[str]
    notes: Sequence[str]
    waits: bool


def in_sentences(ahead: Ahead) -> list[Said]:
    """By line; two of one contract are told apart by their services."""
    asked_on = ahead.operation.effective_on
    several = len({lane.mapping.contract_id for lane in ahead.lanes}) < len(ahead.lanes)
    kind = ahead.operation.kind
    return [_said(lane, kind, asked_on, with_service=several) for lane in ahead.lanes]


def nothing_sent(ahead: Ahead) -> str:
    """Why no connection that may be shown gets anything; empty when one does."""
    if ahead.lanes:
        return ""
    if ahead.lacks:
        return f"It will be recorded, and is not sent yet. {ahead.lacks}"
    if ahead.elsewhere:
        return ELSEWHERE
    because = [
        delivery.cause
        for delivery in ahead.operation.deliveries
        if delivery.state is State.NOT_APPLICABLE
    ]
    return because[0] if because else NOT_MAPPED


def _said(lane: LaneAhead, kind: OperationKind, asked_on: date, *, with_service: bool) -> Said:
    service = f", {lane.mapping.service_name}" if with_service else ""
    calls = lane.foreseen.calls if lane.foreseen and not lane.held else ()
    charge = lane.foreseen.charge if lane.foreseen and not lane.held else None
    return Said(
        where=f"{lane.mapping.contract_name}{service} · {lane.connection.name}",
        lead=_lead(lane, asked_on, calls, charge),
        moves=[f"{words[:1].upper()}{words[1:]}." for words in lane.moved],
        calls=[call_in_words(call, lane.connection) for call in calls] if len(calls) > 1 else [],
        estimate=_of_charge(charge, lane) if charge else _estimate(lane, calls) if calls else "",
        warnings=_warnings(lane, kind, asked_on, calls),
        notes=cannot_be_undone(lane),
        waits=bool(lane.held) or lane.stopped is not None,
    )


def cannot_be_undone(lane: LaneAhead) -> list[str]:
    """Of what this line would get: what cannot be taken back, and what can be done instead."""
    if lane.foreseen is None or lane.held:
        return []
    return [NO_UNDO] if lane.foreseen.calls else [CAN_CHANGE] if lane.foreseen.charge else []


def _lead(
    lane: LaneAhead, asked_on: date, calls: Sequence[Adjustment], charge: SendCharge | None
) -> str:
    """*You asked for 3 May. March and April are posted, May is open: Autotask will get +2 ...*"""
    if lane.held:
        gets = f"It will be recorded, and is not sent yet. {lane.held}"
    elif charge is not None:
        gets = f"Autotask will get {charge_in_words(charge, lane.connection)}."
    elif lane.foreseen and lane.foreseen.name is not None:
        gets = f"Autotask will get {name_in_words(lane.foreseen.name)}."
    elif not calls:
        gets = "Autotask shows it already: nothing will be sent."
    elif len(calls) == 1:
        gets = f"Autotask will get {call_in_words(calls[0], lane.connection)}."
    else:
        gets = f"Autotask will get {len(calls)} adjustments, each proved before the next is sent."
    if lane.stopped is not None and not lane.held:
        gets = f"It waits until operation {lane.stopped} is out of the way. Then {gets}"
    if charge is not None or lane.is_amount:
        return gets
    posted = posted_in_words(lane.periods, year=asked_on.year)
    glue = ". " if lane.held or lane.stopped is not None else ": "
    said = f"{posted}{glue}{gets}" if posted else gets
    return f"You asked for {in_words(asked_on)}. {said}"


def gets_in_words(found: Foreseen, connection: ConnectionView) -> tuple[str, ...]:
    """Everything Autotask will get for it, in order."""
    calls = tuple(call_in_words(call, connection) for call in found.calls)
    charge = () if found.charge is None else (charge_in_words(found.charge, connection),)
    name = () if found.name is None else (name_in_words(found.name),)
    return (*calls, *charge, *name)


def charge_in_words(charge: SendCharge, connection: ConnectionView) -> str:
    """``a charge of 130.00 EUR (cost 95.00 EUR), dated 30 Apr 2026``."""
    becomes = charge.becomes
    amount = rate_in_words(becomes.price, connection.price_currency)
    cost = ""
    if becomes.cost is not None:
        cost = f" (cost {rate_in_words(becomes.cost, connection.cost_currency)})"
    if charge.before is None:
        return f"a charge of {amount}{cost}, dated {in_words(becomes.day)}"
    return f"another amount for the charge of {in_words(becomes.day)}: {amount}{cost}"


def _of_charge(charge: SendCharge, lane: LaneAhead) -> str:
    more = money_in_words(difference(charge), lane.connection.price_currency)
    return f"The bill of {charge.becomes.day:%B %Y} {more}."


def call_in_words(call: Adjustment, connection: ConnectionView) -> str:
    """``+2 units from 3 May 2026``, ``unit price 16.40 EUR from 1 May 2026``."""
    parts = []
    if call.unit_change:
        noun = "unit" if abs(call.unit_change) == 1 else "units"
        parts.append(f"{call.unit_change:+d} {noun}".replace("-", MINUS))
    if call.unit_price is not None:
        parts.append(f"unit price {rate_in_words(call.unit_price, connection.price_currency)}")
    if call.unit_cost is not None:
        parts.append(f"unit cost {rate_in_words(call.unit_cost, connection.cost_currency)}")
    return f"{listed(parts)} from {in_words(call.effective_on)}"


def name_in_words(name: str) -> str:
    """``the invoice description “Head office”``."""
    return f"the invoice description “{name}”" if name else "an empty invoice description"


def posted_in_words(periods: Sequence[Bill], *, year: int) -> str:
    """``March and April are posted, May is open``; empty when none of them is posted."""
    posted = [name_of(one.starts_on, one.until, year=year) for one in periods if one.posted]
    still_open = [name_of(one.starts_on, one.until, year=year) for one in periods if not one.posted]
    if not posted:
        return ""
    said = f"{listed(posted)} {'is' if len(posted) == 1 else 'are'} posted"
    if not still_open:
        return said
    return f"{said}, {listed(still_open)} {'is' if len(still_open) == 1 else 'are'} open"


def name_of(starts_on: date, until: date, *, year: int = 0) -> str:
    """``May 2026`` of a calendar month (``May`` of that year's), else its days, both included."""
    if starts_on.day == 1 and add_months(starts_on, 1) == until:
        month = calendar.month_name[starts_on.month]
        return month if starts_on.year == year else f"{month} {starts_on.year}"
    return f"{in_words(starts_on)} to {in_words(until - timedelta(days=1))}"


def listed(names: Sequence[str]) -> str:
    """``March, April and May``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _estimate(lane: LaneAhead, calls: Sequence[Adjustment]) -> str:
    """*This period about +14.22 EUR (29 of 31 days), next +15.20 EUR.*"""
    if not lane.bills:
        return "What is billed is not known: the contract's billing periods have not been read yet."
    if any(bill.difference is None for bill in lane.bills):
        return "What is billed is not known: Autotask does not show the amounts of the line."
    if not any(bill.difference for bill in lane.bills):
        return "What is billed stays as it is."
    since = min((call.effective_on for call in calls), default=lane.day)
    parts = [
        f"{_name(bill, at, lane)} {'about ' if at == 0 else ''}"
        f"{money_in_words(bill.difference or Decimal(0), lane.connection.price_currency)}"
        f"{_share(bill, since)}"
        for at, bill in enumerate(lane.bills)
    ]
    said = ", ".join(parts)
    return f"{said[:1].upper()}{said[1:]}."


def _name(bill: Effect, at: int, lane: LaneAhead) -> str:
    first = lane.bills[0]
    now = first.starts_on <= lane.today < first.until
    if not now:
        return name_of(bill.starts_on, bill.until)
    return "this period" if at == 0 else "next"


def _share(bill: Effect, since: date) -> str:
    days, whole = (bill.until - max(bill.starts_on, since)).days, (bill.until - bill.starts_on).days
    return "" if days == whole else f" ({days} of {whole} days)"


def _warnings(
    lane: LaneAhead, kind: OperationKind, asked_on: date, calls: Sequence[Adjustment]
) -> list[str]:
    said = []
    if lane.unread:
        said.append(
            f"Autotask was not read: {_stop(lane.unread)} This follows from what was last proved."
        )
    if lane.connection.paused_at is not None and calls:
        said.append(f"The connection is paused: {_stop(lane.connection.paused_because)}")
    if lane.waits_behind and not lane.held and lane.stopped is None:
        what = "operation waits" if lane.waits_behind == 1 else "operations wait"
        said.append(
            f"{lane.waits_behind} {what} already: sent before it, or with it for the same day."
        )
    if lane.bills and lane.bills[0].posted and calls:
        name = name_of(lane.bills[0].starts_on, lane.bills[0].until)
        said.append(f"{name} is posted: Autotask bills the difference with the next invoice.")
    if lane.gap:
        said.append(gap_in_words(lane, kind, lane.gap, asked_on))
    return said


def gap_in_words(lane: LaneAhead, kind: OperationKind, gap: Decimal, asked_on: date) -> str:
    """What the days before the day it is sent for are billed too little or too much."""
    days = (lane.day - asked_on).days
    amount = less_or_more(gap, lane.connection.price_currency)
    stays = "are billed as they were" if days > 1 else "is billed as it was"
    mend = "a one-off charge" if gap > 0 else "a one-off credit"
    by_hand = f"add {mend} to the contract in Autotask"
    how = f"record {mend} with it" if kind is OperationKind.UPDATE_PRICE_MARGIN else by_hand
    return (
        f"The {days} {'days' if days > 1 else 'day'} until {in_words(lane.day)} {stays}: about "
        f"{amount} than with the change (estimate). If that is not meant, {how}."
    )


def less_or_more(gap: Decimal, currency: str) -> str:
    """``22.00 EUR less``: than what would be billed if the change counted at once."""
    amount = money_in_words(abs(gap), currency, signed=False)
    return f"{amount} {'less' if gap > 0 else 'more'}"


def money_in_words(amount: Decimal, currency: str, *, signed: bool = True) -> str:
    """``+14.22 EUR``: what is billed has two decimals."""
    rounded = round_money(amount, places=2)
    text = f"{rounded:+,.2f}" if signed else f"{rounded:,.2f}"
    return f"{text.replace(',', THOUSANDS).replace('-', MINUS)}\N{NO-BREAK SPACE}{currency}"


def rate_in_words(amount: Decimal, currency: str) -> str:
    """``16.40 EUR``: two decimals, or as many as the rate has."""
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    return f"{amount:,.{places}f}".replace(",", THOUSANDS) + f"\N{NO-BREAK SPACE}{currency}"


def _stop(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
