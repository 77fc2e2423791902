"""What to do with a batch, now that the line has been observed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from making import DAY, LINE, due, expected, row, rules

from tallystick.connections.policies import BackDated, ChangeDay, SameDay, SameDayPolicy
from tallystick.ledger.kinds import ENDS, OperationKind
from tallystick.ledger.profile import Step
from tallystick.ledger.state import State
from tallystick.sync.compare import Periods
from tallystick.sync.days import Frame, date_rule
from tallystick.sync.plan import AlreadySo, Move, Plan, Send, Stop, plan
from tallystick.sync.port import UnitRow
from tallystick.sync.unexpected import in_words

YESTERDAY, TOMORROW = date(2026, 5, 9), date(2026, 5, 11)


def planned(*rows: UnitRow, batch: Any = None, **more: Any) -> Plan:
    values: dict[str, Any] = {
        "line": LINE,
        "expected": expected(),
        "rules": rules(),
        "periods": Periods(None, None),
        "today": DAY,
    }
    return plan(batch or [due(12)], list(rows), **{**values, **more})


def code(stop: Plan) -> str:
    assert isinstance(stop, Stop)
    return stop.cause.code


def test_the_change_is_made_from_what_is_observed() -> None:
    found = planned(row(10))
    assert isinstance(found, Send)
    assert found.adjustment.unit_change == 2
    assert found.adjustment.effective_on == DAY
    assert (found.adjustment.unit_price, found.adjustment.unit_cost) == (None, None)
    assert found.base["units"] == 10
    assert [step["unit_price"] for step in found.base["wanted"]] == ["15.20"]


def test_already_so_is_proved_without_sending() -> None:
    found = planned(row(12, price="182.40"))
    assert isinstance(found, AlreadySo)
    assert found.proof.steps == (Step(DAY, None, 12, Decimal("15.20"), None),)
    assert not found.proof.adjusted


def test_no_rows_are_not_no_units() -> None:
    assert code(planned()) == "no_rows"
    assert code(planned(row(until=DAY))) == "no_rows"
    assert code(planned(fresh_own_line=True)) == "no_rows", "it was proved before"


def test_a_line_of_our_own_begins_at_nothing() -> None:
    found = planned(fresh_own_line=True, expected=expected(None, price=None))
    assert isinstance(found, Send)
    assert (found.adjustment.unit_change, found.base["rows"]) == (12, [])


def test_a_hidden_price_is_not_guessed() -> None:
    assert code(planned(row(12, price=None))) == "read_refused"


def test_what_was_not_expected_is_a_conflict_and_kept_as_seen() -> None:
    stop = planned(row(11, price="167.20"))
    assert code(stop) == "hand_edit"
    assert isinstance(stop, Stop)
    assert (stop.state, stop.observed_units) == (State.CONFLICT, 11)
    assert code(planned(row(10, price="1.00"))) == "hand_edit"


def test_a_value_a_person_accepted_is_the_base_if_the_line_shows_it_throughout() -> None:
    accepted = [due(15, accepted_units=11)]
    found = planned(row(11, price="9.99"), batch=accepted)
    assert isinstance(found, Send)
    assert found.adjustment.unit_change == 4
    assert code(planned(row(11), row(13), batch=accepted)) == "hand_edit"


def test_the_first_look_accepts_any_line_that_is_the_same_throughout() -> None:
    first = expected(None, price=None)
    assert isinstance(planned(row(3), expected=first), Send)
    assert code(planned(row(3), row(4), expected=first)) == "hand_edit"


def test_a_price_is_not_changed_in_an_approved_period() -> None:
    mapped = due(kind=OperationKind.MAP, after={"quantity": 12, "unit_price": "16.00"})
    assert code(planned(row(10, approved=True), batch=[mapped])) == "approved_period"
    assert isinstance(planned(row(10, approved=True)), Send), "units may be"


class TestASecondChangeOfADay:
    used = expected(since=DAY)
    before = row(7, until=DAY, price=None)
    now = row(10, starts=DAY)

    def found(self, *rows: UnitRow, **policy: Any) -> Plan:
        return planned(*rows, expected=self.used, rules=rules(**policy))

    def test_unknown_is_tried(self) -> None:
        found = self.found(self.before, self.now)
        assert isinstance(found, Send)
        assert found.base["day_was_used"]
        assert found.base["day_start_units"] == 7

    def test_refused_moves_or_stops(self) -> None:
        hold = self.found(self.before, self.now, same_day=SameDay.REFUSES)
        assert code(hold) == "same_day"
        move = self.found(
            self.before,
            self.now,
            same_day=SameDay.REFUSES,
            same_day_policy=SameDayPolicy.NEXT_DAY,
        )
        assert isinstance(move, Move)
        assert move.to == TOMORROW

    def test_replacing_is_counted_from_the_days_start_and_says_the_rates_again(self) -> None:
        found = self.found(self.before, self.now, same_day=SameDay.REPLACES)
        assert isinstance(found, Send)
        assert found.adjustment.unit_change == 5
        assert found.adjustment.unit_price == Decimal("15.20")

    def test_replacing_by_nothing_needs_a_price(self) -> None:
        found = planned(
            *(self.before, self.now),
            batch=[due(7)],
            expected=expected(10, price=None),
            rules=rules(same_day=SameDay.REPLACES),
        )
        assert code(found) == "same_day"
        assert isinstance(found, Stop)
        assert "Set 7 units by hand, and mark it as done" in found.cause.words

    def test_replacing_without_a_day_before_cannot_be_counted(self) -> None:
        assert code(self.found(self.now, same_day=SameDay.REPLACES)) == "same_day"

    def test_adding_is_nothing_special(self) -> None:
        found = self.found(self.before, self.now, same_day=SameDay.ADDS)
        assert isinstance(found, Send)
        assert found.adjustment.unit_change == 2

    def test_asked_again_after_a_replaced_change_without_confirming(self) -> None:
        again = [due(12, cause_code="replaces", accepted_units=9)]
        assert code(planned(row(9), batch=again)) == "replaces"
        confirmed = planned(row(9), batch=again, rules=rules(same_day=SameDay.REPLACES))
        assert isinstance(confirmed, Send)


def dated(day: date, **more: Any) -> Move | Stop | None:
    values: dict[str, Any] = {
        "expected": expected(since=DAY),
        "rules": rules(),
        "frame": Frame(date(2026, 1, 1), date(2026, 12, 31), 1),
    }
    return date_rule([due(effective_on=day)], **{**values, **more})


def test_dates_never_run_backwards() -> None:
    assert dated(DAY) is None
    stop = dated(YESTERDAY)
    assert isinstance(stop, Stop)
    assert stop.cause.code == "back_dated"
    assert dated(YESTERDAY, rules=rules(back_dated=BackDated.MOVE)) == Move(
        DAY, "moved to the day of the last proved change: it was dated before it"
    )


@pytest.mark.parametrize(
    ("policy", "since", "says"),
    [
        (ChangeDay.NEXT_PERIOD, date(2026, 6, 1), True),
        (ChangeDay.NEXT_PERIOD, date(2026, 7, 1), False),
        (ChangeDay.OWN_DAY, date(2026, 6, 1), False),
    ],
)
def test_behind_one_that_began_with_the_next_period_it_says_so(
    policy: ChangeDay, since: date, says: bool
) -> None:
    stop = dated(DAY, expected=expected(since=since), rules=rules(decrease_day=policy))
    assert isinstance(stop, Stop)
    words = "that is already in Autotask: it began with the next billing period, by policy."
    assert (words in stop.cause.words) is says


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2027, 1, 1)])
def test_dates_outside_the_contract_stop(day: date) -> None:
    stop = dated(day, expected=expected())
    assert isinstance(stop, Stop)
    assert stop.cause.code == "outside_contract"


def test_a_contract_without_known_dates_stops_nothing() -> None:
    assert dated(date(2030, 1, 1), frame=Frame(None, None, None)) is None


def test_rows_in_words() -> None:
    assert in_words([row(12, price="182.40")]) == "12 units (amount 182.40)"
    assert in_words([row(12, price=None)]) == "12 units"
    assert in_words([row(12), row(12), row(14), row(12)]) == "12, then 14 units"


class TestUntilALaterDay:
    """A change of the 12th, looked at on the 10th."""

    LATER = date(2026, 5, 12)

    def plan(self, *rows: UnitRow, accepted: int | None = None, units: int = 10) -> Plan:
        price = Decimal("15.20")
        before = Step(DAY, self.LATER, units, price, None)
        steps = (before, Step(self.LATER, None, 10, price, None))
        return planned(
            *rows,
            batch=[due(12, effective_on=self.LATER, accepted_units=accepted)],
            expected=replace(expected(), steps=steps),
        )

    def test_what_is_until_then_is_compared_too(self) -> None:
        rows = row(27, until=self.LATER), row(10, starts=self.LATER)
        assert code(self.plan(*rows)) == "hand_edit"
        so_already = row(27, until=self.LATER), row(12, starts=self.LATER, price="182.40")
        assert code(self.plan(*so_already)) == "hand_edit"

    def test_no_rows_until_then_are_no_units(self) -> None:
        assert code(self.plan(row(10, starts=self.LATER))) == "hand_edit"
        assert isinstance(self.plan(row(10, starts=self.LATER), units=0), Send)

    def test_hidden_amounts_until_then_are_not_a_difference(self) -> None:
        rows = row(10, until=self.LATER, price=None), row(10, starts=self.LATER)
        assert isinstance(self.plan(*rows), Send)

    def test_what_a_person_accepted_is_expected_until_then(self) -> None:
        rows = row(27, until=self.LATER), row(10, starts=self.LATER)
        found = self.plan(*rows, accepted=27)
        assert isinstance(found, Send)
        assert found.base["accepted_before"] == [{"until": "2026-05-12", "units": 27}]
        assert code(self.plan(*rows, accepted=28)) == "hand_edit"


class TestRates:
    """Of a change of rates, and of rates that are not as they should be."""

    PRICE = staticmethod(
        lambda **more: due(
            kind=OperationKind.UPDATE_PRICE_MARGIN,
            after={"unit_price": "16.40", "price_currency": "EUR", **more},
        )
    )

    def test_in_another_currency_there_is_nothing_to_send(self) -> None:
        in_dollars = self.PRICE(price_currency="USD")
        euro = rules(price_currency="EUR")
        assert code(planned(row(10), batch=[in_dollars], rules=euro)) == "other_currency"

    def test_what_a_person_accepted_is_brought_to_the_rate_we_expect(self) -> None:
        found = planned(row(12, price="200.00"), batch=[due(12, accepted_units=12)])
        assert isinstance(found, Send)
        sent = found.adjustment
        assert (sent.effective_on, sent.unit_change, sent.unit_price) == (
            DAY,
            0,
            Decimal("15.20"),
        )

    def test_days_that_no_row_shows_are_not_made_up(self) -> None:
        june, july = date(2026, 6, 1), date(2026, 7, 1)
        price = Decimal("15.20")
        known = (
            Step(DAY, june, 12, price, None),
            Step(june, july, 12, Decimal("16.00"), None),
            Step(july, None, 12, price, None),
        )
        found = planned(
            row(12, price="182.40"),
            row(12, starts=july, until=date(2026, 8, 1), price="182.40"),
            batch=[due(12, accepted_units=12)],
            expected=replace(expected(12), steps=known),
        )
        assert code(found) == "no_rows"

    def test_a_day_that_is_used_up_takes_no_price(self) -> None:
        before, now = row(7, until=DAY), row(10, starts=DAY)
        found = planned(before, now, batch=[self.PRICE()], rules=rules(same_day=SameDay.REFUSES))
        assert code(found) == "price_same_day"

    def test_hidden_amounts_of_other_units_are_not_judged(self) -> None:
        assert code(planned(row(10, price=None))) == "read_refused"


class TestAPostedPeriod:
    PERIODS = Periods(date(2026, 1, 1), 1, date(2026, 12, 31))
    JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)

    def test_is_posted_for_what_units_were_changed_in_it_since(self) -> None:
        rows = (
            row(10, until=DAY, approved=True),
            row(12, starts=DAY, price="182.40"),
            row(12, starts=self.JUNE, until=self.JULY, price="182.40"),
        )
        price = due(kind=OperationKind.UPDATE_PRICE_MARGIN, after={"unit_price": "16.40"})
        found = planned(*rows, batch=[price], periods=self.PERIODS, expected=expected(12))
        assert isinstance(found, Move)
        assert found.to == self.JUNE


class TestAfterTheContract:
    """It has ended by itself: nothing is left to be ended."""

    @pytest.mark.parametrize("kind", sorted(ENDS))
    def test_what_ends_it_is_done(self, kind: OperationKind) -> None:
        ends = due(kind=kind, after={"quantity": 0})
        over = Periods(date(2026, 1, 1), 1, YESTERDAY)
        found = planned(row(10, until=DAY), batch=[ends], periods=over)
        assert isinstance(found, AlreadySo)
        assert list(found.proof.steps) == [Step(DAY, None, 0, None, None)]

    @pytest.mark.parametrize("kind", sorted(ENDS))
    def test_the_end_of_one_of_several_is_not_the_end_of_the_others(
        self, kind: OperationKind
    ) -> None:
        ends = due(kind=kind, after={"quantity": 0}, others=5)
        over = Periods(date(2026, 1, 1), 1, YESTERDAY)
        assert code(planned(row(15, until=DAY), batch=[ends], periods=over)) == "no_rows"
        frame = Frame(date(2026, 1, 1), YESTERDAY, 1)
        assert isinstance(date_rule([ends], expected=expected(), rules=rules(), frame=frame), Stop)

    def test_no_rows_inside_it_are_not_understood(self) -> None:
        ends = due(kind=OperationKind.CANCEL, after={"quantity": 0})
        inside = Periods(date(2026, 1, 1), 1, date(2026, 12, 31))
        assert code(planned(row(10, until=DAY), batch=[ends], periods=inside)) == "no_rows"

    def test_the_dates_let_it_through_and_nothing_else(self) -> None:
        frame = Frame(date(2026, 1, 1), YESTERDAY, 1)
        for kind in OperationKind:
            one = due(kind=kind, after={"quantity": 1})
            found = date_rule([one], expected=expected(), rules=rules(), frame=frame)
            assert (found is None) == (kind in ENDS), kind
