"""Hear a webhook: who called is proved, where to look is kept, and the source is read soon.

1. Find the source by its address, which nobody can guess; let its kind prove the call.
2. Keep where to look, once, however often it is said: a call that is repeated changes nothing.
3. Bring the next reading forward, so that many calls make one. Never while the source is being
   read, nor while it asked us to wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from tallystick.identity.reach import SIGNING_IN, reach_of, reaching
from tallystick.kit.security_log import call_not_heard
from tallystick.sources.hints.hinted import Call, Hinted, Listener, NotHeard
from tallystick.sources.intake.speaker import context_of_source
from tallystick.sources.models import Hint, Source

# So long further calls may gather, and so long two readings because of calls are apart.
GATHERS: Final = timedelta(seconds=10)
APART: Final = timedelta(minutes=1)
# More than can be looked at one by one: then everything is read.
MOST_HINTS: Final = 500
ReadSoon = Callable[[datetime], None]
ListenerOf = Callable[[Source], Listener | None]


def hear(
    hook: str, call: Call, *, listener_of: ListenerOf, read_soon: ReadSoon, now: datetime
) -> bool:
    """Whether it was heard. ``read_soon`` is told when; nothing is stored of what is not heard."""
    with reaching(SIGNING_IN):
        source = Source.objects.filter(hook=hook).first()
    listener = None if source is None else listener_of(source)
    if source is None or listener is None:
        call_not_heard(hook=hook, why="There is no such address.")
        return False
    try:
        hints = listener.hints(source, call, now)
    except NotHeard as refused:
        call_not_heard(hook=hook, why=str(refused))
        return False
    with reaching(reach_of(context_of_source(source))), transaction.atomic():
        Source.objects.filter(pk=source.pk).update(heard_at=now)
        if hints:
            _keep(source, hints, now)
            _bring_forward(source, read_soon, now)
    return True


def hints_of(source: Source) -> list[Hint]:
    """What is to be looked at, the oldest first."""
    return list(Hint.objects.filter(source=source).order_by("heard_at", "pk")[:MOST_HINTS])


def looked_at(hints: Sequence[Hint]) -> None:
    """All of them, but those that were said again since."""
    for one in hints:
        Hint.objects.filter(pk=one.pk, heard_at=one.heard_at).delete()


def _keep(source: Source, hints: Sequence[Hinted], now: datetime) -> None:
    """Once each. When there are too many, everything is read and no further one is kept."""
    if Hint.objects.filter(source=source).count() >= MOST_HINTS:
        return
    Hint.objects.bulk_create(
        [
            Hint(source=source, customer=one.customer, subject=one.subject, heard_at=now)
            for one in set(hints)
        ],
        update_conflicts=True,
        unique_fields=["source", "customer", "subject"],
        update_fields=["heard_at"],
    )


def _bring_forward(source: Source, read_soon: ReadSoon, now: datetime) -> None:
    """Not where it is soon enough already: then it was said to the worker before."""
    last = source.last_read_at
    at = now + GATHERS if last is None else max(now + GATHERS, last + APART)
    brought = Source.objects.filter(
        Q(busy_until__isnull=True) | Q(busy_until__lte=now),
        Q(next_read_at__isnull=True) | Q(next_read_at__gt=at),
        pk=source.pk,
        trouble="",
    ).update(next_read_at=at)
    if brought:
        read_soon(at)
