"""What is suspended and goes on again before a price that is recorded for later."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from checks import check_promises
from harness import Line, World
from tallystick.catalog.terms import OfferKind
from tallystick.connections.policies import PriceDay
from tallystick.operations.reactivate import reactivate
from tallystick.operations.suspend import suspend

SUSPENDED, AGAIN, JUNE = date(2026, 5, 10), date(2026, 5, 20), date(2026, 6, 1)


def verbs(line: Line) -> dict[str, Any]:
    of = line.world.tenancy
    return {"subscription_id": line.subscription_id, "today": of.today(), "asked": of.asked()}


def sent(line: Line) -> list[tuple[str, int, str | None]]:
    return [
        (
            str(one["effective_on"])[:10],
            one["unit_change"],
            None if one["unit_price"] is None else f"{one['unit_price']:.2f}",
        )
        for one in line.effects()
    ]


@pytest.mark.parametrize("later_rows", ["all_later_rows", "that_row"])
def test_the_price_of_june_is_not_billed_in_may(world: World, later_rows: str) -> None:
    world.simulator.set_knobs(reprice_scope=later_rows)
    line = world.line(units=10, kind=OfferKind.LEGACY_LICENCE)
    line.price("16.40", JUNE, price_from=PriceDay.OWN_DAY)
    world.work()
    suspend(**verbs(line), effective_on=SUSPENDED)
    world.work()
    reactivate(**verbs(line), effective_on=AGAIN)
    world.work()

    assert line.badge == "synced", line.cause
    assert sent(line)[-1] == ("2026-05-20", 10, None)
    assert [line.units(day) for day in (SUSPENDED, AGAIN, JUNE)] == [0, 10, 10]
    check_promises(line)


def test_a_price_that_was_recorded_meanwhile_goes_out_with_the_units(world: World) -> None:
    line = world.line(units=10, kind=OfferKind.LEGACY_LICENCE)
    suspend(**verbs(line), effective_on=SUSPENDED)
    world.work()
    line.price("16.40", SUSPENDED, price_from=PriceDay.OWN_DAY)
    world.work()
    reactivate(**verbs(line), effective_on=AGAIN)
    world.work()

    assert line.badge == "synced", line.cause
    assert sent(line)[-1] == ("2026-05-20", 10, "16.40")
    check_promises(line)
