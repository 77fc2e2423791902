"""Each event has its turn: those of one subscription in the order they happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from django.db.models import Q

from tallystick.sources.intake import words
from tallystick.sources.intake.became import Became
from tallystick.sources.intake.carry_out import carry_out
from tallystick.sources.intake.event import Answer, How, NeutralEvent, Place, State
from tallystick.sources.intake.judge import Verdict, judge, missing, order_among
from tallystick.sources.intake.outcomes import keep_outcome
from tallystick.sources.intake.read_event import read_event, read_state
from tallystick.sources.intake.speaker import Speaker
from tallystick.sources.intake.speaker_ids import SEEN_ID
from tallystick.sources.models import SourceEvent, Subject, WaitingEvent
from tallystick.subscriptions.models import Subscription

Pair = tuple[SourceEvent, NeutralEvent]


@dataclass(slots=True)
class _Followed:
    """What is known of one subscription at the source, while its events have their turns."""

    row: Subject
    newest: Place | None
    state: State
    waits: set[int]

    @classmethod
    def of(cls, row: Subject, waits: Iterable[int]) -> _Followed:
        newest = Place(row.newest_number, row.newest_key, row.newest_id) if row.newest_key else None
        return cls(row, newest, read_state(row.state), set(waits))

    def has_shown(self, event: NeutralEvent) -> bool:
        """A list that is newer than the event said how all it speaks of had come to be."""
        if self.newest is None or not self.newest.id.startswith(SEEN_ID):
            return False
        return set(event.after.as_json()) <= set(self.row.shown)

    def had_its_turn(self, event: NeutralEvent) -> None:
        self.newest = event.place
        if event.how is not How.SNAPSHOT:
            self.row.told_at = event.happened_at
        if event.succeeded:
            self.state = event.after.over(self.state)
            # The row that its last list showed says something else now: the same again is news.
            self.row.row_digest = None

    def save(self) -> None:
        if self.newest is not None:
            self.row.newest_number = self.newest.number
            self.row.newest_key, self.row.newest_id = self.newest.key, self.newest.id
        self.row.state = self.state.as_json()
        self.row.save()


def take_turns(new: Sequence[Pair], speaker: Speaker) -> None:
    """In the transaction that stored them; what waits of the same subscriptions has its turn too"""
    waiting = _waiting({row.subject for row, _ in new}, speaker)
    by_subject: dict[str, list[Pair]] = {}
    for pair in [*waiting, *new]:
        by_subject.setdefault(pair[0].subject, []).append(pair)
    known = {
        row.subject: row
        for row in Subject.objects.filter(source=speaker.source, subject__in=by_subject)
    }
    waits = {row.pk for row, _ in waiting}
    for subject, pairs in sorted(by_subject.items()):
        row = known.get(subject) or Subject(source=speaker.source, subject=subject)
        followed = _Followed.of(row, waits & {one.pk for one, _ in pairs})
        for one, event in _in_order(pairs):
            _turn(one, event, followed, speaker)
        followed.save()


def _in_order(pairs: Sequence[Pair]) -> list[Pair]:
    order = order_among([event.place for _, event in pairs])
    return sorted(pairs, key=lambda pair: order(pair[1].place))


def _turn(row: SourceEvent, event: NeutralEvent, followed: _Followed, speaker: Speaker) -> None:
    newest = followed.newest
    verdict = judge(
        event.place, newest, received_at=row.received_at, patience=speaker.patience
    )  # fmt: skip
    match verdict:
        case Verdict.HOLD:
            held = words.held(missing(event.place, newest), speaker.source.hold_seconds // 60)
            _wait(row, Became(Answer.GAP, held), followed, speaker, until_known=False)
            return
        case Verdict.LATE if followed.has_shown(event):
            became = Became(Answer.ACCEPTED, words.SEEN_BEFORE)
        case Verdict.LATE:
            became = Became(Answer.LATE, words.LATE)
        case Verdict.TAKE | Verdict.TAKE_WITH_A_GAP:
            became = carry_out(event, asked=speaker.asked(event))
            if became.answer is Answer.UNMAPPED:
                _wait(row, became, followed, speaker, until_known=True)
                return
            if verdict is Verdict.TAKE_WITH_A_GAP and became.answer is Answer.ACCEPTED:
                said = f"{words.with_a_gap(missing(event.place, newest))} {became.because}"
                became = replace(became, answer=Answer.GAP, because=said.rstrip())
            followed.had_its_turn(event)
        case _:
            assert_never(verdict)
    if row.pk in followed.waits:
        WaitingEvent.objects.filter(event=row).delete()
    keep_outcome(row, became, speaker)


def _wait(
    row: SourceEvent, became: Became, followed: _Followed, speaker: Speaker, *, until_known: bool
) -> None:
    """Its turn comes later; said once."""
    hold = timedelta(seconds=speaker.source.hold_seconds)
    until = None if until_known else row.received_at + hold
    if row.pk not in followed.waits:
        WaitingEvent.objects.create(
            event=row, source=speaker.source, subject=row.subject, until=until
        )
        keep_outcome(row, became, speaker)
    elif until_known:
        WaitingEvent.objects.filter(event=row).update(until=None)


def _waiting(subjects: set[str], speaker: Speaker) -> list[Pair]:
    """Those of these subscriptions; and of any, whose time is over or that are known by now."""
    recorded = Subscription.objects.filter(tenant_id=speaker.source.tenant_id)
    due = (
        Q(subject__in=subjects)
        | Q(until__lte=speaker.now)
        | Q(until__isnull=True, subject__in=recorded.values("provider_id"))
    )
    found = WaitingEvent.objects.filter(due, source=speaker.source).values("subject")
    rows = WaitingEvent.objects.filter(source=speaker.source, subject__in=found)
    pairs = []
    for row in rows.select_related("event").order_by("event__number"):
        event = read_event(row.event.body, uri=speaker.source.uri)
        if isinstance(event, NeutralEvent):
            pairs.append((row.event, replace(event, how=How(row.event.how))))
    return pairs
