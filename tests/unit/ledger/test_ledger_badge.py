"""The badge of a lane: what it says of everything a lane can be. Pure."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from tallystick.ledger.badge import TRIES_BEFORE_RED, BadgeKind, Standing, badge
from tallystick.ledger.badge_words import Agreement, drift_words
from tallystick.ledger.state import SETTLED, State

PROVED = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
SINCE = datetime(2026, 5, 10, 9, 5, tzinfo=UTC)
AGAIN = datetime(2026, 5, 10, 9, 10, tzinfo=UTC)
PAUSED = datetime(2026, 5, 10, 8, 0, tzinfo=UTC)
SEEN = datetime(2026, 5, 10, 7, 0, tzinfo=UTC)

# A lane that is green: everything settled, and read back.
GREEN = Standing(
    mapped=True,
    unsettled=0,
    head_state=None,
    head_cause="",
    head_tries=0,
    head_retry_at=None,
    head_since=None,
    proved_at=PROVED,
    expected_units=10,
    drift_units=None,
    drift_amount=None,
    drift_since=None,
    drift_expected=None,
    paused_because="",
    paused_at=None,
)
HEAD = {"unsettled": 1, "head_since": SINCE, "head_retry_at": AGAIN}
HAND_EDIT = {"drift_units": 12, "drift_since": SEEN}
DECIDES = (
    "nothing is before somebody decides: keep Autotask's, restore ours or agree to it on the page "
    "Drift; or set it right in Autotask and press Sync."
)
AGREED = Agreement("Ada Admin", date(2026, 6, 30), AGAIN, "two are not billed")
PAUSE = {"paused_because": "Paused by Ada.", "paused_at": PAUSED}


def lane(**different: Any) -> Standing:
    return replace(GREEN, **different)


def head(state: State, **more: Any) -> Standing:
    return lane(**{**HEAD, "head_state": state, **more})


# What a lane is: the badge, the cause, since when, until when.
TABLE: dict[str, tuple[Standing, str, str, datetime | None, datetime | None]] = {
    "settled and read back": (GREEN, "synced", "", None, None),
    "proved to have no units": (lane(expected_units=0), "synced", "", None, None),
    "settled and read back, the connection paused": (lane(**PAUSE), "synced", "", None, None),
    "not mapped": (lane(mapped=False), "not_mapped", "", None, None),
    "not mapped, whatever else is stored": (
        replace(head(State.FAILED, head_cause="No."), mapped=False, **HAND_EDIT, **PAUSE),
        "not_mapped",
        "",
        None,
        None,
    ),
    "nothing to do and never read": (
        lane(proved_at=None),
        "checking",
        "Not read back from Autotask yet.",
        None,
        None,
    ),
    "mapped without a first sync": (
        lane(proved_at=None, expected_units=None),
        "left",
        "Nothing is compared or sent before its next change.",
        None,
        None,
    ),
    "its first day has not begun": (
        head(State.PENDING, rests_until=date(2026, 7, 1), begins_at=AGAIN),
        "left",
        "Nothing is compared or sent before 1 Jul 2026.",
        None,
        AGAIN,
    ),
    "failed": (head(State.FAILED, head_cause="No."), "out_of_sync", "No.", SINCE, None),
    "in conflict": (head(State.CONFLICT, head_cause="9."), "out_of_sync", "9.", SINCE, None),
    "failed while the connection is paused": (
        head(State.FAILED, head_cause="No.", **PAUSE),
        "out_of_sync",
        "No.",
        SINCE,
        None,
    ),
    "failed while somebody has edited the line": (
        head(State.FAILED, head_cause="No.", **HAND_EDIT),
        "out_of_sync",
        "No.",
        SINCE,
        None,
    ),
    "being checked": (
        head(State.CHECKING, head_cause="No answer."),
        "checking",
        "No answer.",
        SINCE,
        AGAIN,
    ),
    "being checked for the fifth time": (
        head(State.CHECKING, head_cause="No answer.", head_tries=5),
        "checking",
        "No answer.",
        SINCE,
        AGAIN,
    ),
    "being checked while the connection is paused": (
        head(State.CHECKING, head_cause="No answer.", **PAUSE),
        "checking",
        "No answer.",
        SINCE,
        AGAIN,
    ),
    "held for review": (
        head(State.PENDING, head_awaits_approval=True, to_approve=1, head_tries=5, head_cause="x"),
        "waiting_for_approval",
        "1 operation waits for approval. Nothing is sent before a person has approved.",
        SINCE,
        None,
    ),
    "held for review while the connection is paused": (
        head(State.PENDING, head_awaits_approval=True, to_approve=1, **PAUSE),
        "out_of_sync",
        PAUSE["paused_because"],
        PAUSE["paused_at"],
        None,
    ),
    "waiting for its turn": (head(State.PENDING, head_retry_at=None), "syncing", "", SINCE, None),
    "being sent": (head(State.SENDING, head_retry_at=None), "syncing", "", SINCE, None),
    "put off once": (
        head(State.PENDING, head_cause="Not reached.", head_tries=1),
        "syncing",
        "Not reached.",
        SINCE,
        AGAIN,
    ),
    "put off a second time": (
        head(State.PENDING, head_cause="Not reached.", head_tries=2),
        "out_of_sync",
        "Not reached.",
        SINCE,
        AGAIN,
    ),
    "put off many times": (
        head(State.PENDING, head_cause="Not reached.", head_tries=40),
        "out_of_sync",
        "Not reached.",
        SINCE,
        AGAIN,
    ),
    "asked again after many times, nothing in the way any more": (
        head(State.PENDING, head_tries=2),
        "syncing",
        "",
        SINCE,
        AGAIN,
    ),
    "being sent after many times": (
        head(State.SENDING, head_tries=2, head_retry_at=None),
        "syncing",
        "",
        SINCE,
        None,
    ),
    "waiting for a paused connection": (
        head(State.PENDING, **PAUSE),
        "out_of_sync",
        "Paused by Ada.",
        PAUSED,
        None,
    ),
    "left being sent when the connection was paused": (
        head(State.SENDING, **PAUSE),
        "out_of_sync",
        "Paused by Ada.",
        PAUSED,
        None,
    ),
    "waiting while somebody has edited the line": (
        head(State.PENDING, head_retry_at=None, **HAND_EDIT),
        "syncing",
        "",
        SINCE,
        None,
    ),
    "another number of units at Autotask": (
        lane(**HAND_EDIT),
        "out_of_sync",
        "Autotask shows 12 units, expected 10: somebody changed it there. Nothing was sent, and "
        + DECIDES,
        SEEN,
        None,
    ),
    "no units left at Autotask": (
        lane(drift_units=0, drift_since=SEEN),
        "out_of_sync",
        "Autotask shows 0 units, expected 10: somebody changed it there. Nothing was sent, and "
        + DECIDES,
        SEEN,
        None,
    ),
    "another amount at Autotask": (
        lane(drift_units=10, drift_amount=Decimal("99.00"), drift_since=SEEN),
        "out_of_sync",
        "Autotask shows the expected 10 units, but another amount (99.00): somebody changed the"
        " price there. Nothing was sent, and nothing is before somebody decides: keep Autotask's,"
        " restore ours or agree to it on the page Drift; or set the price right in Autotask and"
        " press Sync.",
        SEEN,
        None,
    ),
    "a change of ours twice at Autotask": (
        lane(**HAND_EDIT, duplicate=True),
        "out_of_sync",
        "Duplicate in Autotask: 12 units, expected 10. A change of ours is there twice. Nothing "
        "was sent because of it, and nothing is before somebody decides: the opposite change is "
        "prepared on the page Drift.",
        SEEN,
        None,
    ),
    "a difference a person agreed to": (
        lane(**HAND_EDIT, agreed=AGREED),
        "agreed",
        "Autotask shows 12 units, expected 10: Ada Admin agreed to that until 30 Jun 2026 (two are "
        "not billed.) Nothing is sent because of it; it is red again on that day, or when it "
        "changes.",
        SEEN,
        AGAIN,
    ),
    "an agreed difference of price": (
        lane(drift_units=10, drift_since=SEEN, agreed=replace(AGREED, reason="A gift!")),
        "agreed",
        "Autotask shows 10 units at another amount, expected 10: Ada Admin agreed to that until "
        "30 Jun 2026 (A gift!) Nothing is sent because of it; it is red again on that day, or when "
        "it changes.",
        SEEN,
        AGAIN,
    ),
    "an agreement whose day has come": (
        lane(**HAND_EDIT, agreed=AGREED, agreed_ended=True),
        "out_of_sync",
        "What Ada Admin agreed to ended on 30 Jun 2026. Autotask shows 12 units, expected 10: "
        "somebody changed it there. Nothing was sent, and " + DECIDES,
        SEEN,
        None,
    ),
    "edited at Autotask and never read since": (
        lane(proved_at=None, **HAND_EDIT),
        "out_of_sync",
        "Autotask shows 12 units, expected 10: somebody changed it there. Nothing was sent, and "
        + DECIDES,
        SEEN,
        None,
    ),
}


@pytest.mark.parametrize("situation", TABLE)
def test_the_badge_says(situation: str) -> None:
    standing, kind, cause, since, until = TABLE[situation]
    said = badge(standing)
    assert (said.kind.value, said.cause, said.since, said.until) == (kind, cause, since, until)
    assert said.pending == standing.unsettled
    assert said.proved_at == standing.proved_at


def test_the_table_has_every_badge() -> None:
    assert {kind for _, kind, *_ in TABLE.values()} == {kind.value for kind in BadgeKind}


def test_nothing_but_proof_makes_it_green() -> None:
    """Of everything a lane can be at once: green only if mapped, settled, read back, not edited."""
    heads = [None, *(state for state in State if state not in SETTLED)]
    seen = 0
    for mapped, state, proved, drift, paused, tries, cause, expected in product(
        [True, False],
        heads,
        [PROVED, None],
        [None, 0, 10, 12],
        ["", "Paused by Ada."],
        [0, 1, 2, 9],
        ["", "Not reached."],
        [None, 0, 10],
    ):
        said = badge(
            lane(
                mapped=mapped,
                unsettled=0 if state is None else 3,
                head_state=state,
                head_cause=cause,
                head_tries=tries,
                proved_at=proved,
                expected_units=expected,
                drift_units=drift,
                drift_since=None if drift is None else SEEN,
                paused_because=paused,
                paused_at=PAUSED if paused else None,
            )
        )
        proof = mapped and state is None and proved is not None and drift is None
        assert (said.kind is BadgeKind.SYNCED) == proof, (mapped, state, proved, drift)
        seen += proof
    assert seen


@pytest.mark.parametrize("state", [state for state in State if state not in SETTLED])
def test_a_lane_with_work_is_never_green_however_often_it_was_proved(state: State) -> None:
    assert badge(head(state, head_cause="x")).kind is not BadgeKind.SYNCED


@pytest.mark.parametrize("pending", [0, 1, 2, 17, 10_000])
@pytest.mark.parametrize("state", [None, State.PENDING, State.FAILED, State.CHECKING])
def test_pending_counts_every_unsettled_operation_the_stopped_one_included(
    state: State | None, pending: int
) -> None:
    assert badge(lane(unsettled=pending, head_state=state, head_cause="x")).pending == pending


def test_the_time_of_proof_is_shown_also_while_it_is_red() -> None:
    assert badge(head(State.FAILED, head_cause="No.")).proved_at == PROVED


def test_a_single_hiccup_is_not_news() -> None:
    assert TRIES_BEFORE_RED == 2


@pytest.mark.parametrize(
    ("kind", "label", "tone", "icon"),
    [
        ("synced", "Synced", "green", "check"),
        ("out_of_sync", "Out of Sync", "red", "alert-triangle"),
        ("syncing", "Syncing", "blue", "refresh"),
        ("checking", "Checking", "yellow", "clock"),
        ("not_mapped", "Not Mapped", "secondary", "unlink"),
    ],
)
def test_what_people_read_and_see(kind: str, label: str, tone: str, icon: str) -> None:
    one = BadgeKind(kind)
    assert (one.label, one.tone, one.icon) == (label, tone, icon)


def test_only_one_badge_is_green_and_none_is_told_by_its_colour_alone() -> None:
    assert [kind for kind in BadgeKind if kind.tone == "green"] == [BadgeKind.SYNCED]
    assert len({kind.icon for kind in BadgeKind}) == len(BadgeKind)
    assert len({kind.label for kind in BadgeKind}) == len(BadgeKind)


def test_what_waits_for_approval_is_counted() -> None:
    held = head(State.PENDING, head_awaits_approval=True, to_approve=2, unsettled=3)
    found = badge(held)
    assert (found.pending, found.to_approve) == (3, 2)
    assert found.cause.startswith("2 operations wait for approval.")


def test_included_units_stand_beside_those_that_are_billed() -> None:
    assert "expected 10 (2 more are included and not billed):" in drift_words(
        10, 12, None, included=2
    )
    assert "the expected 10 units (1 more is included and not billed)," in drift_words(
        10, 10, None, included=1
    )
    assert "included" not in drift_words(10, 12, None)
