"""The hour's calls as a bar with words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tallystick.connections.budget import Budget
from tallystick.web.words import counted, whole


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the bar: where it begins and how wide it is, in percent of what is allowed."""

    name: str
    begins: str
    width: str


@dataclass(frozen=True, slots=True)
class Bar:
    """``words`` says all of it, for whoever does not see the bar. ``share``: where ours ends."""

    segments: Sequence[Segment]
    share: str
    words: str
    left: str


def bar(calls: Budget) -> Bar:
    allowed = max(1, calls.threshold)
    ours = min(100.0, calls.spent * 100 / allowed)
    others = min(100.0 - ours, (calls.others or 0) * 100 / allowed)
    left = max(0, calls.left)
    return Bar(
        segments=[
            Segment("ours", _percent(0), _percent(ours)),
            Segment("others", _percent(ours), _percent(others)),
        ],
        share=_percent(min(100.0, calls.allowed * 100 / allowed)),
        words=f"{counted(calls.spent, 'call')} of ours, {_others(calls)}, of "
        f"{whole(calls.threshold)} that Autotask allows everybody together.",
        left=f"{counted(left, 'call')} left of our {whole(calls.allowed)}."
        if left
        else f"Nothing is left of our {whole(calls.allowed)}: what waits goes on as soon as the "
        "hour's first calls are an hour old.",
    )


def _others(calls: Budget) -> str:
    return "others not known yet" if calls.others is None else f"{whole(calls.others)} by others"


def _percent(value: float) -> str:
    return f"{value:.2f}%"
