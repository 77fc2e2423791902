"""Where nobody knows how a tenant behaves, the engine is right at every setting.

After a change and after a cancellation: green with the truth right at Autotask, or red with a
cause; never green and wrong, never sent twice.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings

from checks import check_promises
from factories import TODAY
from harness import Line, World, eventually, world_on
from tallystick.connections.models import Connection
from tallystick.connections.policies import SameDay
from tallystick.connections.sealing import place as place_of
from tallystick.kit.secrets import Secret
from tallystick.simulator.running import running_simulator
from tallystick.sync.engine import Waits

FIRST_OF_JUNE = date(2026, 6, 1)
MID_JUNE = date(2026, 6, 15)

# Every setting that is not the default, of every knob the engine could trip over.
SETTINGS: list[dict[str, Any]] = [
    {},
    {"same_day": "refuse"},
    {"same_day": "add"},
    {"same_day": "replace"},
    {"first_day_of_period": "refuse"},
    {"posted_period": "refuse"},
    {"negative_units": "allow"},
    {"zero_units": "refuse"},
    {"inactive_contract": "allow"},
    {"reprice_scope": "that_row"},
    {"row_end": "day_before"},
    {"split_row_amount": "prorated"},
    {"money_precision": 2},
    {"money_precision": 2, "split_row_amount": "prorated"},
    {"row_end": "day_before", "split_row_amount": "prorated"},
    {"cost_hidden": "on"},
    {"automatic_note": "off"},
    {"adjustment_item_id": "integer"},
    {"currency_scale": "0.9215"},
    {"units_delay_seconds": 0.05},
    {"body_401": "webapi"},
    {"body_401": "errors"},
    {"bad_credentials_status": 500},
    {"thread_limit_status": 500},
    {"hourly_status": 500},
    {"retry_after": 7},
    {"patch_html_404": "on"},
    {"latency_ms": 30},
    {"latency_tiers": "off"},
]


def named(setting: dict[str, Any]) -> str:
    return ",".join(f"{knob}={value}" for knob, value in setting.items()) or "defaults"


GREEN = "synced"
# What stands after each of the five steps: green, or why it is red. Nothing else is accepted: an
# engine that is always red is not right. A second change of one day is refused by the default.
AS_A_RULE = (GREEN, "same_day", GREEN, GREEN, GREEN)
OTHERWISE = {
    "same_day=add": (GREEN, GREEN, GREEN, GREEN, GREEN),
    # Seen once, confirmed by a person, and right from then on.
    "same_day=replace": (GREEN, "replaces", GREEN, GREEN, GREEN),
    "first_day_of_period=refuse": (GREEN, "same_day", "same_day", GREEN, GREEN),
    "zero_units=refuse": (GREEN, "same_day", GREEN, GREEN, "refused"),
}


def truth_or_a_cause(line: Line, *, units: int, on: date) -> str:
    """Green and right, or red and explained; answers which: ``synced`` or the cause's code."""
    check_promises(line)
    if line.badge == GREEN:
        assert line.units(on) == units
        assert line.units(date(2026, 12, 30)) == units
        return GREEN
    assert line.badge in {"out_of_sync", "checking"}
    assert line.cause
    return line.head().cause_code


@pytest.mark.parametrize("setting", SETTINGS, ids=named)
def test_after_changes_and_a_cancellation(world: World, setting: dict[str, Any]) -> None:
    world.simulator.set_knobs(**setting)
    line = world.line(units=10)
    stood = []
    for quantity, day in (
        (12, TODAY),  # inside a period
        (9, TODAY),  # the same day again
        (11, FIRST_OF_JUNE),  # a period's first day
        (17, MID_JUNE),
    ):
        line.quantity(quantity, day)
        world.work()
        world.wait(130)
        stood.append(truth_or_a_cause(line, units=quantity, on=day))
        if line.badge != "synced":
            if line.head().cause_code == "replaces":
                world.policy(same_day=SameDay.REPLACES)
                line.sync()
            elif line.head().state == "conflict":
                line.decide("push_ours")
            else:
                line.decide("skip")
            world.work()
    line.cancel(date(2026, 8, 10))
    world.wait(130)
    stood.append(truth_or_a_cause(line, units=0, on=date(2026, 8, 10)))
    assert tuple(stood) == OTHERWISE.get(named(setting), AS_A_RULE), setting


