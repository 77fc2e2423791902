"""Look at every settled line of a connection, many lines a call: what differs is drift.

1. A sweep reads the one row of each line that counts today: 499 lines a call. What differs there,
   and a line with a change of ours ahead, is read whole, so that both values can be told day by
   day. What somebody else has dated ahead is seen on its day, before anything is sent to that
   line, and when its line is looked at.
2. Named lanes are read whole at once. Charges of ours are looked at, too.
3. A lane with work under way is left to its turn, which looks before it writes. A difference turns
   the badge red with both values; nothing is sent because of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q

from tallystick.connections.learn import note_read, note_sweep_begun, note_swept
from tallystick.connections.queries import load as load_connection
from tallystick.connections.trouble import BillingError
from tallystick.kit.chunks import chunks
from tallystick.kit.clock import civil_day
from tallystick.ledger.badge_words import drift_words
from tallystick.ledger.expected import steps
from tallystick.ledger.lease import Lease, hold
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.runs import finish_run, open_run
from tallystick.mappings.resolve import resolve
from tallystick.sync import words_look
from tallystick.sync.engine import Engine
from tallystick.sync.judge import Verdict, is_equal_today, judge
from tallystick.sync.load import Work, act_of
from tallystick.sync.passing import could_not_look
from tallystick.sync.port import Billing, Line
from tallystick.sync.verify_charges import verify_charges

# One less than a page holds: a page that is full is followed by a call that asks for more.
LINES_A_CALL = 499


@dataclass(frozen=True, slots=True)
class Swept:
    """Counts of lines. ``agreed``: they differ, as a person has agreed that they may."""

    looked_at: int
    equal: int
    different: int
    agreed: int = 0


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A lane that is compared, from ``first`` on: today, or its first day.

    ``whole``: today's row does not say everything that is expected of it.
    """

    lane_id: int
    line: Line
    first: date
    whole: bool


def verify(
    engine: Engine, connection_id: int, lane_ids: Sequence[int] | None = None, *, whole: bool = True
) -> Swept:
    """Read and compare. Raises BillingError: then nothing was concluded from what was not read.

    ``whole`` False reads the named lanes as a sweep does: today first, the rest of what differs.
    """
    connection = load_connection(connection_id)
    begun_at = engine.clock.now()
    if lane_ids is None:
        note_sweep_begun(connection_id, now=begun_at)
    today = civil_day(begun_at, connection.time_zone)
    billing = engine.billing(connection_id)
    quiet = _quiet_lanes(connection_id, lane_ids, today)
    verdicts: dict[int, Verdict] = {}
    if lane_ids is None or not whole:
        quiet, verdicts = _glance(engine, billing, quiet, today)
    for some in chunks(quiet, LINES_A_CALL):
        found = billing.observe({one.line for one in some}, since=min(one.first for one in some))
        for one in some:
            verdicts[one.lane_id] = judge(engine, one.lane_id, found[one.line], today)
    for lane_id, as_expected in verify_charges(engine, connection_id, lane_ids).items():
        if not as_expected:
            verdicts[lane_id] = Verdict.DIFFERENT
        else:
            verdicts.setdefault(lane_id, Verdict.EQUAL)
    now = engine.clock.now()
    note_read(connection, now=now)
    if lane_ids is None:
        note_swept(connection_id, now=now)
    counts = Counter(verdicts.values())
    return Swept(
        len(verdicts), counts[Verdict.EQUAL], counts[Verdict.DIFFERENT], counts[Verdict.AGREED]
    )


def _glance(
    engine: Engine, billing: Billing, quiet: Sequence[_Quiet], today: date
) -> tuple[list[_Quiet], dict[int, Verdict]]:
    """What has to be read whole, and what today's rows say of the others."""
    whole = [one for one in quiet if one.whole]
    verdicts: dict[int, Verdict] = {}
    for some in chunks([one for one in quiet if not one.whole], LINES_A_CALL):
        found = billing.observe({one.line for one in some}, since=today, until=today)
        for one in some:
            if is_equal_today(engine, one.lane_id, found[one.line], today):
                verdicts[one.lane_id] = Verdict.EQUAL
            else:
                whole.append(one)
    return whole, verdicts


def look_again(engine: Engine, lease: Lease, work: Work) -> bool:
    """Sync was pressed and nothing waits: read this one line, and answer what that showed."""
    paused = work.connection.is_paused(engine.clock.now())
    swept, failed = Swept(0, 0, 0), None
    if not paused:
        try:
            swept = verify(engine, work.connection.id, [work.lane_id])
        except BillingError as error:
            failed = error
    with transaction.atomic():
        lane = hold(lease)
        act = act_of(engine, work)
        if failed is not None:
            found = could_not_look(failed, work=work, act=act)
        elif swept.different or swept.agreed:
            found = _drift_of(lane, included=work.told.included_units)
        elif swept.equal:
            found = words_look.read_and_equal().words
        else:
            found = (
                words_look.paused_unread() if paused else words_look.nothing_to_compare()
            ).words
        run = open_run(lane.pk)
        assert run is not None  # noqa: S101 - a run asked for this look, and only we end it
        finish_run(run, now=act.now, found=found)
        lane.sync_asked_at = None
        lane.save(update_fields=["sync_asked_at"])
    return True


def _drift_of(lane: Lane, *, included: int) -> str:
    if lane.drift_units is None:
        return lane.drift_charges
    return drift_words(lane.drift_expected, lane.drift_units, lane.drift_amount, included=included)


def _quiet_lanes(connection_id: int, lane_ids: Sequence[int] | None, today: date) -> list[_Quiet]:
    """Each with its line and the first day that is compared: what counts is today and later."""
    lanes = (
        Lane.objects.filter(connection_id=connection_id, open=True, expected_units__isnull=False)
        # Another lane is taking over: what the earlier contract still shows says nothing.
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gt=today))
        .exclude(pk__in=Delivery.objects.filter(UNSETTLED).values("lane_id"))
    )
    if lane_ids is not None:
        lanes = lanes.filter(pk__in=lane_ids)
    quiet = []
    for lane in lanes.order_by("pk"):
        mapping = resolve(lane.pk)
        if mapping is not None and mapping.line_id is not None:
            line = Line(mapping.contract_id, mapping.line_id)
            first, *later = steps(lane, today=today)
            whole = bool(later) or first.starts_on > today
            quiet.append(_Quiet(lane.pk, line, first.starts_on, whole))
    return quiet
