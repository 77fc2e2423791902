"""Bars over days, drawn by the server as SVG. Pure: sizes in units of the drawing, no style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tallystick.kit.days import in_words

WIDTH, HEIGHT, GAP = 600, 72, 4
# What is there must be seen, however small it is beside the largest.
LEAST = 2.0
MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Bar:
    """``says``: what is read when one points at it."""

    x: str
    y: str
    width: str
    height: str
    says: str


@dataclass(frozen=True, slots=True)
class Plot:
    """``words`` says the whole of it for whoever does not see it; ``top`` is the largest value."""

    name: str
    title: str
    words: str
    top: str
    bars: Sequence[Bar]
    first: str
    last: str
    width: int = WIDTH
    height: int = HEIGHT


def plot(
    name: str, title: str, values: Sequence[tuple[date, float | None, str]], *, words: str, top: str
) -> Plot:
    """``values``: day, height and what it says; None where there is nothing to draw."""
    largest = max((value for _, value, _ in values if value), default=0.0)
    step = WIDTH / max(1, len(values))
    bars = []
    for place, (day, value, says) in enumerate(values):
        if not value:
            continue
        height = max(LEAST, value / largest * HEIGHT)
        bars.append(
            Bar(
                x=f"{place * step + GAP / 2:.1f}",
                y=f"{HEIGHT - height:.1f}",
                width=f"{step - GAP:.1f}",
                height=f"{height:.1f}",
                says=f"{in_words(day)}: {says}",
            )
        )
    ends = (in_words(values[0][0]), in_words(values[-1][0])) if values else ("", "")
    return Plot(name, title, words, top, bars, *ends)


def lasted(span: timedelta | None) -> str:
    """``8 s``, ``3 min``, ``2.5 h``, ``3 days``; a dash when nothing lasted."""
    if span is None:
        return "—"
    seconds = span.total_seconds()
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < 2 * DAY:
        return f"{seconds / HOUR:.1f} h"
    return f"{seconds / DAY:.0f} days"
