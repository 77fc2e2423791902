"""Do I need to do anything? One line, pure.

Green means that the look happened and that every line was proved. What did not run is said first:
of the rest nobody knows whether it is still so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tallystick.connections.sweeps import SweepState


class Tone(StrEnum):
    GREEN = "green"
    BLUE = "blue"
    YELLOW = "yellow"
    RED = "red"
    SECONDARY = "secondary"

    @property
    def icon(self) -> str:
        return {
            Tone.GREEN: "check",
            Tone.BLUE: "refresh",
            Tone.YELLOW: "clock",
            Tone.RED: "alert-triangle",
            Tone.SECONDARY: "info-circle",
        }[self]


@dataclass(frozen=True, slots=True)
class SweepOf:
    """How the looks at every line of one connection stand."""

    name: str
    state: SweepState
    because: str = ""


@dataclass(frozen=True, slots=True)
class Now:
    """What is so. Counts are of subscriptions, ``waits`` of operations behind what is stopped;
    ``left`` are those that by choice are not compared; ``undecided``: what was refused on its day,
    and terms that are over while nobody said what then; ``not_recorded``: what sources told and
    nobody recorded or ignored; ``troubled`` names the connections a person must see to."""

    worker_is_there: bool
    sweeps: Sequence[SweepOf]
    troubled: Sequence[str]
    mapped: int
    proved: int
    left: int
    stopped: int
    waits: int
    drifted: int
    to_approve: int
    under_way: int
    not_mapped: int
    undecided: int = 0
    not_seen: int = 0
    not_recorded: int = 0


@dataclass(frozen=True, slots=True)
class Headline:
    """``first``: what did not run, said before everything else. ``needs``: what a person must
    do, one sentence each; ``all_well``: nothing is left, and it was proved."""

    tone: Tone
    first: Sequence[str]
    needs: Sequence[str]
    rest: str

    @property
    def all_well(self) -> bool:
        return self.tone is Tone.GREEN

    @property
    def needs_you(self) -> bool:
        return bool(self.first or self.needs)

    @property
    def words(self) -> str:
        """All of it in one line."""
        return " ".join([*self.first, *self.needs, self.rest]).strip()


def headline(now: Now) -> Headline:
    """Decide."""
    first = _did_not_run(now)
    needs = _needs(now)
    red = bool(first or now.stopped or now.drifted or now.troubled or now.not_recorded)
    if red:
        return Headline(Tone.RED, first, needs, "")
    if needs:
        return Headline(Tone.YELLOW, (), needs, "")
    if not now.mapped:
        return Headline(Tone.SECONDARY, (), (), "Nothing is mapped yet, so nothing is billed.")
    unproved = [one.name for one in now.sweeps if one.state is not SweepState.DONE]
    if now.under_way or now.proved + now.left < now.mapped or unproved:
        return Headline(Tone.BLUE, (), (), _under_way(now, unproved))
    return Headline(Tone.GREEN, (), (), f"Nothing needs you. {_proved(now)}")


def _did_not_run(now: Now) -> list[str]:
    said = []
    if not now.worker_is_there:
        said.append("No worker is there: nothing is read from Autotask or sent to it.")
    for one in now.sweeps:
        match one.state:
            case SweepState.STOPPED:
                said.append(f"The look at every line of {one.name} stopped: {_end(one.because)}")
            case SweepState.NOT_ENDED:
                said.append(f"The look at every line of {one.name} was begun and did not end.")
            case SweepState.LATE:
                said.append(f"Nobody has looked at every line of {one.name} since yesterday.")
            case _:
                pass
    return said


def _needs(now: Now) -> list[str]:
    said = []
    if now.troubled:
        names = " and ".join(now.troubled)
        said.append(f"{names} need{'s' if len(now.troubled) == 1 else ''} attention.")
    if now.stopped or now.drifted:
        said.append(_out_of_sync(now))
    if now.to_approve:
        waits = "waits" if now.to_approve == 1 else "wait"
        said.append(f"{_of(now.to_approve, 'subscription')} {waits} for approval.")
    if now.not_recorded:
        waits = "waits" if now.not_recorded == 1 else "wait"
        said.append(f"{_of(now.not_recorded, 'change')} that a source told {waits} for a decision.")
    if now.not_mapped:
        said.append(
            f"{_of(now.not_mapped, 'active subscription')} {_is(now.not_mapped)} not mapped."
        )
    if now.undecided:
        waits = "waits" if now.undecided == 1 else "wait"
        said.append(
            f"{_of(now.undecided, 'subscription')} {waits} for a word on what happens now, under "
            "Renewals."
        )
    if now.not_seen:
        said.append(f"{_of(now.not_seen, 'change')} {_is(now.not_seen)} not seen at Microsoft.")
    return said


def _out_of_sync(now: Now) -> str:
    """``3 subscriptions are out of sync and 7 operations wait behind them.``"""
    number = now.stopped + now.drifted
    said = f"{_of(number, 'subscription')} {_is(number)} out of sync"
    if now.drifted:
        which = f"{now.drifted} of them " if number > 1 else ""
        said += f", {which}because Autotask shows something else"
    if now.waits:
        comma = "," if now.drifted else ""
        waits = "waits" if now.waits == 1 else "wait"
        them = "it" if now.stopped == 1 and not now.drifted else "them"
        said += f"{comma} and {_of(now.waits, 'operation')} {waits} behind {them}"
    return f"{said}."


def _under_way(now: Now, unproved: Sequence[str]) -> str:
    said = "Nothing needs you."
    if now.under_way:
        said += f" {_of(now.under_way, 'subscription')} {_is(now.under_way)} on the way."
    if unproved:
        said += f" Not every line was looked at yet: {', '.join(unproved)}."
    return f"{said} {_proved(now)}"


def _proved(now: Now) -> str:
    left = f", {now.left} left as {'it is' if now.left == 1 else 'they are'}" if now.left else ""
    return f"{now.proved} of {_of(now.mapped, 'line')} proved{left}."


def _of(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _end(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
