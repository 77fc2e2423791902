"""P4: green means read back and equal, units and price; the time of proof is shown."""

from datetime import date, timedelta

from checks import check_promises
from factories import START, TODAY
from harness import World
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.mappings.models import SubscriptionMapping
from tallystick.sync.verify import Swept


def events(line, event: Event) -> list[str]:
    found = AuditLog.objects.filter(subscription_id=line.subscription_id, event=event.value)
    return list(found.order_by("id").values_list("summary", flat=True))


def test_a_hand_edit_is_not_overwritten(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(11)
    line.quantity(12, date(2026, 5, 12))
    world.work()

    assert line.states()[-1] == "conflict"
    assert "shows 11 units (amount 167.2000), but 10 units was last proved" in line.cause
    assert line.effects() == []


def test_a_price_edited_by_hand_is_not_overlooked(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(price="20.00")
    line.quantity(12, date(2026, 5, 12))
    world.work()

    assert line.states()[-1] == "conflict"
    assert "but 10 units at 15.2000 was last proved" in line.cause
    assert line.effects() == []


def test_an_edit_in_a_later_period_is_not_overlooked(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(30, on=date(2026, 9, 1))
    line.quantity(12)
    world.work()

    assert line.states()[-1] == "conflict"
    assert "10, then 30 units" in line.cause


def test_the_first_sync_brings_units_and_price_to_ours(world: World) -> None:
    line = world.line(units=10, quantity=12, unit_price="16.00", billed_at="14.00", settled=False)
    world.work()

    assert line.badge == "synced"
    assert line.changes() == [2]
    rows = world.simulator.rows(line.line_id)
    assert {float(row["price"]) for row in rows} == {12 * 16.0}
    check_promises(line)


def test_a_line_with_no_price_of_ours_keeps_its_own(world: World) -> None:
    line = world.line(units=10, unit_price=None, settled=False)
    line.quantity(12)
    world.work()

    assert line.badge == "synced"
    assert line.effects()[-1]["unit_price"] is None


def test_the_first_sync_of_a_line_with_different_units_later_on_asks_a_person(
    world: World,
) -> None:
    line = world.line(units=10, quantity=12, settled=False)
    line.hand_edit(30, on=date(2026, 9, 1))
    world.work()

    assert line.states() == ["conflict"]
    assert "10 units throughout" in line.cause


def test_the_sweep_finds_a_hand_edit_and_sends_nothing(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(11)

    assert world.sweep() == Swept(looked_at=1, equal=0, different=1)

    assert line.badge == "out_of_sync"
    assert "Autotask shows 11 units, expected 10" in line.cause
    assert line.effects() == []
    world.sweep()
    assert len(events(line, Event.DRIFT_FOUND)) == 1, "said once"

    line.hand_edit(10)
    world.sweep()
    assert line.badge == "synced"
    assert events(line, Event.DRIFT_GONE) == ["as expected again"]


def test_the_sweep_finds_a_price_edited_by_hand(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(price="20.00")

    assert world.sweep().different == 1
    assert "another amount (200.0000)" in line.cause


def test_the_sweep_leaves_a_change_of_a_later_day_alone(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12, date(2026, 7, 1))
    world.work()

    assert world.sweep() == Swept(1, 1, 0)
    assert line.badge == "synced"


def test_a_change_of_a_later_day_does_not_make_today_green(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(27)
    line.hand_edit(10, on=date(2026, 7, 1))
    line.quantity(12, date(2026, 7, 1))
    world.work()

    assert line.states()[-1] == "conflict"
    assert "shows 27 units" in line.cause
    assert "10 units until 1 Jul 2026 was last proved" in line.cause
    assert line.effects() == []


def test_what_was_accepted_until_the_day_of_a_change_is_expected_until_then(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(27)
    line.quantity(12, date(2026, 7, 1))
    world.work()
    assert line.states()[-1] == "conflict"
    line.decide("push_ours")
    world.work()

    assert line.badge == "synced"
    assert line.changes() == [-15]
    assert (line.units(), line.units(date(2026, 7, 1))) == (27, 12)
    assert world.sweep() == Swept(1, 1, 0)
    line.hand_edit(26)
    line.hand_edit(12, on=date(2026, 7, 1))
    assert world.sweep() == Swept(1, 0, 1)


def test_the_sweep_leaves_lanes_with_work_to_their_turn(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)

    assert world.sweep().looked_at == 0
    assert line.badge == "syncing"


def test_a_line_whose_rows_are_gone_is_drift(world: World) -> None:
    line = world.line(units=10)
    world.simulator.edit_contract(line.contract_id, end_date=date(2026, 5, 1))

    assert world.sweep().different == 1
    assert "Autotask shows 0 units, expected 10" in line.cause
    assert events(line, Event.DRIFT_FOUND) == ["Autotask shows no units, expected 10"]


def test_a_cancelled_line_of_an_ended_contract_stays_green(world: World) -> None:
    line = world.line(units=10)
    line.cancel()
    world.work()
    world.clock.advance(timedelta(days=300).total_seconds())

    assert world.sweep() == Swept(1, 1, 0)
    assert line.badge == "synced"


def test_the_time_of_proof_is_the_time_of_reading(world: World) -> None:
    line = world.line(units=10)
    assert line.row().badge.proved_at == START
    later = world.tenancy.later(hours=5)
    assert line.row().badge.proved_at == START

    world.sweep()

    assert line.row().badge.proved_at == later


def test_what_a_person_did_by_hand_is_green_only_when_it_was_read(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12, date(2026, 5, 12))
    line.strike("refuse")
    world.work()
    assert line.states()[-1] == "failed"
    line.hand_edit(12, on=date(2026, 5, 12))
    line.decide("done_by_hand")
    assert line.badge == "checking"
    world.sweep()
    assert line.badge == "synced"
    assert line.effects() == []


def test_what_a_person_adopted_is_green_only_when_it_was_read(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(12)
    line.quantity(12, date(2026, 5, 12))
    world.work()
    assert line.states()[-1] == "conflict", "12 are billed from today on, two days early"
    line.decide("adopt")
    assert line.badge == "checking"
    world.sweep()
    assert line.badge == "synced"
    assert line.effects() == []


def test_a_wrong_word_of_a_person_shows_at_the_next_sweep(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse")
    line.quantity(12)
    world.work()
    line.decide("done_by_hand", reason="typed in by Ada")  # it was not
    world.sweep()

    assert line.badge == "out_of_sync"
    assert "Autotask shows 10 units, expected 12" in line.cause


def test_our_value_is_pushed_on_top_of_what_a_person_has_seen(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(11)
    line.quantity(15, date(2026, 5, 12))
    world.work()
    line.decide("push_ours")
    world.work()

    assert line.badge == "synced"
    assert line.changes() == [4]


def test_somebody_edits_again_after_a_person_has_looked(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(11)
    line.quantity(15, date(2026, 5, 12))
    world.work()
    line.decide("push_ours")
    line.hand_edit(13)
    world.work()

    assert line.states()[-1] == "conflict"
    assert "but 11 units throughout was last proved" in line.cause
    assert line.effects() == []


def test_a_line_that_shows_no_rows_is_not_no_units(world: World) -> None:
    line = world.line(units=10, starts=TODAY, settled=False)
    with world.simulator.lock:
        table = world.simulator.world.table("ContractServiceUnits")
        for row in [row for row in list(table) if row.line.id == line.line_id]:
            table.remove(row.id)
    world.work()

    assert line.states() == ["failed"]
    assert "Nothing is assumed" in line.cause


def test_what_the_cause_of_a_drift_advises_makes_it_green(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(12)
    world.sweep()
    assert "set it right in Autotask and press Sync" in line.cause
    line.hand_edit(10)
    line.press_sync()
    line.drive()
    assert line.badge == "synced", line.cause


def test_a_change_made_there_first_is_recorded_here_as_already_so(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(12)
    world.sweep()
    line.quantity(12)
    world.work()

    assert line.badge == "synced"
    assert line.attempts() == [], "Autotask has it already"


JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)


class TestAChangeProvedBeforeItsDay:
    """Until its day comes the line rightly shows what it had; anything else is a difference."""

    def test_an_edit_of_the_days_before_it_is_found(self, world: World) -> None:
        line = world.line(units=10)
        line.quantity(12, JULY)
        world.work()
        assert line.badge == "synced"
        world.sweep()
        assert line.badge == "synced", "10 until July and 12 from then on is what is expected"

        line.hand_edit(50)
        line.hand_edit(12, on=JULY)
        assert world.sweep().different == 1
        assert line.badge == "out_of_sync"
        assert "Autotask shows 50 units, expected 10" in line.cause

        line.hand_edit(10)
        line.hand_edit(12, on=JULY)
        world.sweep()
        assert line.badge == "synced"

    def test_an_edit_of_its_own_days_is_found(self, world: World) -> None:
        line = world.line(units=10)
        line.quantity(12, JULY)
        world.work()
        line.hand_edit(13, on=JULY)
        world.sweep()
        assert "Autotask shows 13 units, expected 12" in line.cause

    def test_each_of_several_days_ahead_counts(self, world: World) -> None:
        line = world.line(units=10)
        line.quantity(12, JULY)
        line.quantity(15, AUGUST)
        world.work()
        assert world.sweep() == Swept(1, 1, 0)

        line.hand_edit(11, on=JULY)
        line.hand_edit(15, on=AUGUST)
        world.sweep()
        assert "Autotask shows 11 units, expected 12" in line.cause

    def test_when_the_days_have_passed_only_the_last_counts(self, world: World) -> None:
        line = world.line(units=10)
        line.quantity(12, JULY)
        line.quantity(15, AUGUST)
        world.work()
        world.clock.advance(90 * 24 * 3600)
        assert world.sweep() == Swept(1, 1, 0)
        line.hand_edit(14, on=date(2026, 8, 8))
        world.sweep()
        assert "Autotask shows 14 units, expected 15" in line.cause

    def test_what_was_already_so_from_a_later_day_is_no_difference_today(
        self, world: World
    ) -> None:
        line = world.line(units=10)
        line.hand_edit(12, on=JULY)
        line.quantity(12, JULY)
        world.work()
        assert (line.badge, line.attempts()) == ("synced", [])
        assert world.sweep() == Swept(1, 1, 0)

    def test_nothing_is_said_of_the_days_before_a_first_sync(self, world: World) -> None:
        line = world.line(units=7, starts=JULY, settled=False)
        world.work()
        assert line.badge == "synced"
        assert world.sweep() == Swept(1, 1, 0)


def test_a_contract_of_another_company_is_not_billed(world: World) -> None:
    line = world.line(units=10, settled=False)
    SubscriptionMapping.objects.filter(subscription_id=line.subscription_id).update(company_id=4)
    line.quantity(12)
    world.work()
    assert line.badge == "out_of_sync"
    assert "does not belong to Contoso" in line.cause
    assert line.effects() == []


def test_a_line_of_another_service_is_not_billed(world: World) -> None:
    line = world.line(units=10, settled=False)
    SubscriptionMapping.objects.filter(subscription_id=line.subscription_id).update(service_id=4)
    line.quantity(12)
    world.work()
    assert line.badge == "out_of_sync"
    assert "is not for M365" in line.cause
    assert line.effects() == []


def test_no_line_is_created_on_a_contract_of_another_company(world: World) -> None:
    own = world.own_line(quantity=4)
    SubscriptionMapping.objects.filter(subscription_id=own.subscription_id).update(company_id=4)
    world.work()
    assert "does not belong to Contoso" in own.cause
    assert own.own_lines() == []
