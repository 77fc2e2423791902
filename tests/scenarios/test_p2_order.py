"""P2: effects reach Autotask strictly in operation order; nothing overtakes an unsettled one."""

from datetime import date

from harness import World


def test_three_changes_of_three_days_arrive_one_after_another(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12, date(2026, 5, 11))
    line.quantity(9, date(2026, 5, 12))
    line.quantity(15, date(2026, 5, 14))

    world.work()

    assert [effect["unit_change"] for effect in line.effects()] == [2, -3, 6]
    assert line.units(date(2026, 5, 20)) == 15
    assert line.badge == "synced"
