"""Take events in: kept as they came, put in order, and each carried out when it has its turn.

1. Lock the source: its events come in one after another, and their order is frozen.
2. Keep each that is new as a fact, with the next number. The same id and content again is a
   duplicate; the same id with another content is a conflict, kept and never carried out.
3. Of each subscription that was spoken of, take the new ones together with those that wait, in
   the order they happened (``judge``), and carry out each by its verb (``carry_out``).
4. What became of each is a fact, too. Nothing here talks to the outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tallystick.identity.context import Context
from tallystick.ledger.wake import Wake
from tallystick.sources.intake import words
from tallystick.sources.intake.became import Became
from tallystick.sources.intake.event import Answer, NeutralEvent
from tallystick.sources.intake.outcomes import keep_outcome, outcomes_of
from tallystick.sources.intake.speaker import Speaker, speak_for
from tallystick.sources.intake.turns import take_turns
from tallystick.sources.models import SourceEvent


@dataclass(frozen=True, slots=True)
class Taken:
    """``id``: ours; ``event_id``: the source's. ``number``: its place in what this source told."""

    id: int
    event_id: str
    number: int
    became: Became


@dataclass(frozen=True, slots=True)
class _Kept:
    """``again``: the same was told before."""

    row: SourceEvent
    event: NeutralEvent
    again: bool


def take_in(
    source_id: int,
    events: Sequence[NeutralEvent],
    *,
    context: Context,
    now: datetime,
    wake: Wake,
    correlation_id: str,
) -> list[Taken]:
    """Answers in the order given. Raises NotFound when the source is not of this context.

    Without events it takes up what waited and need not wait any longer.
    """
    lanes: set[int] = set()

    def later(lane_ids: Sequence[int]) -> None:
        lanes.update(lane_ids)

    with transaction.atomic():
        speaker = speak_for(source_id, context, now=now, wake=later, correlation_id=correlation_id)
        kept = list(_keep(events, speaker))
        new = [(one.row, one.event) for one in kept if not one.again]
        outcomes = outcomes_of(one.row.pk for one in kept)
        take_turns([pair for pair in new if pair[0].pk not in outcomes], speaker)
        outcomes = outcomes_of(one.row.pk for one in kept)
        if lanes:
            wake(sorted(lanes))
    return [_taken(one, outcomes[one.row.pk]) for one in kept]


def _keep(events: Sequence[NeutralEvent], speaker: Speaker) -> Iterator[_Kept]:
    """Each, stored unless it was before. The first of an id is the one that counts."""
    known: dict[str, list[SourceEvent]] = {}
    rows = SourceEvent.objects.filter(
        source=speaker.source, event_id__in={event.id for event in events}
    )
    for row in rows.order_by("number"):
        known.setdefault(row.event_id, []).append(row)
    for event in events:
        same_id = known.setdefault(event.id, [])
        same = next((row for row in same_id if bytes(row.digest) == event.digest), None)
        if same is not None:
            yield _Kept(same, event, again=True)
            continue
        row = speaker.store(event)
        same_id.append(row)
        if len(same_id) > 1:
            keep_outcome(row, Became(Answer.CONFLICT, words.CONFLICT), speaker)
        yield _Kept(row, event, again=False)


def _taken(one: _Kept, became: Became) -> Taken:
    if one.again and became.answer is not Answer.CONFLICT:
        because = words.told_before(one.row.number, became.because)
        became = Became(Answer.DUPLICATE, because, became.operation_id)
    return Taken(one.row.pk, one.row.event_id, one.row.number, became)