@pytest.mark.parametrize("period_type", [2, 3, 4, 5])
@pytest.mark.parametrize("precision", [2, 4])
@pytest.mark.parametrize("amount", ["full", "prorated"])
@pytest.mark.parametrize("row_end", ["shared", "day_before"])
def test_amounts_are_understood_in_every_form(
    world: World, period_type: int, precision: int, amount: str, row_end: str
) -> None:
    world.simulator.set_knobs(money_precision=precision, split_row_amount=amount, row_end=row_end)
    line = world.line(
        units=7,
        unit_price="13.37",
        starts=date(2025, 8, 31),
        ends=date(2027, 8, 30),
        period_type=period_type,
    )
    line.quantity(11, date(2026, 5, 20))
    line.quantity(3, date(2026, 9, 7))
    world.work()

    assert line.badge == "synced", line.cause
    assert line.changes() == [4, -8]
    assert world.sweep().different == 0


@pytest.mark.parametrize("scope", ["all_later_rows", "that_row"])
def test_a_price_is_brought_to_ours_in_every_row(world: World, scope: str) -> None:
    world.simulator.set_knobs(reprice_scope=scope)
    line = world.line(units=10, unit_price="16.00", billed_at="14.00", settled=False)
    world.work()

    assert line.badge == "synced", line.cause
    rows = world.simulator.rows(line.line_id)
    assert {Decimal(row["price"]) for row in rows} == {Decimal(160)}
    assert line.changes() == [0] * (1 if scope == "all_later_rows" else len(rows))
    # The units may change again from the first sync's own day on.
    line.quantity(12, date(2026, 1, 20))
    world.work()
    assert line.badge == "synced", line.cause


def test_a_rate_finer_than_the_tenant_keeps_is_not_called_green(world: World) -> None:
    world.simulator.set_knobs(money_precision=2)
    line = world.line(
        units=1000, quantity=1000, unit_price="15.2055", billed_at="14.00", settled=False
    )
    world.work()
    world.wait(400)

    assert line.badge == "out_of_sync"
    assert len(line.effects()) <= 1


@pytest.mark.parametrize("scale", ["0.5", "1", "1.0837"])
def test_a_customers_currency_is_compared_with_the_customers_amounts(
    world: World, scale: str
) -> None:
    world.simulator.set_knobs(currency_scale=scale)
    line = world.line(units=10, unit_price="16.00", billed_at="14.00", settled=False)
    line.quantity(12, date(2026, 5, 12))
    world.work()

    assert line.badge == "synced", line.cause
    assert line.changes() == [0, 2]


@pytest.mark.parametrize("setting", ["refuse", "allow"])
def test_an_inactive_contract_is_never_written_to(world: World, setting: str) -> None:
    world.simulator.set_knobs(inactive_contract=setting)
    line = world.line(units=10)
    world.simulator.edit_contract(line.contract_id, status=0)
    world.tenancy.later(hours=25)
    line.quantity(12, date(2026, 5, 12))
    world.work()
    assert "is not active in Autotask" in line.cause

    world.simulator.edit_contract(line.contract_id, status=1)
    line.sync()
    assert line.changes() == [2]


@pytest.mark.parametrize("setting", ["refuse", "prorate"])
def test_a_posted_period(world: World, setting: str) -> None:
    world.simulator.set_knobs(posted_period=setting)
    line = world.line(units=10)
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    line.quantity(12, TODAY)
    world.work()

    truth_or_a_cause(line, units=12, on=TODAY)
    assert line.changes() == ([2] if setting == "prorate" else [])


@pytest.mark.parametrize("setting", ["refuse", "prorate"])
def test_a_price_is_not_changed_in_a_posted_period(world: World, setting: str) -> None:
    world.simulator.set_knobs(posted_period=setting)
    line = world.line(units=10, unit_price="16.00", billed_at="14.00", settled=False)
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    world.work()

    assert line.badge == "out_of_sync"
    assert "already approved and posted" in line.cause
    assert line.effects() == []


