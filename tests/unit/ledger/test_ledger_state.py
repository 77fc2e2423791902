"""The one table of how a delivery may change, as the sync protocol has it (section 3). Pure."""

from importlib import import_module
from itertools import product

import pytest

from tallystick.ledger.state import (
    IN_FLIGHT,
    INITIAL,
    SETTLED,
    STOPPED,
    TRANSITIONS,
    IllegalTransition,
    State,
    check,
)

# Written out by hand from the protocol, never read from the program.
ALLOWED = [
    ("pending", "sending"),
    ("pending", "synced"),
    ("pending", "failed"),
    ("pending", "conflict"),
    ("pending", "resolved"),
    ("sending", "synced"),
    ("sending", "pending"),
    ("sending", "failed"),
    ("sending", "checking"),
    ("checking", "synced"),
    ("checking", "pending"),
    ("checking", "conflict"),
    ("failed", "pending"),
    ("failed", "resolved"),
    ("conflict", "pending"),
    ("conflict", "resolved"),
]
NAMES = [
    "pending",
    "sending",
    "checking",
    "synced",
    "failed",
    "conflict",
    "not_applicable",
    "resolved",
]
REFUSED = sorted(set(product(NAMES, NAMES)) - set(ALLOWED))


def test_there_are_these_states_and_no_others() -> None:
    assert [state.value for state in State] == NAMES


def test_the_table_is_the_protocols_and_every_row_says_why() -> None:
    assert sorted((a.value, b.value) for a, b in TRANSITIONS) == sorted(ALLOWED)
    assert all(because.strip() for because in TRANSITIONS.values())


def test_the_databases_copy_is_the_same_table() -> None:
    guards = import_module("tallystick.ledger.migrations.0002_guards")
    assert sorted(guards.TRANSITIONS) == sorted(ALLOWED)


@pytest.mark.parametrize(("before", "after"), ALLOWED)
def test_a_row_of_the_table_is_allowed(before: str, after: str) -> None:
    check(State(before), State(after))


@pytest.mark.parametrize(("before", "after"), REFUSED)
def test_everything_else_is_refused_and_named(before: str, after: str) -> None:
    with pytest.raises(IllegalTransition, match=f"may not go from {before} to {after}"):
        check(State(before), State(after))


def test_a_delivery_begins_waiting_or_not_applicable() -> None:
    assert {"pending", "not_applicable"} == INITIAL


def test_settled_stopped_and_in_flight_are_what_the_protocol_calls_them() -> None:
    assert {"synced", "not_applicable", "resolved"} == SETTLED
    assert {"failed", "conflict"} == STOPPED
    assert {"sending", "checking"} == IN_FLIGHT
    assert SETTLED | STOPPED | IN_FLIGHT | {State.PENDING} == set(State)


def test_what_is_settled_never_changes_again() -> None:
    assert not [pair for pair in TRANSITIONS if pair[0] in SETTLED]


def test_what_was_sent_is_not_resolved_by_hand_before_it_has_been_read() -> None:
    assert not [pair for pair in TRANSITIONS if pair[0] in IN_FLIGHT and pair[1] == "resolved"]


@pytest.mark.parametrize(
    ("state", "label", "tone"),
    [
        (State.PENDING, "Waiting", "secondary"),
        (State.SENDING, "Sending", "blue"),
        (State.CHECKING, "Checking", "yellow"),
        (State.SYNCED, "Synced", "green"),
        (State.FAILED, "Failed", "red"),
        (State.CONFLICT, "Does not match", "red"),
        (State.NOT_APPLICABLE, "Not applicable", "secondary"),
        (State.RESOLVED, "Resolved by hand", "teal"),
    ],
)
def test_what_people_read_and_see(state: State, label: str, tone: str) -> None:
    assert (state.label, state.tone) == (label, tone)


def test_only_synced_is_green() -> None:
    assert [state for state in State if state.tone == "green"] == [State.SYNCED]
