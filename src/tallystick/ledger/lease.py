"""Who may work on a lane, and the fence that keeps everybody else's hands off it.

1. A lane is taken by raising its token, under its row lock, on the database's clock.
2. It may be taken when nobody holds it, when the lease has run out, or when its holder is dead:
   every worker process holds an advisory lock named by its holder id, which the database frees
   the moment the process is gone.
3. One whose holder died before it gave it back is counted. Giving it back at the end of a turn
   ends the count.
4. Every later write first locks the row and asks for its own token. A worker that was paused
   for longer than its lease finds another token there and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from tallystick.ledger.models import Lane


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to change one lane, until somebody else has taken it."""

    lane_id: int
    token: int
    # How many turns in a row, the last one included, died with the lane; 0 when the last did not.
    lost: int = 0


class LeaseLost(Exception):
    """Somebody else has taken the lane: this turn may write nothing more."""


def holder_is_alive(holder: int) -> bool:
    """Whether the process of that holder id still holds its advisory lock. In a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [holder])
        row = cursor.fetchone()
    return not (row and row[0])


def take(lane_id: int, *, holder: int, now: datetime, seconds: float) -> Lease | None:
    """Take the lane if it may be taken. In a transaction; the row stays locked until its end."""
    lane = Lane.objects.select_for_update(no_key=True).get(pk=lane_id)
    alive = lane.holder is not None and holder_is_alive(lane.holder)
    if alive and lane.leased_until is not None and lane.leased_until > now:
        return None
    died = lane.holder not in (None, holder) and not alive
    if died:
        lane.turns_lost += 1
    lane.token += 1
    lane.holder = holder
    lane.leased_until = now + timedelta(seconds=seconds)
    lane.save(update_fields=["token", "holder", "leased_until", "turns_lost"])
    return Lease(lane_id=lane.pk, token=lane.token, lost=lane.turns_lost if died else 0)


def hold(lease: Lease) -> Lane:
    """Lock the lane for this transaction. Raises LeaseLost when the token is another's."""
    lane = (
        Lane.objects.select_for_update(no_key=True)
        .filter(pk=lease.lane_id, token=lease.token)
        .first()
    )
    if lane is None:
        raise LeaseLost(f"lane {lease.lane_id} was taken from token {lease.token}")
    return lane


def extend(lane: Lane, *, now: datetime, seconds: float) -> None:
    """Prolong the lease of a lane held in this transaction (saved with the lane)."""
    lane.leased_until = now + timedelta(seconds=seconds)


def release(lane: Lane, *, keep_count: bool = False) -> None:
    """Give the lane back, in the transaction that found nothing more to do.

    ``keep_count``: nothing was tried, so the turns that were lost before still count.
    """
    lane.holder = None
    lane.leased_until = None
    if not keep_count:
        lane.turns_lost = 0
    lane.save(update_fields=["holder", "leased_until", "turns_lost"])
