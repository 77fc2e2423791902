"""What to tell a recipient now: pure, from what is wrong and what they have been told already.

1. Something is wrong that was not before: it is noted, and told after the *window*, so that what
   heals at once is no news and what comes together is told together.
2. A few are told one by one. More than that, counting those told a moment ago, is a *flood*: one
   message, and whatever joins it is told with it. It is over when few enough are left for a whole
   window: one message says so, and names what is left.
3. What ended is told once, after the same window; what never was told ends in silence.
4. What lasts is told again, all of it in one message, once a *reminder* is due.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

WINDOW = timedelta(seconds=60)
MOST_ALONE = 5
# Those told one by one in so many windows count when it is asked whether it is a flood.
WINDOWS_REMEMBERED = 10


class Say(StrEnum):
    """What a message says of what it names."""

    BEGAN = "began"
    ENDED = "ended"
    MANY_BEGAN = "many_began"
    MANY_ENDED = "many_ended"
    FLOOD_OVER = "flood_over"
    STILL = "still"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that is or was wrong. ``told_at`` None: it waits to be told."""

    noticed_at: datetime
    told_at: datetime | None = None
    reminded_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def last_told_at(self) -> datetime:
        return max(filter(None, (self.noticed_at, self.told_at, self.reminded_at)))


@dataclass(frozen=True, slots=True)
class Flooding:
    """``calm_at``: since when few enough are left."""

    began_at: datetime
    calm_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """``remind_every`` None: never."""

    remind_every: timedelta | None
    window: timedelta = WINDOW
    most_alone: int = MOST_ALONE


@dataclass(frozen=True, slots=True)
class News:
    """One message. ``refs`` is what it is about; ``left``: of a flood that is over, what stays."""

    say: Say
    refs: tuple[str, ...]
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """What to tell, and what is known afterwards."""

    news: Sequence[News]
    notes: Mapping[str, Note]
    flooding: Flooding | None


def decide(
    wrong: Collection[str],
    notes: Mapping[str, Note],
    flooding: Flooding | None,
    rule: Rule,
    *,
    now: datetime,
) -> Decided:
    """``wrong``: what is so now, of one kind; ``notes`` and ``flooding``: as they were left."""
    known = _noted(wrong, notes, now)
    if flooding is not None:
        return _in_flood(known, flooding, rule, now)
    told, known = _began(known, rule, now)
    if any(one.say is Say.MANY_BEGAN for one in told):
        return Decided(told, known, Flooding(now))
    ended, known = _ended(known, rule, now)
    again, known = _again(known, rule, now)
    return Decided([*told, *ended, *again], known, None)


def _noted(wrong: Collection[str], notes: Mapping[str, Note], now: datetime) -> dict[str, Note]:
    known = {ref: replace(notes.get(ref, Note(now)), ended_at=None) for ref in wrong}
    for ref, note in notes.items():
        if ref not in known and note.told_at is not None:
            known[ref] = note if note.ended_at else replace(note, ended_at=now)
    return known


def _began(known: dict[str, Note], rule: Rule, now: datetime) -> tuple[list[News], dict[str, Note]]:
    lasting = {ref: note for ref, note in known.items() if note.ended_at is None}
    new = [ref for ref, note in lasting.items() if note.told_at is None]
    if not new or now - min(lasting[ref].noticed_at for ref in new) < rule.window:
        return [], known
    since = now - rule.window * WINDOWS_REMEMBERED
    lately = [ref for ref, note in lasting.items() if note.told_at and note.told_at > since]
    told = {ref: replace(lasting[ref], told_at=now) for ref in new}
    if len(new) + len(lately) > rule.most_alone:
        return [News(Say.MANY_BEGAN, tuple(lasting))], {**known, **told}
    return [News(Say.BEGAN, (ref,)) for ref in new], {**known, **told}


def _ended(known: dict[str, Note], rule: Rule, now: datetime) -> tuple[list[News], dict[str, Note]]:
    over = {ref: note.ended_at for ref, note in known.items() if note.ended_at is not None}
    if not over or now - min(over.values()) < rule.window:
        return [], known
    left = {ref: note for ref, note in known.items() if ref not in over}
    if len(over) > rule.most_alone:
        return [News(Say.MANY_ENDED, tuple(over))], left
    return [News(Say.ENDED, (ref,)) for ref in over], left


def _in_flood(known: dict[str, Note], flooding: Flooding, rule: Rule, now: datetime) -> Decided:
    known = {
        ref: note if note.told_at else replace(note, told_at=now) for ref, note in known.items()
    }
    left = [ref for ref, note in known.items() if note.ended_at is None]
    if len(left) > rule.most_alone:
        again, known = _again(known, rule, now)
        return Decided(again, known, replace(flooding, calm_at=None))
    calm_at = flooding.calm_at or now
    if now - calm_at < rule.window:
        return Decided([], known, replace(flooding, calm_at=calm_at))
    over = tuple(ref for ref in known if ref not in left)
    stay = {ref: replace(known[ref], reminded_at=now) for ref in left}
    return Decided([News(Say.FLOOD_OVER, over, tuple(left))], stay, None)


def _again(known: dict[str, Note], rule: Rule, now: datetime) -> tuple[list[News], dict[str, Note]]:
    if rule.remind_every is None:
        return [], known
    lasting = {ref: note for ref, note in known.items() if note.told_at and not note.ended_at}
    if not any(now - note.last_told_at >= rule.remind_every for note in lasting.values()):
        return [], known
    reminded = {ref: replace(note, reminded_at=now) for ref, note in lasting.items()}
    return [News(Say.STILL, tuple(lasting))], {**known, **reminded}
