"""Was it done by hand? A reading tells: of the line, beside what the stopped operation wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tallystick.connections.trouble import BillingError
from tallystick.ledger.kinds import ENDS
from tallystick.ledger.models import Lane
from tallystick.ledger.profile import Step
from tallystick.mappings.resolve import Resolved
from tallystick.sync.begin import frame_of
from tallystick.sync.compare import Match, match_steps
from tallystick.sync.load import Work, load
from tallystick.sync.plan import first_day, wanted_of
from tallystick.sync.port import Billing, Line, UnitRow
from tallystick.sync.target import target_of
from tallystick.sync.unexpected import in_words

BillingOf = Callable[[int], Billing]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read for one operation. ``wanted`` is expected when it agrees; ``shown`` says what
    the line shows, or why that is not known."""

    operation_id: int
    agrees: bool
    wanted: Sequence[Step]
    shown: str


def read_by_hand(lane_id: int, *, now: datetime, billing_of: BillingOf) -> Reading | None:
    """Of the lane's head; None when nothing waits. Not in a transaction: Autotask is read."""
    with transaction.atomic():
        lane = Lane.objects.select_for_update(no_key=True).get(pk=lane_id)
        work = load(lane, now=now)
    if work.head is None:
        return None
    if work.mapping is None or work.mapping.line_id is None:
        return _unread(work, "There is no line that could be read.")
    line = Line(work.mapping.contract_id, work.mapping.line_id)
    since = first_day(work.head.effective_on, work.today)
    try:
        rows = billing_of(work.connection.id).observe([line], since=since)[line]
    except BillingError as error:
        return _unread(work, f"Autotask could not be read: {error}")
    return _judge(work, work.mapping, rows)


def _judge(work: Work, mapping: Resolved, rows: Sequence[UnitRow]) -> Reading:
    head = work.due[0]
    ahead = [row for row in rows if row.until > head.effective_on]
    wanted = wanted_of([head], target_of([head], rules=work.rules()), ahead, expected=work.expected)
    if not ahead:
        none = Step(head.effective_on, None, 0, None, None)
        over = head.kind in ENDS and bool(rows) and not head.others
        return Reading(head.operation_id, over, [none], "Autotask shows nothing from that day on.")
    agrees = match_steps(ahead, wanted, frame_of(mapping).periods) is Match.SAME
    return Reading(head.operation_id, agrees, wanted, f"Autotask shows {in_words(ahead)}.")


def _unread(work: Work, because: str) -> Reading:
    return Reading(work.due[0].operation_id, agrees=False, wanted=(), shown=because)
