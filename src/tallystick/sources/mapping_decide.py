"""What a row of a mappings file means for what is recorded: at most one act. Pure.

Imported again the same file changes nothing: what a row says is how it is to be, never a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tallystick.kit.problem import FieldError
from tallystick.sources.mapping_said import ACT, REASON, Said, Wish


class Act(StrEnum):
    NOTHING = "nothing"
    MAP = "map"
    CHANGE = "change"
    UNMAP = "unmap"
    EXCLUDE = "exclude"
    INCLUDE = "include"


@dataclass(frozen=True, slots=True)
class Standing:
    """How it is recorded: mapped, left out, or neither."""

    theirs_id: int | None = None
    theirs: str = ""
    excluded_because: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """``words``: what happens, for a person. ``steps``: verbs, in order; none for NOTHING."""

    act: Act
    words: str
    steps: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """What the row's cell of theirs says; ``id`` None when it is empty."""

    column: str
    id: int | None = None
    name: str = ""


Decided = Decision | list[FieldError]
SAME = Decision(Act.NOTHING, "as it is recorded")


def decide(said: Said, now: Standing, theirs: Named, *, instead: str) -> Decided:
    """``instead``: what to do about one that is mapped to another, for a person."""
    match said.act:
        case Wish.UNMAP:
            return _unmap(said, now, theirs)
        case Wish.INCLUDE:
            return _include(said, now, theirs)
    if theirs.id is not None and said.reason:
        return [FieldError(REASON, f"and {theirs.column} are both filled: a row has one of them")]
    if theirs.id is not None:
        return _map(said, now, theirs, instead)
    if said.reason:
        return _exclude(said, now, instead)
    if said.act is Wish.CHANGE:
        return [FieldError(ACT, f"says change, and neither {theirs.column} nor {REASON} says what")]
    return SAME


def _map(said: Said, now: Standing, theirs: Named, instead: str) -> Decided:
    if now.theirs_id is None:
        return Decision(Act.MAP, f"mapped to {theirs.name}", (Act.MAP,))
    if now.theirs_id == theirs.id:
        return SAME
    if said.act is Wish.CHANGE:
        words = f"mapped to {theirs.name} instead of {now.theirs}"
        return Decision(Act.CHANGE, words, (Act.UNMAP, Act.MAP))
    return [FieldError(theirs.column, f"it is mapped to {now.theirs} here: {instead}")]


def _exclude(said: Said, now: Standing, instead: str) -> Decided:
    if said.reason == now.excluded_because:
        return SAME
    words = f"left out: {said.reason}"
    if now.theirs_id is None and not now.excluded_because:
        return Decision(Act.EXCLUDE, words, (Act.EXCLUDE,))
    if said.act is Wish.CHANGE:
        first = Act.INCLUDE if now.excluded_because else Act.UNMAP
        return Decision(Act.CHANGE, words, (first, Act.EXCLUDE))
    if now.theirs_id is not None:
        return [FieldError(REASON, f"it is mapped to {now.theirs} here: {instead}")]
    words = f"it is left out already, because: {now.excluded_because}. {_CHANGE}"
    return [FieldError(REASON, words)]


def _unmap(said: Said, now: Standing, theirs: Named) -> Decided:
    if said.reason:
        return [FieldError(REASON, "is filled, and act says unmap: write change to leave it out")]
    if now.theirs_id is None:
        return SAME
    if theirs.id is not None and theirs.id != now.theirs_id:
        words = f"it is mapped to {now.theirs} now, not to {theirs.name}: look again"
        return [FieldError(theirs.column, words)]
    return Decision(Act.UNMAP, f"not mapped to {now.theirs} any more", (Act.UNMAP,))


def _include(said: Said, now: Standing, theirs: Named) -> Decided:
    if theirs.id is not None:
        words = "is filled, and act says include: mapping it takes it back in by itself"
        return [FieldError(theirs.column, words)]
    if said.reason and now.excluded_because and said.reason != now.excluded_because:
        words = f"it is left out because: {now.excluded_because}. Look again"
        return [FieldError(REASON, words)]
    if not now.excluded_because:
        return SAME
    return Decision(Act.INCLUDE, "to be mapped again", (Act.INCLUDE,))


_CHANGE = "Write change in act to replace that"
