"""What a reading after a send means, and what follows from it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from making import DAY, NOW, row

from tallystick.ledger.profile import Step, as_json
from tallystick.sync.classify import (
    Conclusion,
    Sent,
    Verdict,
    conclude,
    sent_from_json,
    shown_so_far,
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
        wanted=(Step(DAY, None, to, None, None),),
    )


@pytest.mark.parametrize(
    ("units", "verdict"),
    [(12, Verdict.LANDED), (10, Verdict.BASE), (14, Verdict.DOUBLED), (13, Verdict.THIRD)],
)
def test_the_units_say_what_became_of_it(units: int, verdict: Verdict) -> None:
    shown = [row(units, price="152.00")]
    assert verdict_of(shown, sent(), unit_change=2, periods=PERIODS) is verdict


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
    price = Decimal("15.20")
    wanted = (Step(DAY, None, 10, price, None),)
    priced = Sent(10, meant.base_rows, 10, False, Target(None, price), wanted)
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
        (Verdict.PARTLY, Conclusion.GO_ON),
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
    wanted = (Step(DAY, None, 12, Decimal("15.20"), None),)
    base = {
        "units": 10,
        "rows": [],
        "day_start_units": None,
        "day_was_used": True,
        "wanted": as_json(wanted),
    }
    found = sent_from_json(base, Target(12).as_json(), day=DAY)
    assert found == Sent(10, [], None, True, Target(12), wanted)


def test_an_intent_of_an_earlier_version_is_read_back() -> None:
    base = {
        "units": 10,
        "rows": [],
        "day_start_units": None,
        "day_was_used": True,
        "expect_unit_price": "15.20",
        "expect_unit_cost": None,
    }
    found = sent_from_json(base, Target(12).as_json(), day=DAY)
    assert found.wanted == (Step(DAY, None, 12, Decimal("15.20"), None),)


class TestARateInSeveralRows:
    """Whether later rows follow a new rate is Autotask's habit: what they did is looked at."""

    may, june = row(10), row(10, starts=date(2026, 6, 1), until=date(2026, 7, 1))
    new = Decimal("16.00")
    rate = Sent(
        10,
        snapshot([may, june]),
        10,
        False,
        Target(None, new),
        (Step(DAY, None, 10, new, None),),
        sets_rate=True,
    )

    def seen(self, may: str, june: str, units: int = 10) -> Verdict:
        rows = [replace(self.may, price=Decimal(may)), replace(self.june, price=Decimal(june))]
        shown = [replace(one, units=units) for one in rows]
        return verdict_of(shown, self.rate, unit_change=0, periods=PERIODS)

    def test_all_rows(self) -> None:
        assert self.seen("160.00", "160.00") is Verdict.LANDED

    def test_the_first_row_alone(self) -> None:
        assert self.seen("160.00", "152.00") is Verdict.PARTLY

    def test_another_rate_or_other_units_are_a_third_value(self) -> None:
        assert self.seen("161.00", "152.00") is Verdict.THIRD
        assert self.seen("176.00", "152.00", units=11) is Verdict.THIRD

    def test_what_a_change_of_units_leaves_at_an_unexpected_rate_is_no_part(self) -> None:
        wanted = (Step(DAY, None, 12, self.new, None),)
        units = replace(self.rate, target=Target(12), wanted=wanted, sets_rate=False)
        rows = [replace(one, units=12) for one in (self.may, self.june)]
        rows[0] = replace(rows[0], price=Decimal("192.00"))
        assert verdict_of(rows, units, unit_change=2, periods=PERIODS) is Verdict.THIRD

    def test_of_later_rows_the_rate_is_not_known(self) -> None:
        rows = [replace(self.may, price=Decimal("160.00")), self.june]
        assert shown_so_far(rows, self.rate, DAY) == (
            Step(DAY, date(2026, 6, 1), 10, self.new, None),
            Step(date(2026, 6, 1), None, 10, None, None),
        )
        assert shown_so_far(rows[:1], self.rate, DAY) == self.rate.wanted
