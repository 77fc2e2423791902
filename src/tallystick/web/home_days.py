"""What Home says of the last days: since yesterday in sentences, thirty days as plots. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.bootstrap.home import DayOf
from tallystick.ledger.kinds import OperationKind
from tallystick.web.plots import Plot, lasted, plot
from tallystick.web.words import counted


def since_yesterday(days: Sequence[DayOf]) -> list[str]:
    """Sentences; empty when nothing happened."""
    two = days[-2:]
    kinds: dict[OperationKind, int] = {}
    for one in two:
        for kind, number in one.day.recorded.items():
            kinds[kind] = kinds.get(kind, 0) + number
    said = []
    if kinds:
        parts = [f"{number} {kind.label}" for kind, number in kinds.items()]
        said.append(f"{counted(sum(kinds.values()), 'operation')} recorded: {', '.join(parts)}.")
    if proved := sum(one.day.proved for one in two):
        said.append(f"{counted(proved, 'operation')} proved in Autotask.")
    if failures := sum(one.failures for one in two):
        said.append(f"{counted(failures, 'failure')}.")
    if drifts := sum(one.drifts for one in two):
        said.append(f"{counted(drifts, 'difference')} found that we did not send.")
    return said


def plots_of(days: Sequence[DayOf]) -> list[Plot]:
    """Thirty days of operations, failures and time to green."""
    operations = [
        (d.day.on, d.day.operations, counted(d.day.operations, "operation")) for d in days
    ]
    failures = [(d.day.on, d.failures, counted(d.failures, "failure")) for d in days]
    spans = [
        (
            d.day.on,
            d.day.to_green.total_seconds() if d.day.to_green else None,
            lasted(d.day.to_green),
        )
        for d in days
    ]
    known = [d.day.to_green for d in days if d.day.to_green is not None]
    slowest = max(known, default=None)
    return [
        plot(
            "operations",
            "Operations",
            operations,
            words=f"{counted(sum(n for _, n, _ in operations), 'operation')} in 30 days.",
            top=str(max(n for _, n, _ in operations)),
        ),
        plot(
            "failures",
            "Failures",
            failures,
            words=f"{counted(sum(n for _, n, _ in failures), 'failure')} in 30 days.",
            top=str(max(n for _, n, _ in failures)),
        ),
        plot(
            "to-green",
            "Time to green",
            spans,
            words="Half of a day's operations were proved within so long of being recorded; "
            f"the slowest day took {lasted(slowest)}.",
            top=lasted(slowest),
        ),
    ]
