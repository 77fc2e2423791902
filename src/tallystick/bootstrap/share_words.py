"""What a shared line shows now, and what those that it bills have: pure, of a look ahead."""

from __future__ import annotations

from tallystick.bootstrap.preview import Ahead, LaneAhead
from tallystick.kit.days import in_words


def units_in_words(ahead: Ahead, *, whose: str) -> str:
    """``From 3 May 2026 Autotask shows 10 units; together they have 15.`` Empty of an unread one.

    ``whose``: who has the units it is brought to, in words.
    """
    lane = next(iter(ahead.lanes), None)
    if lane is None or lane.target.units is None:
        return ""
    has = f"{whose} have {lane.target.units}"
    shows = None if lane.unread else _shown(lane)
    if shows is None:
        return f"{has[:1].upper()}{has[1:]}."
    units = "1 unit" if shows == 1 else f"{shows} units"
    return f"Autotask shows {units} for {in_words(lane.day)}; {has}."


def _shown(lane: LaneAhead) -> int | None:
    """On its day, before it is sent; None: what waits before it would stop."""
    if lane.foreseen is None:
        return None
    rows = (row for row in lane.foreseen.before if row.starts_on <= lane.day < row.until)
    return next((row.units for row in rows), 0)
