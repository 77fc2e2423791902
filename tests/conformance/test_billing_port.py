"""What the engine relies on, checked through the port alone, on every billing system there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from tests.conformance.stands import KINDS, Stand, stand

from tallystick.kit import clock
from tallystick.sync.charge_port import ChargeChange, NewCharge
from tallystick.sync.port import Adjustment, Applied, Line, NotSent, RefusalKind, Refused, UnitRow


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest) -> Iterator[Stand]:
    with stand(request.param) as made:
        yield made


def rows_of(here: Stand, *, since: date | None = None) -> tuple[UnitRow, ...]:
    return here.billing.observe([here.line], since=since or here.day)[here.line]


def units_on(here: Stand, day: date) -> int:
    (row,) = [row for row in rows_of(here) if row.starts_on <= day < row.until]
    return row.units


def soon() -> float:
    return clock.monotonic() + 60


def test_an_adjustment_is_a_signed_delta_seen_in_the_rows_from_its_day_on(here: Stand) -> None:
    before, next_day = units_on(here, here.day), here.day + timedelta(days=1)
    up = here.billing.adjust(Adjustment(here.line, here.day, 2), deadline=soon())
    assert isinstance(up, Applied), up
    assert units_on(here, here.day) == before + 2
    assert rows_of(here)[-1].units == before + 2, "it goes on into the later periods"
    down = here.billing.adjust(Adjustment(here.line, next_day, -2), deadline=soon())
    assert isinstance(down, Applied), down
    assert units_on(here, here.day) == before + 2
    assert units_on(here, next_day) == before
    assert rows_of(here)[-1].units == before


def test_rows_are_half_open_in_order_and_without_gaps(here: Stand) -> None:
    rows = rows_of(here)
    assert rows[0].starts_on <= here.day < rows[0].until
    assert all(one.until == two.starts_on for one, two in pairwise(rows))


def test_the_lines_facts(here: Stand) -> None:
    facts = here.billing.describe([here.line])[here.line]
    assert facts.exists and facts.belongs_to_contract
    assert facts.contract_found and facts.contract_active
    assert facts.period_months in {1, 3, 6, 12}
    assert facts.contract_starts_on is not None and facts.contract_ends_on is not None
    assert facts.contract_starts_on <= here.day <= facts.contract_ends_on
    assert facts.company_id is not None and facts.service_id is not None


def test_a_line_that_is_not_there_is_said_to_be_missing(here: Stand) -> None:
    stranger = Line(contract_id=here.line.contract_id, line_id=2_000_000_000)
    facts = here.billing.describe([here.line, stranger])
    assert facts[here.line].exists
    assert not facts[stranger].exists


def test_a_day_outside_the_contract_is_refused_and_changes_nothing(here: Stand) -> None:
    facts = here.billing.describe([here.line])[here.line]
    assert facts.contract_ends_on is not None
    after = facts.contract_ends_on + timedelta(days=1)
    before = rows_of(here)
    answer = here.billing.adjust(Adjustment(here.line, after, 1), deadline=soon())
    assert isinstance(answer, Refused), answer
    assert answer.kind is RefusalKind.OUTSIDE_CONTRACT
    assert rows_of(here) == before


def test_a_passed_deadline_sends_nothing(here: Stand) -> None:
    before = rows_of(here)
    late = here.billing.adjust(Adjustment(here.line, here.day, 1), deadline=clock.monotonic())
    assert isinstance(late, NotSent)
    assert rows_of(here) == before


def test_a_reference_nobody_used_is_absent(here: Stand) -> None:
    found = here.billing.find_line(contract_id=here.line.contract_id, reference="no such thing")
    assert found.line_ids == ()


def charge(here: Stand, reference: str) -> NewCharge:
    code = here.billing.charge_codes()[0].code_id
    contract = here.line.contract_id
    return NewCharge(contract, reference, "A test", here.day, Decimal("1.25"), Decimal(1), code)


def test_a_charge_is_found_by_its_reference_and_changed(here: Stand) -> None:
    reference = f"tallystick-test:{clock.monotonic():.6f}"
    wanted = {reference: here.line.contract_id}
    assert here.billing.find_charges(wanted) == {reference: ()}
    made = here.billing.create_charge(charge(here, reference), deadline=soon())
    assert isinstance(made, Applied), made
    (shown,) = here.billing.find_charges(wanted)[reference]
    assert (shown.price, shown.cost, shown.day) == (Decimal("1.25"), Decimal(1), here.day)
    assert (shown.contract_id, shown.billed) == (here.line.contract_id, False)
    if made.created_id is not None:
        assert made.created_id == shown.charge_id
    # It ends at 0, as a charge is not deleted through the port.
    change = ChargeChange(here.line.contract_id, shown.charge_id, reference, Decimal(0), Decimal(0))
    changed = here.billing.change_charge(change, deadline=soon())
    assert isinstance(changed, Applied), changed
    (shown,) = here.billing.find_charges(wanted)[reference]
    assert (shown.price, shown.cost) == (0, 0)


def test_a_passed_deadline_sends_no_charge(here: Stand) -> None:
    reference = f"tallystick-test:{clock.monotonic():.6f}"
    late = here.billing.create_charge(charge(here, reference), deadline=clock.monotonic())
    assert isinstance(late, NotSent)
    assert here.billing.find_charges({reference: here.line.contract_id}) == {reference: ()}
