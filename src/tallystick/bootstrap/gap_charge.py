"""Price margins with the one-off charge for the days in which they are not billed yet.

What the days come to is worked out as the form says it, by the code that looks ahead; a price and
its charge are recorded in one transaction, the charge behind the price.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import transaction

from tallystick.bootstrap.glance import quick_billing_of
from tallystick.bootstrap.look_before import BillingOf
from tallystick.bootstrap.preview import Ahead, LaneAhead, look_ahead
from tallystick.bootstrap.preview_many import look_at_many
from tallystick.kit.money import round_money
from tallystick.kit.problem import InvalidInput, Problem
from tallystick.ledger.queries import get_operations
from tallystick.ledger.record import Recorded
from tallystick.operations.at_once import Ask, NoneOfThem, record_all
from tallystick.operations.charge_once import charge_gap
from tallystick.operations.finish import Asked, already_recorded
from tallystick.operations.gaps import Gap

NO_GAP = (
    "there is nothing to charge: the price is billed from the day that was asked for, or it is not "
    "known what the days before it come to. Leave it out"
)
NOT_KNOWN = "what is to be charged is not known: {}. Leave the charge out, or try again"
ELSEWHERE = "it is billed on a connection that is not this context's, too"


@dataclass(frozen=True, slots=True)
class WithGap:
    """The price margin, and how many charges were recorded behind it."""

    recorded: Recorded
    charges: int


def record_with_gap(
    record: Callable[[Asked], Recorded],
    subscription_id: int,
    *,
    asked: Asked,
    billing: BillingOf = quick_billing_of,
) -> WithGap:
    """``record``: the price margin. The same origin again answers what is there.

    Raises InvalidInput (``gap_charge``: there is none), and whatever recording it would raise.
    """
    if known := already_recorded(asked, subscription_id):
        return WithGap(known, 0)
    ahead = look_ahead(record, subscription_id, asked=asked, billing=billing)
    lanes = _with_gap(ahead)
    if not lanes:
        raise InvalidInput.one("gap_charge", NO_GAP)
    with transaction.atomic():
        recorded = record(asked)
        if not recorded.lane_ids:  # somebody else recorded it at this very moment
            return WithGap(recorded, 0)
        _charge(subscription_id, recorded, ahead, asked)
    return WithGap(recorded, len(lanes))


def record_all_with_gaps(
    asks: Sequence[Ask],
    gaps: Collection[int],
    *,
    where_there_is_one: bool = False,
    asked: Asked,
    billing: BillingOf = quick_billing_of,
) -> list[WithGap]:
    """All of them or none, in order; those at the places ``gaps`` each with its own charge.

    ``where_there_is_one``: those without a gap are recorded by themselves, as long as one has one.
    What is there already gets no second charge. Raises NoneOfThem, with what is wrong with each
    (``gap_charge``); InvalidInput when they are too many.
    """
    if not gaps:
        return [WithGap(one, 0) for one in record_all(asks, asked=asked)]
    found = look_at_many(asks, asked=asked, billing=billing)
    fresh = _fresh(found, gaps)
    if problems := _no_gap(fresh, where_there_is_one=where_there_is_one):
        wrong = {place: one for place, one in enumerate(found) if isinstance(one, Problem)}
        raise NoneOfThem(problems | wrong)
    charged = {place: one for place, one in fresh.items() if _with_gap(one)}
    all_of_them = [
        _charging(ask, charged[place]) if place in charged else ask
        for place, ask in enumerate(asks)
    ]
    done = record_all(all_of_them, asked=asked)
    return [
        WithGap(one, len(_with_gap(charged[place])) if place in charged else 0)
        for place, one in enumerate(done)
    ]


def gaps_of(
    asks: Sequence[Ask], *, asked: Asked, billing: BillingOf = quick_billing_of
) -> list[tuple[Gap, ...] | str]:
    """Of each its gaps, or why they are not known, or why it cannot be recorded. Raises
    InvalidInput when they are too many."""
    return [_gaps(one) for one in look_at_many(asks, asked=asked, billing=billing)]


def _gaps(found: Ahead | Problem) -> tuple[Gap, ...] | str:
    if isinstance(found, Problem):
        return str(found)
    if why := _not_known(found):
        return f"Its gap is not known: {why}. Apply it again."
    return tuple(
        Gap(
            lane.mapping.lane_id,
            gap_of(lane),
            lane.connection.price_currency,
            found.operation.effective_on,
            lane.day,
        )
        for lane in _with_gap(found)
    )


def _not_known(found: Ahead) -> str:
    """Why what the days come to cannot be said; empty when it can, or there are none."""
    for lane in found.lanes:
        if lane.unread:
            return f"Autotask was not read: {lane.unread.rstrip('.')}"
        if lane.stopped is not None:
            return f"operation {lane.stopped} before it is stopped"
        if lane.foreseen is None or lane.foreseen.cause is not None:
            return lane.held.rstrip(".")
    return ELSEWHERE if found.elsewhere else ""


def _fresh(found: Sequence[Ahead | Problem], gaps: Collection[int]) -> dict[int, Ahead]:
    """Those that would be recorded now, by place. What a look records is undone and its number
    never used again: one that is there was recorded before."""
    ahead = {place: one for place in gaps if isinstance(one := found[place], Ahead)}
    known = {one.id for one in get_operations([one.operation.id for one in ahead.values()])}
    return {place: one for place, one in ahead.items() if one.operation.id not in known}


def _no_gap(fresh: Mapping[int, Ahead], *, where_there_is_one: bool) -> dict[int, InvalidInput]:
    """Those that cannot be recorded with a charge, and why."""
    lack = {place: one for place, one in fresh.items() if not _with_gap(one)}
    some_have = where_there_is_one and len(lack) < len(fresh)
    found = {}
    for place, one in lack.items():
        why = _not_known(one)
        if why or not some_have:
            words = NOT_KNOWN.format(why) if why else NO_GAP
            found[place] = InvalidInput.one("gap_charge", words)
    return found


def _charging(ask: Ask, ahead: Ahead) -> Ask:
    def record(asked: Asked) -> Recorded:
        recorded = ask.record(asked)
        if recorded.lane_ids:  # else it was recorded at this very moment by somebody else
            _charge(ask.subscription_id, recorded, ahead, asked)
        return recorded

    return Ask(ask.subscription_id, record)


def _with_gap(ahead: Ahead) -> list[LaneAhead]:
    """Also where it waits for approval first."""
    return [lane for lane in ahead.lanes if lane.gap]


def _charge(subscription_id: int, recorded: Recorded, ahead: Ahead, asked: Asked) -> None:
    for lane in _with_gap(ahead):
        charge_gap(
            subscription_id=subscription_id,
            of_operation=recorded.sequence,
            price=gap_of(lane),
            currency=lane.connection.price_currency,
            since=ahead.operation.effective_on,
            until=lane.day,
            lane_id=lane.mapping.lane_id,
            asked=replace(asked, origin=replace(asked.origin, source_id=None)),
        )


def gap_of(lane: LaneAhead) -> Decimal:
    """What is billed has two decimals."""
    return round_money(lane.gap or Decimal(0), places=2)
