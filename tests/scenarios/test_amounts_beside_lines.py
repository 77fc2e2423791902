"""Where charges, months on the line and what is put back meet what is known of lines."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from azure_world import Plan, plan_on
from harness import World
from tallystick.bootstrap.dry_run import dry_run
from tallystick.bootstrap.gap_charge import record_with_gap
from tallystick.connections.amounts_policy import AzureAmounts
from tallystick.ledger.amounts import KeptPortion, SeenCharge
from tallystick.ledger.kinds import Carrier
from tallystick.ledger.models import SyncRun
from tallystick.ledger.record import Recorded
from tallystick.mappings.drift_rows import list_drifts
from tallystick.operations.finish import Asked
from tallystick.operations.restore_ours import restore_ours
from tallystick.operations.update_price import update_price
from tallystick.sync.charge_words import what_is_seen


def test_what_would_happen_now_names_a_charge_that_waits(world: World) -> None:
    line, of = world.line(), world.tenancy
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    it: dict[str, Any] = {"subscription_id": line.subscription_id, "today": of.today()}

    def price(asked: Asked) -> Recorded:
        return update_price(**it, unit_price="18.30", effective_on="2026-05-01", asked=asked)

    billing = world.engine.billing
    record_with_gap(price, line.subscription_id, asked=of.asked(), billing=billing)
    found = dry_run(
        world.connection_id,
        [line.subscription_id],
        context=of.context,
        now=world.clock.now(),
        billing=billing,
    )
    assert [one.sequence for one in found.lines] == [3, 4]
    said = [one.words.replace("\N{NO-BREAK SPACE}", " ") for one in found.lines]
    assert "unit price 18.30 EUR and unit cost 12.10 EUR from 1 Jun 2026" in said[0]
    assert "a charge of 31.00 EUR" in said[1]
    assert found.lines[1].difference == Decimal("31.00")
    assert Plan(line).charged() == []


def test_a_month_on_the_line_that_was_lost_on_its_way_goes_out_again(world: World) -> None:
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan = plan_on(world)
    plan.line.strike("lose_before")
    plan.amounts("2026-04", "130.00", "95.00")
    world.wait(700)
    assert plan.line.badge == "synced", plan.line.cause
    assert [one.resend_of_id is not None for one in plan.line.attempts()][:2] == [False, True]
    plan.post(date(2026, 4, 30))
    assert plan.billed() == {"2026-04": (Decimal("130.00"), Decimal("95.00"))}


def test_sync_of_a_line_whose_charge_was_changed_says_so(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    [charge] = plan.charges()
    plan.edit_charge(charge["id"], billableAmount="99.00")
    plan.line.press_sync()
    plan.line.drive()
    assert plan.line.badge == "out_of_sync"
    run = SyncRun.objects.filter(lane_id=plan.line.lane_id).latest("pk")
    assert "99.00" in run.found and "130.00" in run.found
    assert run.found == plan.line.cause


def test_what_is_put_back_may_be_said_to_be_done(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(13, on=date(2026, 5, 4))
    world.sweep()
    [drift] = list_drifts(world.tenancy.context, now=world.clock.now()).items
    line.strike("refuse")
    restore_ours(drift.id, reason="nobody ordered 13", asked=world.tenancy.asked())
    world.work()
    assert line.badge == "out_of_sync"
    line.hand_edit(10, on=date(2026, 5, 4))
    line.decide("done_by_hand")
    world.sweep()
    assert line.badge == "synced", line.cause
    assert line.effects() == []


def test_a_cost_that_is_not_shown_is_called_nothing() -> None:
    kept = KeptPortion(
        1, "2026-04", Carrier.CHARGE, Decimal(130), None, date(2026, 4, 30), "ts-1", 7, 8, True
    )
    assert what_is_seen(kept, SeenCharge("ts-1", Decimal(130), Decimal(5))).endswith(
        "another cost in Autotask (5.00), expected nothing."
    )
