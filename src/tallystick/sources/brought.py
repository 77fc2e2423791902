"""What sources brought: how many changes of which kind, the last time and in the last day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Count, OuterRef, Q, Subquery

from tallystick.sources.intake.event import EventType
from tallystick.sources.kinds import SourceKind
from tallystick.sources.models import Source, SourceEvent

A_DAY: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Brought:
    """``kinds``: how many of each, the most first. Recorded or not."""

    kinds: Sequence[tuple[EventType, int]] = ()

    @property
    def number(self) -> int:
        return sum(many for _, many in self.kinds)


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last time it was read or told something: ``at`` None is never.

    ``subscriptions`` and ``differences``: of a reading; None of what is told.
    """

    at: datetime | None
    subscriptions: int | None
    differences: int | None
    brought: Brought


@dataclass(frozen=True, slots=True)
class Yield:
    """What came of a source lately."""

    last_run: LastRun
    last_day: Brought


def yields_of(rows: Sequence[Source], *, now: datetime) -> Mapping[int, Yield]:
    """By the source's id; three questions, however many sources."""
    newest = SourceEvent.objects.filter(source=OuterRef("pk")).order_by("-number")
    told = dict(
        Source.objects.filter(pk__in=[row.pk for row in rows if _is_told(row)])
        .annotate(told_at=Subquery(newest.values("received_at")[:1]))
        .values_list("pk", "told_at")
    )
    ran = {row.pk: told.get(row.pk) if _is_told(row) else row.last_read_at for row in rows}
    # What came in one reading, or in one call, has one moment.
    runs = [Q(source=pk, received_at=at) for pk, at in ran.items() if at is not None]
    of_run = _counted(reduce(or_, runs)) if runs else {}
    of_day = _counted(Q(source__in=list(ran), received_at__gt=now - A_DAY))
    return {
        row.pk: Yield(
            _last_run(row, ran[row.pk], of_run.get(row.pk, Brought())),
            of_day.get(row.pk, Brought()),
        )
        for row in rows
    }


def _last_run(row: Source, at: datetime | None, brought: Brought) -> LastRun:
    counted = row.settings.get("brought", {})
    return LastRun(at, counted.get("subscriptions"), counted.get("differences"), brought)


def _counted(which: Q) -> dict[int, Brought]:
    rows = (
        SourceEvent.objects.filter(which)
        .values("source_id", "type")
        .annotate(many=Count("pk"))
        .order_by("-many", "type")
    )
    found: dict[int, list[tuple[EventType, int]]] = {}
    for one in rows:
        found.setdefault(one["source_id"], []).append((EventType(one["type"]), one["many"]))
    return {source_id: Brought(kinds) for source_id, kinds in found.items()}


def _is_told(row: Source) -> bool:
    return row.kind == SourceKind.EVENTS.value