def test_rows_shown_late_are_waited_for(world: World) -> None:
    world.simulator.set_knobs(units_delay_seconds=9999)
    line = world.line(units=10)
    line.quantity(12)
    world.work()
    world.wait(60)
    assert line.badge == "checking"
    world.simulator.release()
    world.wait(61)

    assert line.badge == "synced"
    assert line.changes() == [2]


@pytest.mark.parametrize("body", ["empty", "webapi", "errors"])
@pytest.mark.parametrize("status", [401, 500])
def test_a_changed_password_loses_nothing(world: World, body: str, status: int) -> None:
    world.simulator.set_knobs(body_401=body, bad_credentials_status=status)
    line = world.line(units=10)
    right = world.connection().secret_sealed
    use_secret(world, sealed(world, "changed at Autotask"))
    line.quantity(12)
    world.work()
    world.wait(60)

    assert line.badge == "out_of_sync"
    assert line.head().state in {"pending", "failed"}
    if status == 401:
        assert "refused the connection's credentials" in line.cause
        assert world.connection().resume_at is None

    use_secret(world, right)
    world.resume()
    line.sync()
    assert line.badge == "synced"
    assert line.changes() == [2]


def sealed(world: World, secret: str) -> bytes:
    place = place_of(world.connection_id, "secret")
    return settings.SEALING_KEYS.first().seal(Secret(secret), place=place)


def use_secret(world: World, secret: bytes) -> None:
    Connection.objects.filter(pk=world.connection_id).update(secret_sealed=secret)
    world.engine = world.another_worker()


@pytest.mark.parametrize("status", [429, 500])
@pytest.mark.parametrize("retry_after", ["off", 40])
def test_the_thread_limit_of_autotask(world: World, status: int, retry_after: object) -> None:
    world.simulator.set_knobs(retry_after=retry_after)
    line = world.line(units=10)
    line.strike("throttle", status=status)
    line.quantity(12)
    world.work()

    assert line.effects() == []
    wait = 5 if retry_after == "off" else 40
    assert world.connection().resume_at == world.clock.now() + timedelta(seconds=wait)
    world.wait(41)
    assert line.changes() == [2]
    check_promises(line)


@pytest.mark.parametrize("status", [429, 500])
def test_the_hourly_limit_of_autotask(world: World, status: int) -> None:
    line = world.line(units=10)
    line.quantity(12)
    world.simulator.set_knobs(hourly_threshold=0, hourly_status=status)
    world.work()
    assert "Autotask asks to wait" in line.cause
    assert line.effects() == []

    world.simulator.set_knobs(hourly_threshold=10_000_000)
    world.wait(20)
    assert line.changes() == [2]


@pytest.fixture
def own_simulator() -> Iterator[Any]:
    """A stand-in whose zone may move without anybody else noticing."""
    with running_simulator() as simulator:
        yield simulator


@pytest.mark.parametrize("path", ["ContractServiceUnits", "ServiceAdjustments"])
def test_the_tenant_moves_to_another_zone(db: None, own_simulator: Any, path: str) -> None:
    with world_on(own_simulator) as world:
        line = world.line(units=10)
        own_simulator.add_fault("zone_move", path=path)
        line.quantity(12)
        world.work()

        assert line.badge == "synced"
        assert line.changes() == [2]
        assert own_simulator.knobs()["zone"] == 2


def test_a_tenant_slower_than_we_wait(world: World) -> None:
    """The send's deadline passes while Autotask still works on it; then it lands."""
    line = world.line(units=10)
    world.engine = world.another_worker(waits=Waits(send=0.3))
    line.strike("slow", seconds=0.6)
    line.quantity(12)
    world.work()
    assert line.badge == "checking"
    assert "Sent, but without a clear answer" in line.cause

    eventually(lambda: line.changes() == [2])
    world.wait(61)
    assert line.badge == "synced"
    assert line.changes() == [2]
    check_promises(line)
