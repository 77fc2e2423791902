"""What to do with an amount that goes out as a charge, now that our charges have been read: pure.

1. An amount is a target: what is billed of it already is the sum of its portions.
2. Every charge of ours for it must be what was last proved: else conflict. What is there under our
   next reference was sent before and not proved.
3. Nothing missing: already so. Else the last charge that is not billed takes the difference; when
   there is none, a new charge of the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from tallystick.ledger.amounts import KeptPortion, SeenCharge, billed_so_far, last_of
from tallystick.ledger.kinds import Carrier, OperationKind
from tallystick.ledger.settle import Cause
from tallystick.ledger.state import State
from tallystick.sync import charge_words as words
from tallystick.sync.charge_port import ChargeChange, NewCharge, ShownCharge
from tallystick.sync.days import Frame
from tallystick.sync.plan import Stop
from tallystick.sync.rules import Rules
from tallystick.sync.shown_charges import Shown, is_as_kept, seen_of
from tallystick.sync.target import Due
from tallystick.sync.words import other_currency, outside_contract, read_refused


@dataclass(frozen=True, slots=True)
class AlreadyBilled:
    """Nothing is to be sent. ``found``: a charge of ours that was not proved yet."""

    found: KeptPortion | None = None


@dataclass(frozen=True, slots=True)
class SendCharge:
    """``becomes``: what is expected of it once it is proved; ``before``: what it showed."""

    call: NewCharge | ChargeChange
    becomes: KeptPortion
    before: ShownCharge | None = None


@dataclass(frozen=True, slots=True)
class Differs:
    """Charges of ours that are not as they were proved."""

    cause: Cause
    seen: Sequence[SeenCharge]


ChargePlan = AlreadyBilled | SendCharge | Differs | Stop


@dataclass(frozen=True, slots=True)
class Place:
    """Where the charge goes. ``prefix``: how our references of this lane begin."""

    lane_id: int
    contract_id: int
    prefix: str
    frame: Frame


def references(due: Due, portions: Sequence[KeptPortion], place: Place) -> dict[str, int]:
    """What is looked for, with the contract each is expected on: ours, and the next one."""
    found = {
        one.reference: one.contract_id
        for one in _compared(due, portions)
        if one.contract_id is not None
    }
    return {**found, next_reference(due, portions, place): place.contract_id}


def next_reference(due: Due, portions: Sequence[KeptPortion], place: Place) -> str:
    """``tallystick:7:2026-05:1``. The same as long as no further charge has been proved."""
    ours = [
        one
        for one in portions
        if one.about == due.about and one.carrier is Carrier.CHARGE and one.lane_id == place.lane_id
    ]
    return f"{place.prefix}:{due.about}:{len(ours) + 1}"


def plan_charge(
    due: Due,
    portions: Sequence[KeptPortion],
    shown: Shown,
    *,
    place: Place,
    rules: Rules,
    code_id: int | None,
) -> ChargePlan:
    """``portions``: of the subscription; ``shown``: what was read for each of ``references``.

    ``code_id`` None: what charges are booked under is not known.
    """
    amounts = _amounts(due, rules)
    if isinstance(amounts, Stop):
        return amounts
    price, cost = amounts
    if wrong := _first_wrong(due, portions, shown):
        return wrong
    day = charge_day(due, place.frame)
    if isinstance(day, Stop):
        return day
    mine = [one for one in portions if one.about == due.about]
    has_price, has_cost = billed_so_far(mine)
    more_price = price - has_price
    more_cost = Decimal(0) if cost is None else cost - has_cost
    reference = next_reference(due, portions, place)
    new = KeptPortion(
        lane_id=place.lane_id,
        about=due.about,
        carrier=Carrier.CHARGE,
        price=more_price,
        cost=None if cost is None else more_cost,
        day=day,
        reference=reference,
        contract_id=place.contract_id,
        charge_id=None,
        compared=True,
    )
    if there := shown.get(reference):
        return _found(new, there)
    if not more_price and not more_cost:
        return AlreadyBilled()
    if (last := _open_charge(mine, shown, place)) is not None:
        return _change(last, shown[last.reference][0], more_price, more_cost, cost)
    if code_id is None:
        return Stop(State.FAILED, words.no_code())
    call = NewCharge(
        place.contract_id, reference, name_of(due, mine), day, new.price, new.cost, code_id
    )
    return SendCharge(call, new)


def charge_day(due: Due, frame: Frame) -> date | Stop:
    """The month's last day, or the contract's when that is earlier; an operation's own."""
    if due.kind is not OperationKind.AZURE_AMOUNTS:
        first = day = due.effective_on
    else:
        first, day = due.month, last_of(due.after["month"])
    if frame.ends_on is not None and first <= frame.ends_on < day:
        day = frame.ends_on
    before = frame.starts_on is not None and day < frame.starts_on
    after = frame.ends_on is not None and day > frame.ends_on
    if before or after:
        return Stop(State.FAILED, outside_contract(day, frame.starts_on, frame.ends_on))
    return day


