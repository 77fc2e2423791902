"""Begin with an amount that goes out as a charge: our charges are read, then one call is decided.

The contract is known to be what it is said to be; nothing is read or said of the line. Raises
BillingError where a reading fails: then nothing has been sent.
"""

from __future__ import annotations

from typing import Any, assert_never

from tallystick.ledger.lease import Lease
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.portions import keep_charge, keep_seen
from tallystick.ledger.settle import Act, charged, stopped
from tallystick.ledger.state import State
from tallystick.mappings.resolve import Resolved
from tallystick.sync.charges import (
    AlreadyBilled,
    ChargePlan,
    Differs,
    Place,
    SendCharge,
    plan_charge,
    references,
)
from tallystick.sync.days import Frame
from tallystick.sync.engine import Engine, Milestone
from tallystick.sync.load import Work
from tallystick.sync.locked import under_lock
from tallystick.sync.plan import Stop
from tallystick.sync.port import Billing
from tallystick.sync.send_charge import send_charge
from tallystick.sync.shown_charges import Shown, charges_as_json
from tallystick.sync.target import Due

Reading = dict[str, Any]


def begin_charge(engine: Engine, lease: Lease, work: Work, head: Due, mapping: Resolved) -> bool:
    """Answers whether the turn goes on with this lane. Raises BillingError."""
    billing = engine.billing(work.connection.id)
    place = place_of(mapping)
    shown = billing.find_charges(references(head, work.portions, place))
    code_id = code_of(work, billing)
    engine.reached(Milestone.OBSERVED)
    decided = plan_charge(
        head, work.portions, shown, place=place, rules=work.rules(), code_id=code_id
    )
    return _carry_out(engine, lease, work, head, decided, shown)


def place_of(mapping: Resolved) -> Place:
    return Place(
        lane_id=mapping.lane_id,
        contract_id=mapping.contract_id,
        prefix=mapping.reference,
        frame=Frame(mapping.contract_starts_on, mapping.contract_ends_on, mapping.period_months),
    )


def code_of(work: Work, billing: Billing) -> int | None:
    """What charges are booked under: the connection's word, or the only one there is."""
    if work.connection.charge_code is not None:
        return work.connection.charge_code
    codes = billing.charge_codes()
    return codes[0].code_id if len(codes) == 1 else None


def _carry_out(
    engine: Engine, lease: Lease, work: Work, head: Due, decided: ChargePlan, shown: Shown
) -> bool:
    reading = {"charges": charges_as_json(shown)}
    match decided:
        case SendCharge():
            return send_charge(engine, lease, work, head, decided)
        case AlreadyBilled():
            return under_lock(
                engine,
                lease,
                work,
                [head],
                lambda lane, rows, act: _already(lane, rows, decided, reading, act),
            )
        case Differs():
            return under_lock(
                engine,
                lease,
                work,
                [head],
                lambda lane, rows, act: _differs(lane, rows, decided, reading, act),
            )
        case Stop():
            return under_lock(
                engine,
                lease,
                work,
                [head],
                lambda lane, rows, act: stopped(lane, rows, decided.state, decided.cause, act=act),
            )
        case _:
            assert_never(decided)


def _already(
    lane: Lane, rows: list[Delivery], decided: AlreadyBilled, reading: Reading, act: Act
) -> None:
    if decided.found is not None:
        keep_charge(lane, decided.found, now=act.now)
    charged(lane, rows, reading, act=act)


def _differs(
    lane: Lane, rows: list[Delivery], decided: Differs, reading: Reading, act: Act
) -> None:
    keep_seen(lane, decided.seen)
    stopped(lane, rows, State.CONFLICT, decided.cause, act=act, reading=reading)
