"""Which change of units is not ours: period rows, prices and days cut short are none."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from making import DAY, row

from tallystick.ledger.expected import Step
from tallystick.ledger.second_writer import UnitChange
from tallystick.sync.port import UnitRow
from tallystick.sync.unexplained import changes_in, unexplained

JUNE = date(2026, 6, 1)


def step(units: int = 10, *, starts: date = DAY, until: date | None = None) -> Step:
    return Step(starts, until, units, None, None)


def test_what_is_expected_is_no_change_whatever_its_price_or_its_days() -> None:
    rows = [row(10, price="1.00"), row(10, starts=JUNE, until=date(2026, 6, 9), price=None)]
    assert unexplained(rows, [step()], ours=()) is None
    assert unexplained([], [step()], ours=()) is None, "no rows say nothing"
    assert unexplained(rows, [], ours=()) is None, "nothing was proved"


def test_a_change_is_dated_where_its_units_begin() -> None:
    rows = [row(10, until=DAY), row(12, starts=DAY)]
    assert unexplained(rows, [step()], ours=()) == UnitChange(DAY, 10, 12)
    # Seen a month later: the new period's row is the same change.
    later = [*rows, row(12, starts=JUNE, until=date(2026, 7, 1))]
    assert unexplained(later, [step(starts=JUNE)], ours=()) == UnitChange(DAY, 10, 12)
    # Where the rows before are not shown, from the first that is; before it, what was expected.
    assert unexplained(later[-1:], [step(starts=JUNE)], ours=()) == UnitChange(JUNE, 10, 12)


def test_rows_with_a_gap_between_them_are_not_one_change() -> None:
    rows = [row(12, until=DAY - timedelta(days=3)), row(12, starts=DAY)]
    assert unexplained(rows, [step()], ours=()) == UnitChange(DAY, 10, 12)


def test_what_we_may_have_sent_is_ours() -> None:
    rows = [row(12), row(15, starts=JUNE, until=date(2026, 7, 1))]
    assert unexplained(rows, [step()], ours={12, 14}) == UnitChange(JUNE, 12, 15)
    assert unexplained(rows, [step()], ours={12, 15}) is None


def test_each_step_is_compared_on_its_own_days() -> None:
    steps = [step(10, until=JUNE), step(14, starts=JUNE)]
    rows = [row(10), row(14, starts=JUNE, until=date(2026, 7, 1))]
    assert unexplained(rows, steps, ours=()) is None
    assert unexplained([rows[0], row(10, starts=JUNE, until=date(2026, 7, 1))], steps, ours=())


def test_before_mapping_only_the_days_that_units_change_on_count() -> None:
    rows = [
        row(8, starts=date(2026, 1, 1), until=date(2026, 2, 1)),
        row(9, starts=date(2026, 2, 1), until=date(2026, 3, 1)),
        row(9, starts=date(2026, 3, 1), until=date(2026, 4, 1), price="9.00"),
        row(10, starts=date(2026, 4, 1), until=date(2026, 4, 7)),
        row(12, starts=date(2026, 4, 7), until=date(2026, 5, 1)),
    ]
    found = changes_in(rows, since=date(2026, 2, 2), written={date(2026, 4, 7)})
    assert found == [UnitChange(date(2026, 4, 1), 9, 10)]
    assert changes_in([], since=DAY, written=()) == []


@st.composite
def histories(draw: Any) -> tuple[list[UnitRow], list[Step]]:
    """A line as our own changes made it: any periods, any days, any prices."""
    lengths = draw(st.lists(st.integers(1, 40), min_size=1, max_size=8))
    units = draw(st.lists(st.integers(0, 30), min_size=len(lengths), max_size=len(lengths)))
    rows, steps, at = [], [], DAY
    for length, count in zip(lengths, units, strict=True):
        until = at + timedelta(days=length)
        middle = at + timedelta(days=draw(st.integers(1, length)))
        price = draw(st.sampled_from([None, "1.00", "152.00"]))
        steps.append(step(count, starts=at, until=until))
        rows += [row(count, starts=at, until=middle, price=price)]
        if middle < until:
            rows.append(row(count, starts=middle, until=until))
        at = until
    return rows, steps


@given(histories())
def test_our_own_history_is_never_somebody_elses(made: tuple[list[UnitRow], list[Step]]) -> None:
    rows, steps = made
    assert unexplained(rows, steps, ours=()) is None
    assert changes_in(rows, since=DAY, written={one.starts_on for one in steps}) == []


@given(histories(), st.data())
def test_any_other_units_are_found(made: tuple[list[UnitRow], list[Step]], data: Any) -> None:
    rows, steps = made
    place = data.draw(st.integers(0, len(rows) - 1))
    old = rows[place]
    rows[place] = row(old.units + 1, starts=old.starts_on, until=old.until)
    found = unexplained(rows, steps, ours=())
    assert found is not None
    assert (found.after, found.on <= old.starts_on) == (old.units + 1, True)
