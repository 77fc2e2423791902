"""Write a friendly name to the line, where the connection asks for it; in the lane's order.

A text has no day, no units and no rate, so it is no part of a line's profile (docs/adr): it has an
attempt of its own, one shot like every other write, and is proved by reading the text back. To
send it twice would harm nobody; it is still looked at before it is sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tallystick.ledger.kinds import AttemptKind
from tallystick.ledger.lease import Lease
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.settle import Act, Intent, named
from tallystick.sync.engine import Engine, Milestone
from tallystick.sync.load import Work
from tallystick.sync.locked import under_lock
from tallystick.sync.port import Line, LineName
from tallystick.sync.send import one_shot, sent_before
from tallystick.sync.target import Due


def name_line(engine: Engine, lease: Lease, work: Work, batch: Sequence[Due], line: Line) -> bool:
    """The last name of the batch counts. Answers whether the turn goes on. Raises BillingError:
    then nothing has been sent."""
    billing = engine.billing(work.connection.id)
    wanted = LineName(line, str(batch[-1].after["value"]))
    shown = billing.shown_name(line)
    engine.reached(Milestone.OBSERVED)
    if shown == wanted.name:

        def already_so(lane: Lane, rows: list[Delivery], act: Act) -> None:
            named(lane, rows, {"name": shown}, act=act)

        return under_lock(engine, lease, work, batch, already_so)
    text = billing.written(wanted)

    def intent(deadline_in: float, now: Any) -> Intent:
        return Intent(
            kind=AttemptKind.NAME_LINE,
            contract_id=line.contract_id,
            line_id=line.line_id,
            effective_on=batch[0].effective_on,
            base={"name": shown},
            target={"name": wanted.name},
            body={"contract_id": line.contract_id, "line_id": line.line_id, "name": wanted.name},
            request_text=text,
            deadline_at=now + timedelta(seconds=deadline_in),
            resend_of_id=sent_before(batch[0], text),
        )

    return one_shot(
        engine,
        lease,
        work,
        batch,
        intent,
        lambda deadline: billing.name_line(wanted, deadline=deadline),
    )
