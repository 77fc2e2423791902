"""What a commitment allows: windows of 7 days, each addition its own. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.catalog.terms import OfferKind
from tallystick.subscriptions.commitment import WINDOW, Commitment, Move, commitment
from tallystick.subscriptions.status import EndOfTerm

BOUGHT = datetime(2026, 1, 1, 9, tzinfo=UTC)
LAST_DAY = date(2026, 12, 31)


def on(day: int, hour: int = 9) -> datetime:
    return BOUGHT.replace(hour=hour) + timedelta(days=day - 1)


def of(*moves: Move, now: datetime, **more: Any) -> Commitment:
    known: dict[str, Any] = {
        "kind": OfferKind.NCE_LICENCE,
        "quantity": moves[-1].quantity if moves else 10,
        "last_day": LAST_DAY,
        "end_of_term": EndOfTerm.RENEW,
        "cancellable_until": None,
        "moves": moves,
        "now": now,
    }
    return commitment(**{**known, **more})


TEN = Move(BOUGHT, 10, anew=True)


def test_all_but_one_may_be_given_back_within_seven_days_of_buying() -> None:
    found = of(TEN, now=on(3))
    assert (found.reducible, found.cancel_by) == (9, BOUGHT + WINDOW)
    assert found.about_fewer() == found.why_not_fewer(1) == found.why_no_cancelling() == ""


def test_the_window_closes_at_its_moment() -> None:
    assert of(TEN, now=BOUGHT + WINDOW - timedelta(microseconds=1)).reducible == 9
    closed = of(TEN, now=BOUGHT + WINDOW)
    assert (closed.reducible, closed.batches, closed.cancel_by) == (0, (), None)


def test_each_addition_has_a_window_of_its_own() -> None:
    moves = (TEN, Move(on(20), 13), Move(on(24), 15))
    found = of(*moves, now=on(25))
    assert [(one.quantity, one.until) for one in found.batches] == [
        (2, on(24) + WINDOW),
        (3, on(20) + WINDOW),
    ]
    assert found.reducible == 5
    assert of(*moves, now=on(28)).reducible == 2
    assert of(*moves, now=on(31)).reducible == 0


def test_what_is_given_back_is_taken_from_the_newest() -> None:
    found = of(TEN, Move(on(20), 13), Move(on(24), 15), Move(on(25), 12), now=on(25, 10))
    assert [(one.quantity, one.added_at) for one in found.batches] == [(2, on(20))]


def test_a_renewal_opens_the_window_for_all() -> None:
    found = of(TEN, Move(on(366), 8, anew=True), now=on(367))
    assert (found.reducible, found.cancel_by) == (7, on(366) + WINDOW)


def test_what_the_vendor_said_counts_before_seven_days() -> None:
    said = on(4)
    assert of(TEN, now=on(5), cancellable_until=said).reducible == 0
    assert of(TEN, now=on(3), cancellable_until=said).cancel_by == said


def test_a_decrease_inside_the_commitment_is_explained() -> None:
    found = of(TEN, Move(on(20), 13), now=on(21))
    assert found.why_not_fewer(10) == ""
    assert found.why_not_fewer(9) == (
        "1 of these 4 licences is committed until 31 Dec 2026: Microsoft takes licences back only "
        "within 7 days of buying, adding or renewing them. At the renewal on 1 Jan 2027 any "
        "quantity is possible. Record it only if Microsoft accepted it."
    )
    later = of(TEN, now=on(30))
    assert later.why_not_fewer(9).startswith("This licence is committed until 31 Dec 2026: ")
    assert later.why_not_fewer(8).startswith("These 2 licences are committed until 31 Dec 2026: ")
    assert "takes back 3 of these 13 now; the other 10 are committed" in found.about_fewer()


def test_what_ends_with_its_term_says_so_instead() -> None:
    found = of(TEN, now=on(30), end_of_term=EndOfTerm.CANCEL)
    assert "It ends by itself on 1 Jan 2027." in found.why_no_cancelling()
    assert "renewal on" not in found.why_no_cancelling()


def test_a_software_subscription_is_cancelled_whole() -> None:
    kind = OfferKind.SOFTWARE_SUBSCRIPTION
    found = of(TEN, now=on(2), kind=kind)
    assert (found.reducible, found.cancel_by) == (0, BOUGHT + WINDOW)
    assert found.why_not_fewer(9) != ""


@pytest.mark.parametrize(
    "more",
    [
        {"kind": OfferKind.LEGACY_LICENCE},
        {"kind": OfferKind.AZURE_PLAN},
        {"last_day": None},
    ],
)
def test_where_no_commitment_is_known_nothing_is_said(more: dict[str, Any]) -> None:
    found = of(TEN, now=on(200), **more)
    assert not found.committed
    assert found.why_not_fewer(1) == found.about_fewer() == found.why_no_cancelling() == ""


QUANTITIES = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 50)), max_size=12)


@given(QUANTITIES, st.integers(0, 420))
def test_never_more_than_was_added_lately_and_never_the_last(
    changes: list[tuple[int, int]], days: int
) -> None:
    moves = [TEN, *(Move(on(1 + day), to) for day, to in sorted(changes, key=lambda one: one[0]))]
    now = on(1 + days, 10)
    known = [move for move in moves if move.at <= now]
    found = of(*known, now=now)
    added = sum(
        max(after.quantity - before.quantity, 0)
        for before, after in pairwise(known)
        if now < after.at + WINDOW
    )
    bought = TEN.quantity if now < TEN.at + WINDOW else 0
    assert 0 <= found.reducible <= min(added + bought, found.quantity - 1)
    assert sum(one.quantity for one in found.batches) <= found.quantity
    assert all(one.added_at <= now < one.until for one in found.batches)
