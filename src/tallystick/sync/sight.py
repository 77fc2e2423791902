"""Keep what a reading shows that nobody here wrote. Nothing is sent or stopped because of it.

1. Only a difference from what was *proved* counts, and only where this database knows all that was
   sent: a restored one does not, so what was proved before a person last resumed the connection
   proves nothing here.
2. What our own sends may have led to, answered or not, is never somebody else's.
3. What was changed after an operation had stopped was probably mended, as its cause asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tallystick.audit.events import Event
from tallystick.audit.queries import last_at
from tallystick.connections.queries import load as load_connection
from tallystick.ledger.kinds import SightingKind
from tallystick.ledger.models import Attempt, Lane
from tallystick.ledger.profile import Step
from tallystick.ledger.second_writer import UnitChange, changes_in_words
from tallystick.ledger.settle import Act
from tallystick.ledger.sightings import keep_sighting, may_be_ours, sighted, uncertain, units_meant
from tallystick.sync.classify import Conclusion
from tallystick.sync.port import Line, UnitRow
from tallystick.sync.unexplained import unexplained


def sight(
    lane: Lane,
    line: Line,
    rows: Sequence[UnitRow],
    steps: Sequence[Step],
    *,
    act: Act,
    about_to: tuple[date, int] | None = None,
) -> None:
    """In the transaction that holds the lane. ``rows``: what was read, ``steps``: what is expected.

    ``about_to``: the day and the units of the change that was to be sent.
    """
    # Asked of the rows first: nearly always they are as expected, and the database is left alone.
    if unexplained(rows, steps, ours=()) is None or not _knows_all(lane):
        return
    change = unexplained(rows, steps, ours=may_be_ours(lane, now=act.now))
    if change is None:
        return
    ours = about_to == (change.on, change.after)
    _keep(lane, line, SightingKind.OUR_CHANGE if ours else SightingKind.CHANGED, change, act)


def sight_sent(
    lane: Lane,
    line: Line,
    attempt: Attempt,
    conclusion: Conclusion,
    rows: Sequence[UnitRow],
    steps: Sequence[Step],
    *,
    answered_yes: bool,
    refused: bool,
    act: Act,
) -> None:
    """What the read-back of a send says of others, before it is settled.

    ``refused``: as the day's second change; when it is there all the same, somebody made it.
    """
    before, after = int(attempt.base["units"]), units_meant(attempt)
    match conclusion:
        case Conclusion.SYNCED if refused and before != after:
            if _is_all_we_sent(lane, act):
                change = UnitChange(attempt.effective_on, before, after)
                _keep(lane, line, SightingKind.OUR_CHANGE, change, act)
        case Conclusion.DUPLICATE if answered_yes:
            # Sent once, answered with a clear yes, and there twice.
            if _is_all_we_sent(lane, act):
                change = UnitChange(attempt.effective_on, after, rows[0].units)
                _keep(lane, line, SightingKind.CHANGED, change, act)
        case Conclusion.THIRD_VALUE if not attempt.base["day_was_used"]:
            sight(lane, line, rows, steps, act=act)
        case _:
            pass


def changed_lately(lane: Lane, *, act: Act) -> str:
    """What others did to the line, in words; empty when nothing was seen that is not dealt with."""
    seen = sighted([lane.pk], now=act.now).get(lane.pk, ())
    return changes_in_words([one.change for one in seen if not one.dealt_with])


def _is_all_we_sent(lane: Lane, act: Act) -> bool:
    """What else was sent and left in doubt could be what is there: then nothing is concluded."""
    return _knows_all(lane) and len(uncertain(lane, now=act.now)) == 1


def _keep(lane: Lane, line: Line, kind: SightingKind, change: UnitChange, act: Act) -> None:
    keep_sighting(lane, kind, change, contract_id=line.contract_id, line_id=line.line_id, act=act)


def _knows_all(lane: Lane) -> bool:
    """Whether the line was proved, and everything sent since then is in this database."""
    connection = load_connection(lane.connection_id)
    if lane.proved_at is None or (
        connection.paused_at is not None and connection.resume_at is None
    ):
        return False
    resumed_at = last_at(
        Event.RESUME_CONNECTION, tenant_id=lane.tenant_id, connection_id=lane.connection_id
    )
    return resumed_at is None or lane.proved_at > resumed_at