def name_of(due: Due, mine: Sequence[KeptPortion]) -> str:
    """What stands on the invoice: ``Azure May 2026``."""
    if due.kind is not OperationKind.AZURE_AMOUNTS:
        return str(due.after["name"])
    return f"Azure {due.month:%B %Y}{', correction' if mine else ''}"


def _compared(due: Due, portions: Sequence[KeptPortion]) -> list[KeptPortion]:
    return [
        one
        for one in portions
        if one.about == due.about and one.carrier is Carrier.CHARGE and one.compared
    ]


def _amounts(due: Due, rules: Rules) -> tuple[Decimal, Decimal | None] | Stop:
    after = due.after
    if after["price_currency"] != rules.price_currency:
        return Stop(State.FAILED, other_currency(rules.price_currency))
    same = after.get("cost") is not None and after.get("cost_currency") == rules.cost_currency
    return Decimal(after["price"]), Decimal(after["cost"]) if same else None


def _first_wrong(due: Due, portions: Sequence[KeptPortion], shown: Shown) -> Differs | Stop | None:
    seen = []
    for one in _compared(due, portions):
        there = shown[one.reference]
        if len(there) == 1 and there[0].price is None:
            return Stop(State.FAILED, read_refused("it does not show the amounts of charges"))
        if not is_as_kept(there, one):
            seen.append((one, seen_of(there, one)))
    if not seen:
        return None
    first, other = seen[0]
    return Differs(words.changed_by_hand(first, other), [one for _, one in seen])


def _found(new: KeptPortion, there: Sequence[ShownCharge]) -> AlreadyBilled | Differs:
    """A charge with our reference that nobody has proved: it was sent, and never seen."""
    if is_as_kept(there, new):
        return AlreadyBilled(replace(new, charge_id=there[0].charge_id))
    if len(there) > 1:
        return Differs(words.two_charges(len(there)), [])
    return Differs(words.other_than_sent(new, there[0]), [])


def _open_charge(mine: Sequence[KeptPortion], shown: Shown, place: Place) -> KeptPortion | None:
    """The last one that can still be changed, on the contract of today."""
    for one in reversed(mine):
        is_ours = one.carrier is Carrier.CHARGE and one.compared
        if is_ours and one.contract_id == place.contract_id and not shown[one.reference][0].billed:
            return one
    return None


def _change(
    kept: KeptPortion,
    there: ShownCharge,
    more_price: Decimal,
    more_cost: Decimal,
    cost: Decimal | None,
) -> SendCharge:
    price = kept.price + more_price
    to_cost = kept.cost if cost is None else (kept.cost or Decimal(0)) + more_cost
    becomes = replace(kept, price=price, cost=to_cost, charge_id=there.charge_id)
    call = ChargeChange(there.contract_id, there.charge_id, kept.reference, price, to_cost)
    return SendCharge(call, becomes, there)
