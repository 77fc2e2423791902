"""A change that is there twice is named as what it is, and taken back by its opposite, once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from factories import TODAY, sibling
from harness import Line, World
from tallystick.connections.policies import PriceDay, SameDay
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.ledger.expected import steps
from tallystick.ledger.in_words import in_words
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Operation
from tallystick.mappings.drift_rows import DriftRow, list_drifts
from tallystick.operations.correct import correct, correctable
from tallystick.operations.restore_ours import restore_ours


def only(world: World) -> DriftRow:
    (one,) = list_drifts(world.tenancy.context, now=world.clock.now()).items
    return one


@pytest.fixture
def twice(world: World) -> Line:
    """Sent without an answer, not there after the whole waiting time, sent again; and then the
    first one landed too, long after the window."""
    world.simulator.set_knobs(same_day="add")
    world.policy(same_day=SameDay.ADDS)
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    world.work()
    world.wait(600)
    assert (line.badge, line.units()) == ("synced", 12)
    assert [one.resend_of_id is not None for one in line.attempts()] == [False, True]
    world.simulator.release()
    return line


def test_what_lands_after_the_window_is_named_a_duplicate(world: World, twice: Line) -> None:
    assert twice.units() == 14
    world.sweep()

    assert twice.badge == "out_of_sync"
    assert "Duplicate in Autotask: 14 units, expected 12." in twice.cause
    drift = only(world)
    assert (drift.kind.value, drift.twice) == ("duplicate", 2)
    assert drift.attempt_id == twice.attempts()[-1].pk
    assert drift.row.second_writer is None, "nobody else is suspected"


def test_the_opposite_change_is_sent_once_and_linked(world: World, twice: Line) -> None:
    world.sweep()
    restore_ours(only(world).id, reason="landed late", asked=world.tenancy.asked())
    world.work()

    assert twice.badge == "synced", twice.cause
    assert (twice.changes(), twice.units()) == ([2, 2, -2], 12)
    first, again, correction = twice.attempts()
    assert (first.corrects_id, again.corrects_id) == (None, None)
    assert correction.corrects_id == again.pk
    assert Operation.objects.filter(subscription_id=twice.subscription_id).latest("pk").kind == (
        "correct"
    )
    world.sweep()
    assert twice.badge == "synced"


def test_nothing_is_corrected_by_itself(world: World, twice: Line) -> None:
    for _ in range(3):
        world.sweep()
        world.wait(3600)
    assert twice.changes() == [2, 2]


def test_another_number_is_somebodys_hand_edit(world: World, twice: Line) -> None:
    twice.hand_edit(15)
    world.sweep()
    assert only(world).kind.value == "hand_edit"


def test_a_hand_edit_of_another_day_is_none_of_ours(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12, date(2026, 5, 10))
    world.work()
    line.hand_edit(14, on=date(2026, 5, 15))
    world.clock.advance(6 * 24 * 3600)
    world.sweep()
    assert only(world).kind.value == "hand_edit"


def test_what_is_there_twice_while_it_is_checked_is_taken_back_by_push_ours(world: World) -> None:
    world.simulator.set_knobs(same_day="add")
    world.policy(same_day=SameDay.ADDS)
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    world.work()
    line.hand_edit(14)
    world.wait(60)
    assert "Duplicate in Autotask: 14 units, expected 12" in line.cause
    line.decide("push_ours")
    world.work()

    assert (line.badge, line.units(TODAY)) == ("synced", 12)
    first, correction = line.attempts()
    assert correction.corrects_id == first.pk


class TestAWriteThatShouldNotBeThere:
    """Chosen by a person: its opposite, from the soonest day, with both linked."""

    def made(self, world: World) -> Line:
        line = world.line(units=10)
        line.quantity(12, date(2026, 5, 3))
        world.work()
        assert line.badge == "synced"
        return line

    def test_the_opposite_is_sent_once_and_proved(self, world: World) -> None:
        line = self.made(world)
        wrong = line.attempts()[-1]
        correct(wrong.pk, reason="never ordered", asked=world.tenancy.asked())
        world.work()

        assert line.badge == "synced", line.cause
        assert line.changes() == [2, -2]
        assert (line.units(date(2026, 5, 3)), line.units(date(2026, 5, 4))) == (12, 10)
        assert line.attempts()[-1].corrects_id == wrong.pk
        assert line.row().subscription.quantity == 12, "the subscription is not changed"
        (newest, oldest) = correctable(world.tenancy.context, line.subscription_id)
        assert (newest.sent.corrects, oldest.sent.corrected_by) == (1, 2)
        with pytest.raises(Conflicting, match="corrected already"):
            correct(wrong.pk, reason="again", asked=world.tenancy.asked())
        world.sweep()
        assert line.badge == "synced"

    def test_what_was_changed_since_is_only_shifted(self, world: World) -> None:
        line = self.made(world)
        wrong = line.attempts()[-1]
        line.quantity(15, date(2026, 5, 8))
        world.work()
        correct(wrong.pk, reason="never ordered", asked=world.tenancy.asked())
        world.work()
        assert (line.badge, line.units()) == ("synced", 13)
        assert line.units(date(2026, 5, 8)) == 15, "not before what was last proved"

    @pytest.mark.parametrize(
        ("given", "field"),
        [({"reason": ""}, "reason"), ({"effective_on": "2026-05-01"}, "effective_on")],
    )
    def test_what_is_wrong_is_named(self, world: World, given: dict[str, str], field: str) -> None:
        line = self.made(world)
        with pytest.raises(InvalidInput) as raised:
            correct(
                line.attempts()[-1].pk,
                asked=world.tenancy.asked(),
                **{"reason": "never ordered", **given},
            )
        assert [one.field for one in raised.value.errors] == [field]

    def test_nothing_is_corrected_over_what_is_open(self, world: World) -> None:
        line = self.made(world)
        wrong = line.attempts()[-1]

        def refused(why: str) -> None:
            with pytest.raises(Conflicting, match=why):
                correct(wrong.pk, reason="x", asked=world.tenancy.asked())
            (one,) = correctable(world.tenancy.context, line.subscription_id)
            assert one.refused

        line.hand_edit(1, on=date(2026, 5, 9))
        world.sweep()
        refused("decide on that first")
        line.quantity(13)
        refused("it goes first")

    def test_what_is_gone_is_not_taken_back(self, world: World) -> None:
        line = self.made(world)
        line.quantity(1, date(2026, 5, 5))
        world.work()
        assert line.badge == "synced", line.cause
        said = [one.refused for one in correctable(world.tenancy.context, line.subscription_id)]
        assert any("has not so many units" in one for one in said)

    def test_what_did_not_take_effect_or_is_a_strangers(self, world: World) -> None:
        line = world.line(units=10)
        line.strike("refuse")
        line.quantity(12)
        world.work()
        refused = line.attempts()[-1].pk
        line.decide("skip")
        with pytest.raises(Conflicting, match="did not take effect"):
            correct(refused, reason="x", asked=world.tenancy.asked())
        with pytest.raises(NotFound):
            correct(refused, reason="x", asked=sibling(world.tenancy).asked())


class TestAPriceThatShouldNotBeThere:
    """The price before it comes back, as far as nothing later changed it, and both are linked."""

    def made(self, world: World, **more: str) -> Line:
        world.simulator.set_knobs(same_day="add")
        world.policy(same_day=SameDay.ADDS)
        line = world.line(units=10)
        line.price("17.00", **more)
        world.work()
        assert (line.badge, line.lane().expected_unit_price) == ("synced", Decimal("17.00"))
        return line

    def expected(self, line: Line, on: date) -> list[tuple[date, Decimal | None]]:
        return [(one.starts_on, one.unit_price) for one in steps(line.lane(), today=on)]

    def test_the_price_before_it_is_sent_once_and_proved(self, world: World) -> None:
        line = self.made(world)
        wrong = line.attempts()[-1]
        (proposed,) = correctable(world.tenancy.context, line.subscription_id)
        assert proposed.refused == ""
        assert proposed.sent.repriced is not None
        assert (proposed.sent.repriced.price_before, proposed.sent.repriced.price) == (
            Decimal("15.20"),
            Decimal("17.00"),
        )
        correct(wrong.pk, reason="a slip of the hand", asked=world.tenancy.asked())
        world.work()

        assert line.badge == "synced", line.cause
        assert line.changes() == [0, 0]
        assert line.attempts()[-1].corrects_id == wrong.pk
        first = date(2026, 5, 1)
        assert self.expected(line, first) == [(first, Decimal("15.20"))]
        assert line.row().subscription.unit_price == 17, "the subscription is not changed"
        one = Operation.objects.filter(kind="correct").latest("pk")
        said = in_words(OperationKind(one.kind), one.before, one.after)
        assert said == "Correct a change (unit price 17.00 back to 15.20)"
        with pytest.raises(Conflicting, match="corrected already"):
            correct(wrong.pk, reason="again", asked=world.tenancy.asked())
        world.sweep()
        assert line.badge == "synced"

    def test_what_came_later_stays(self, world: World) -> None:
        line = self.made(world)
        wrong = line.attempts()[-1]
        line.price("18.00", date(2026, 7, 1), price_from=PriceDay.OWN_DAY)
        world.work()
        assert line.badge == "synced", line.cause
        correct(wrong.pk, reason="a slip", asked=world.tenancy.asked())
        world.work()

        assert line.badge == "synced", line.cause
        sent = [(one["effective_on"], one["unit_price"]) for one in line.effects()[2:]]
        assert sent == [("2026-05-01", Decimal("15.20")), ("2026-07-01", Decimal("18.00"))], (
            "Autotask's change goes over all later days: the later price follows it"
        )
        known = self.expected(line, date(2026, 5, 1))
        assert (known[0][1], known[-1]) == (Decimal("15.20"), (date(2026, 7, 1), Decimal("18.00")))

    def test_the_same_price_that_came_again_later_stays(self, world: World) -> None:
        line = self.made(world)
        wrong = line.attempts()[-1]
        june, july = date(2026, 6, 1), date(2026, 7, 1)
        for price, day in (("15.20", june), ("17.00", july)):
            line.price(price, day, price_from=PriceDay.OWN_DAY)
            world.work()
        assert line.badge == "synced", line.cause
        with pytest.raises(InvalidInput, match="from 1 Jul 2026 on it has another price already"):
            correct(wrong.pk, reason="a slip", effective_on=july, asked=world.tenancy.asked())
        correct(wrong.pk, reason="a slip", asked=world.tenancy.asked())
        world.work()

        assert line.badge == "synced", line.cause
        sent = [(one["effective_on"], one["unit_price"]) for one in line.effects()[3:]]
        assert sent == [("2026-05-01", Decimal("15.20")), ("2026-07-01", Decimal("17.00"))]
        assert self.expected(line, july) == [(july, Decimal("17.00"))]

    def test_units_that_changed_meanwhile_stay(self, world: World) -> None:
        line = self.made(world)
        wrong = line.attempts()[-1]
        line.quantity(12, date(2026, 5, 8))
        world.work()
        correct(wrong.pk, reason="a slip", asked=world.tenancy.asked())
        world.work()

        assert line.badge == "synced", line.cause
        first, later = date(2026, 5, 1), date(2026, 5, 8)
        assert self.expected(line, first) == [(first, Decimal("15.20")), (later, Decimal("15.20"))]
        assert (line.units(first), line.units(later)) == (10, 12)
        assert line.lane().expected_from == later, "units are not dated before that now, either"

    def test_what_is_overwritten_or_not_known_is_not_proposed(self, world: World) -> None:
        line = self.made(world)
        line.price("18.00")
        world.work()
        newest, oldest = correctable(world.tenancy.context, line.subscription_id)
        assert newest.refused == ""
        assert "has another price by now" in oldest.refused
        correct(newest.sent.attempt_id, reason="a slip", asked=world.tenancy.asked())
        world.work()
        last = correctable(world.tenancy.context, line.subscription_id)[0]
        assert "is not known" in last.refused, "an opposite is not taken back by an opposite"
        with pytest.raises(Conflicting, match="record the right price"):
            correct(last.sent.attempt_id, reason="x", asked=world.tenancy.asked())

    def test_only_from_the_day_it_began(self, world: World) -> None:
        line = self.made(world)
        wrong = line.attempts()[-1].pk
        with pytest.raises(InvalidInput, match="must not be before 1 May 2026"):
            correct(wrong, reason="x", effective_on="2026-04-30", asked=world.tenancy.asked())
        correct(wrong, reason="x", effective_on="2026-06-01", asked=world.tenancy.asked())
        world.work()
        assert line.badge == "synced", line.cause
        first, later = date(2026, 5, 1), date(2026, 6, 1)
        assert self.expected(line, first) == [(first, Decimal("17.00")), (later, Decimal("15.20"))]

    def test_what_the_line_did_not_show_before_is_not_known(self, world: World) -> None:
        """16 was recorded and skipped: the line went from 15.20 to 17, and never showed 16."""
        line = world.line(units=10)
        line.strike("refuse")
        line.price("16.00")
        world.work()
        line.decide("skip")
        line.price("17.00")
        world.work()
        assert line.badge == "synced", line.cause
        newest = correctable(world.tenancy.context, line.subscription_id)[0]
        assert newest.sent.repriced is None
        assert "is not known" in newest.refused
