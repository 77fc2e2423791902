"""The states of a delivery, and the one table of how they may change.

Pure. Nothing else in the program assigns a state: ``settle`` asks ``check`` first, and the
database refuses what is not in its own copy of this table.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where one operation stands on its way to one connection."""

    PENDING = "pending"
    SENDING = "sending"
    CHECKING = "checking"
    SYNCED = "synced"
    FAILED = "failed"
    CONFLICT = "conflict"
    NOT_APPLICABLE = "not_applicable"
    RESOLVED = "resolved"

    @property
    def label(self) -> str:
        return {
            State.PENDING: "Waiting",
            State.SENDING: "Sending",
            State.CHECKING: "Checking",
            State.SYNCED: "Synced",
            State.FAILED: "Failed",
            State.CONFLICT: "Does not match",
            State.NOT_APPLICABLE: "Not applicable",
            State.RESOLVED: "Resolved by hand",
        }[self]

    @property
    def tone(self) -> str:
        return {
            State.PENDING: "secondary",
            State.SENDING: "blue",
            State.CHECKING: "yellow",
            State.SYNCED: "green",
            State.FAILED: "red",
            State.CONFLICT: "red",
            State.NOT_APPLICABLE: "secondary",
            State.RESOLVED: "teal",
        }[self]


SETTLED = frozenset({State.SYNCED, State.NOT_APPLICABLE, State.RESOLVED})
STOPPED = frozenset({State.FAILED, State.CONFLICT})
IN_FLIGHT = frozenset({State.SENDING, State.CHECKING})

# How a delivery may begin.
INITIAL = frozenset({State.PENDING, State.NOT_APPLICABLE})

# (from, to): because.
TRANSITIONS: dict[tuple[State, State], str] = {
    (State.PENDING, State.SENDING): "its turn: the intent is stored before any byte leaves",
    (State.PENDING, State.SYNCED): "already so: observed equals the target, nothing to send",
    (State.PENDING, State.FAILED): "mapping missing or wrong, or the date is refused by policy",
    (State.PENDING, State.CONFLICT): "observed is not what was last proved",
    (State.PENDING, State.RESOLVED): "a named person said so, with a reason",
    (State.SENDING, State.SYNCED): "answered and proved by read-back",
    (State.SENDING, State.PENDING): "definitely not sent, or refused for a passing reason",
    (State.SENDING, State.FAILED): "a definite refusal, in Autotask's words",
    (State.SENDING, State.CHECKING): "no clear answer, or answered yes and not visible yet",
    (State.CHECKING, State.SYNCED): "read-back shows the target",
    (State.CHECKING, State.PENDING): "never answered, and proved not to have landed",
    (State.CHECKING, State.CONFLICT): "a third value, or a yes that never became visible",
    (State.FAILED, State.PENDING): "a person or a fixed cause asks again",
    (State.CONFLICT, State.PENDING): "a person or a fixed cause asks again",
    (State.FAILED, State.RESOLVED): "a named person said so, with a reason",
    (State.CONFLICT, State.RESOLVED): "a named person said so, with a reason",
}


class IllegalTransition(Exception):
    """A state change that the table does not have: a bug, never a way out."""


def check(before: State, after: State) -> None:
    """Raises IllegalTransition unless the table has the row."""
    if (before, after) not in TRANSITIONS:
        raise IllegalTransition(f"A delivery may not go from {before} to {after}.")
