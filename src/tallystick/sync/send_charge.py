"""Send one charge, or its change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tallystick.ledger.kinds import AttemptKind
from tallystick.ledger.lease import Lease
from tallystick.ledger.profile import amount_as_text
from tallystick.ledger.settle import Intent
from tallystick.sync.charge_port import ChargeChange
from tallystick.sync.charges import SendCharge
from tallystick.sync.engine import Engine
from tallystick.sync.load import Work
from tallystick.sync.port import Answer
from tallystick.sync.send import one_shot, sent_before
from tallystick.sync.shown_charges import charge_as_json
from tallystick.sync.target import Due


def send_charge(engine: Engine, lease: Lease, work: Work, head: Due, plan: SendCharge) -> bool:
    """Send one charge, or its change, and prove it; our reference makes a lost answer findable."""
    call, becomes = plan.call, plan.becomes
    billing = engine.billing(work.connection.id)
    text = billing.written(call)
    body = {
        "contract_id": call.contract_id,
        "charge_id": plan.before.charge_id if plan.before else None,
        "reference": becomes.reference,
        "day": becomes.day.isoformat(),
        "price": amount_as_text(becomes.price),
        "cost": amount_as_text(becomes.cost),
    }

    def intent(deadline_in: float, now: Any) -> Intent:
        return Intent(
            kind=AttemptKind.CHANGE_CHARGE if plan.before else AttemptKind.CREATE_CHARGE,
            contract_id=call.contract_id,
            line_id=None,
            effective_on=becomes.day,
            base={"charge": charge_as_json(plan.before) if plan.before else None},
            target={**body, "about": becomes.about},
            body=body,
            request_text=text,
            deadline_at=now + timedelta(seconds=deadline_in),
            resend_of_id=sent_before(head, text),
        )

    def send_it(deadline: float) -> Answer:
        if isinstance(call, ChargeChange):
            return billing.change_charge(call, deadline=deadline)
        return billing.create_charge(call, deadline=deadline)

    return one_shot(engine, lease, work, [head], intent, send_it)
