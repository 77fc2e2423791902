"""The copy of what Autotask has: read whole, with its age, or left as it was."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from desk import Desk, desk
from tallystick.bootstrap.clients import make_directory
from tallystick.connections.trouble import Rejected
from tallystick.directory.kinds import Kind
from tallystick.directory.queries import (
    age,
    all_companies,
    companies_by_id,
    search_companies,
    search_contracts,
    search_lines,
    search_services,
)
from tallystick.directory.refresh import ask_for, refresh
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.problem import InvalidInput
from tallystick.kit.secrets import new_key
from tallystick.mappings import jobs

COMPANIES = [
    {"ref": "a", "name": "Alpenblick Gastronomie GmbH", "number": "1001"},
    {"ref": "b", "name": "beta logistics"},
    {"ref": "i", "name": "Ibex Insurance", "is_active": False},
    {"ref": "p", "name": "Prospect Ltd", "type": 3},
]
SERVICES = [
    {"ref": "s", "name": "M365 Business Premium", "unit_price": "22", "unit_cost": "17.6"},
    {"ref": "y", "name": "M365 yearly", "unit_price": "240", "period_type": 5},
]
CONTRACTS = [
    {"ref": "k", "company": "a", "name": "Cloud 2026", "start": "2026-01-01", "end": "2026-12-31"},
    {
        "ref": "old",
        "company": "a",
        "name": "Cloud 2025",
        "start": "2025-01-01",
        "end": "2025-12-31",
    },
    {"ref": "tm", "company": "b", "name": "Hours", "type": 1},
]
LINES = [{"ref": "l", "contract": "k", "service": "s", "units": 3, "internal_description": "ours"}]


@pytest.fixture
def here(db: None) -> Iterator[Desk]:
    with desk() as made:
        made.load(companies=COMPANIES, services=SERVICES, contracts=CONTRACTS, lines=LINES)
        yield made


# The instance's own company is there from the beginning.
OWN = "The Managed Service Provider"


def names(found: object) -> list[str]:
    return [one.name for one in found.items if one.name != OWN]  # type: ignore[attr-defined]


def test_what_a_person_chooses_from_is_read(here: Desk) -> None:
    assert age(here.connection_id).read_at is None
    here.read()

    found = search_companies(here.connection_id)
    assert names(found) == ["Alpenblick Gastronomie GmbH", "beta logistics", "Ibex Insurance"]
    assert [one.active for one in found.items if one.name != OWN] == [True, True, False]
    assert {one.name for one in all_companies(here.connection_id)} == {*names(found)[:2], OWN}
    assert companies_by_id(here.connection_id, [here.refs["a"]])[here.refs["a"]].number == "1001"

    service = search_services(here.connection_id, search="premium").items[0]
    assert (service.unit_price, service.unit_cost) == (Decimal(22), Decimal("17.6"))
    assert service.period_months == 1

    of_a = search_contracts(here.connection_id, company_id=here.refs["a"])
    assert names(of_a) == ["Cloud 2025", "Cloud 2026"]
    assert names(search_contracts(here.connection_id, search="hours")) == [], "not recurring"

    (line,) = search_lines(here.connection_id, contract_id=here.refs["k"]).items
    assert (line.id, line.service_id, line.reference) == (here.refs["l"], here.refs["s"], "ours")
    assert age(here.connection_id).read_at == here.of.clock.now()


def test_search_finds_words_anywhere_in_the_name(here: Desk) -> None:
    here.read()
    assert names(search_companies(here.connection_id, search="gmbh alpen")) == [
        "Alpenblick Gastronomie GmbH"
    ]
    assert names(search_companies(here.connection_id, search="100%_")) == []


def test_pages_follow_each_other_whatever_the_letters(here: Desk) -> None:
    here.load(companies=[{"name": name} for name in ("alpha", "ALPHA", "Ärzte", "äpfel", "İzmir")])
    here.read()
    whole = names(search_companies(here.connection_id))
    found: list[str] = []
    cursor: str | None = None
    for _ in range(20):
        page = search_companies(here.connection_id, cursor=cursor, limit=1)
        found += names(page)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == whole
    assert len(whole) == 8


def test_a_cursor_of_somebody_elses_is_refused(here: Desk) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        search_companies(here.connection_id, cursor="nonsense")


def test_what_is_gone_or_renamed_there_is_so_here(here: Desk) -> None:
    here.read()
    here.simulator.reset()
    here.load(companies=[{"ref": "a", "name": "Alpenblick"}])
    here.read()

    assert names(search_companies(here.connection_id)) == ["Alpenblick"]
    assert search_lines(here.connection_id).items == []
    assert search_contracts(here.connection_id).items == []


def test_what_cannot_be_read_leaves_the_rest_and_says_why(here: Desk) -> None:
    here.read()
    before = age(here.connection_id).read_at
    here.load(companies=[{"name": "New one"}], services=[{"name": "New service"}])
    here.simulator.add_fault(
        "refuse", method="POST", path="V1.0/Services", message="You may not see services."
    )
    ask_for(here.connection_id, now=here.of.clock.now())
    here.of.later(seconds=5)
    with pytest.raises(Rejected):
        refresh(here.connection_id, here.directory, clock=here.of.clock)

    assert names(search_companies(here.connection_id, search="new")) == ["New one"]
    assert len(search_services(here.connection_id).items) == len(SERVICES)
    found = age(here.connection_id)
    assert found.read_at == before, "as old as its oldest part"
    assert "You may not see services." in found.problem
    assert not found.is_being_read

    here.read()
    assert age(here.connection_id).problem == ""


def test_asked_for_twice_it_is_read_once(here: Desk) -> None:
    assert ask_for(here.connection_id, now=here.of.clock.now())
    assert not ask_for(here.connection_id, now=here.of.clock.now())
    assert age(here.connection_id).is_being_read
    here.read()
    assert not age(here.connection_id).is_being_read
    assert ask_for(here.connection_id, now=here.of.clock.now())


def test_directories_are_apart(here: Desk) -> None:
    here.read()
    other = here.of.connection()
    assert search_companies(other).items == []
    assert len(Kind) == 4


def test_a_large_directory_is_read_in_pages_of_500(here: Desk) -> None:
    """As few calls as there are pages, and one count a kind."""
    year = {"start": "2026-01-01", "end": "2026-12-31"}
    here.load(
        companies=[{"ref": f"c{n}", "name": f"Company {n:04d}"} for n in range(1200)],
        contracts=[
            {"ref": f"k{n}", "company": f"c{n}", "name": f"Cloud {n}", **year} for n in range(700)
        ],
    )
    lines = [
        {"contract": here.refs[f"k{n}"], "service": here.refs["s"], "units": 1} for n in range(700)
    ]
    here.load(lines=lines + lines)
    before = len(here.simulator.requests())
    here.read()
    asked = Counter(
        one["path"].split("/V1.0/")[-1].split("/")[0] for one in here.simulator.requests()[before:]
    )
    assert asked["Companies"] == math.ceil(1200 / 500) + 1
    assert asked["Contracts"] == math.ceil(700 / 500) + 1
    assert asked["ContractServices"] == math.ceil(1400 / 500) + 1
    assert asked["Services"] == 1
    assert len(search_companies(here.connection_id, limit=500).items) == 500


def test_who_waits_is_told_when_the_credentials_do_not_open(here: Desk, settings: Any) -> None:
    before = jobs._directory
    jobs.use_directory(make_directory)
    try:
        assert ask_for(here.connection_id, now=here.of.clock.now())
        settings.SEALING_KEYS = KeyRing([new_key()], source="a test")
        jobs.refresh_directory(here.connection_id)
    finally:
        jobs._directory = before
    known = age(here.connection_id)
    assert (known.asked_at, known.failed_at is not None) == (None, True)
    assert "this server does not have" in known.problem
