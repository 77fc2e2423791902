"""What a reading after a send means, and what follows from it."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from making import NOW, row

from tallystick.sync.classify import (
    Conclusion,
    Sent,
    Verdict,
    conclude,
    sent_from_json,
    verdict_of,
)
from tallystick.sync.compare import Periods, snapshot
from tallystick.sync.target import Target

PERIODS = Periods(None, None)
WINDOW = NOW + timedelta(seconds=300)


def sent(*, to: int = 12, day_start: int | None = 10, used: bool = False) -> Sent:
    return Sent(
        base_units=10,
        base_rows=snapshot([row(10)]),
        day_start_units=day_start,
        day_was_used=used,
        target=Target(to),
        unit_price=None,
        unit_cost=None,
    )


@pytest.mark.parametrize(
    ("units", "verdict"),
    [(12, Verdict.LANDED), (10, Verdict.BASE), (14, Verdict.DOUBLED), (13, Verdict.THIRD)],
)
def test_the_units_say_what_became_of_it(units: int, verdict: Verdict) -> None:
    shown = [row(units, price="152.00")]
    assert verdict_of(shown, sent(), unit_change=2, periods=PERIODS) is verdict
    assert sent().change == 2


def test_a_replaced_change_is_named_only_on_a_day_that_was_used() -> None:
    shown = [row(7)]
    meant = sent(day_start=5, used=True)
    assert verdict_of(shown, meant, unit_change=2, periods=PERIODS) is Verdict.REPLACED
    unused = sent(day_start=5)
    assert verdict_of(shown, unused, unit_change=2, periods=PERIODS) is Verdict.THIRD
    unseen = sent(day_start=None, used=True)
    assert verdict_of(shown, unseen, unit_change=2, periods=PERIODS) is Verdict.THIRD
    elsewhere = sent(day_start=6, used=True)
    assert verdict_of(shown, elsewhere, unit_change=2, periods=PERIODS) is Verdict.THIRD


def test_rows_that_differ_among_themselves_are_a_third_value() -> None:
    shown = [row(12), row(14)]
    assert verdict_of(shown, sent(), unit_change=2, periods=PERIODS) is Verdict.THIRD
    assert verdict_of([], sent(), unit_change=2, periods=PERIODS) is Verdict.THIRD


def test_a_mere_price_is_never_there_twice() -> None:
    meant = sent(to=10)
    shown = [row(10, price="1.00")]
    priced = Sent(
        10, meant.base_rows, 10, False, Target(10, Decimal("15.20")), Decimal("15.20"), None
    )
    assert verdict_of(shown, priced, unit_change=0, periods=PERIODS) is Verdict.THIRD


def concluded(
    verdict: Verdict,
    *,
    yes: bool = False,
    seconds: float = 0.0,
    earlier: tuple[datetime, ...] = (),
) -> Conclusion:
    return conclude(
        verdict,
        answered_yes=yes,
        now=NOW + timedelta(seconds=seconds),
        window_ends_at=WINDOW,
        earlier_base_at=earlier,
        recheck_seconds=60.0,
    )


@pytest.mark.parametrize(
    ("verdict", "conclusion"),
    [
        (Verdict.LANDED, Conclusion.SYNCED),
        (Verdict.DOUBLED, Conclusion.DUPLICATE),
        (Verdict.REPLACED, Conclusion.REPLACES),
        (Verdict.THIRD, Conclusion.THIRD_VALUE),
    ],
)
@pytest.mark.parametrize("yes", [True, False])
def test_a_value_that_is_not_the_base_decides_at_once(
    verdict: Verdict, conclusion: Conclusion, yes: bool
) -> None:
    assert concluded(verdict, yes=yes) is conclusion


def test_the_base_proves_nothing_before_the_window_is_over() -> None:
    many = tuple(NOW + timedelta(seconds=s) for s in range(0, 299, 7))
    assert concluded(Verdict.BASE, seconds=299, earlier=many) is Conclusion.LOOK_AGAIN
    assert concluded(Verdict.BASE, seconds=299, yes=True) is Conclusion.LOOK_AGAIN


def test_after_the_window_a_yes_is_a_conflict_and_never_sent_again() -> None:
    assert concluded(Verdict.BASE, seconds=300, yes=True) is Conclusion.YES_BUT_ABSENT


@pytest.mark.parametrize(
    ("first", "second", "conclusion"),
    [
        (299, 400, Conclusion.LOOK_AGAIN),  # the first was before the window's end
        (300, 359, Conclusion.LOOK_AGAIN),  # too close together
        (300, 360, Conclusion.NOT_LANDED),
    ],
)
def test_twice_the_base_after_the_window_a_minute_apart_is_proof_of_absence(
    first: float, second: float, conclusion: Conclusion
) -> None:
    earlier = (NOW + timedelta(seconds=first),)
    assert concluded(Verdict.BASE, seconds=second, earlier=earlier) is conclusion


def test_a_stored_intent_is_read_back() -> None:
    base = {
        "units": 10,
        "rows": [],
        "day_start_units": None,
        "day_was_used": True,
        "expect_unit_price": "15.20",
        "expect_unit_cost": None,
    }
    found = sent_from_json(base, Target(12).as_json())
    assert found == Sent(10, [], None, True, Target(12), Decimal("15.20"), None)
