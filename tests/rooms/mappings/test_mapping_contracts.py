"""Contracts that bill something: which need a person, what follows them, a later last day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from desk import Desk, desk
from factories import TODAY
from harness import wire_to
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.clients import make_client
from tallystick.bootstrap.extend_contract import extend_contract
from tallystick.connections.pause import pause
from tallystick.connectors.autotask.contracts import AutotaskContracts
from tallystick.directory.queries import contracts_by_id
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound, Unreachable
from tallystick.mappings.contracts import Billing, billed_by, list_contracts
from tallystick.mappings.models import SubscriptionMapping

SOON = date(2026, 5, 31)
LATER = date(2027, 5, 31)


@pytest.fixture
def here(db: None) -> Iterator[Desk]:
    with desk() as made:
        made.simulator.freeze(made.of.clock.now())
        made.load(
            companies=[{"ref": "c", "name": "Contoso"}, {"ref": "d", "name": "Fabrikam"}],
            services=[{"ref": "s", "name": "M365", "unit_price": "15.20", "unit_cost": "12.10"}],
            contracts=[
                {"ref": "k", "company": "c", "name": "Cloud", "start": "2026-01-01"}
                | {"end": "2026-05-31"},
                {"ref": "n", "company": "c", "name": "Cloud next", "start": "2026-06-01"}
                | {"end": "2027-05-31"},
                {"ref": "f", "company": "d", "name": "Fabrikam", "start": "2026-01-01"}
                | {"end": "2026-12-31"},
            ],
            lines=[
                {"ref": "l", "contract": "k", "service": "s", "units": 10},
                {"ref": "m", "contract": "f", "service": "s", "units": 10},
            ],
        )
        made.read()
        yield made


def mapped(here: Desk, company: str, contract: str, line: str) -> int:
    of, refs = here.of, here.refs
    subscription_id = of.subscription()
    of.map(
        subscription_id,
        here.connection_id,
        contract_id=refs[contract],
        line_id=refs[line],
        service_id=refs["s"],
        company_id=refs[company],
    )
    return subscription_id


def listed(here: Desk, **how: bool) -> list[Billing]:
    return list(list_contracts(here.of.context, here.connection_id, today=TODAY, **how).items)


def extend(here: Desk, until: date, contract: str = "k") -> date:
    def contracts(connection_id: int) -> AutotaskContracts:
        http = wire_to(here.simulator.origin)
        return AutotaskContracts(make_client(connection_id, clock=here.of.clock, http=http))

    done = extend_contract(
        here.refs[contract],
        here.connection_id,
        until=until,
        asked=here.of.asked(),
        contracts=contracts,
    )
    return done.after


def last_day(here: Desk) -> date | None:
    return contracts_by_id(here.connection_id, [here.refs["k"]])[here.refs["k"]].ends_on


def patches(here: Desk) -> int:
    return sum(1 for one in here.simulator.requests() if one["method"] == "PATCH")


class TestList:
    def test_the_one_that_ends_first_comes_first_with_what_follows_it(self, here: Desk) -> None:
        first = mapped(here, "c", "k", "l")
        mapped(here, "d", "f", "m")
        rows = listed(here)
        assert [(row.contract_id, row.subscriptions) for row in rows] == [
            (here.refs["k"], 1),
            (here.refs["f"], 1),
        ]
        assert rows[0].watch == "The contract ends on 31 May 2026."
        assert rows[0].successor is not None
        assert rows[0].successor.name == "Cloud next"
        assert (rows[1].watch, rows[1].successor) == ("", None)
        found = billed_by(here.of.context, here.connection_id, here.refs["k"], limit=10)
        assert found == [first]

    def test_only_those_that_need_attention(self, here: Desk) -> None:
        mapped(here, "c", "k", "l")
        mapped(here, "d", "f", "m")
        assert [row.contract_id for row in listed(here, attention=True)] == [here.refs["k"]]
        SubscriptionMapping.objects.filter(contract_id=here.refs["f"]).update(contract_id=987654)
        assert [row.watch for row in listed(here, attention=True)] == [
            "The contract ends on 31 May 2026.",
            "Autotask has no such contract any more.",
        ]

    def test_pages_follow_each_other(self, here: Desk) -> None:
        mapped(here, "c", "k", "l")
        mapped(here, "d", "f", "m")
        page = list_contracts(here.of.context, here.connection_id, today=TODAY, limit=1)
        assert [row.contract_id for row in page.items] == [here.refs["k"]]
        rest = list_contracts(
            here.of.context, here.connection_id, today=TODAY, limit=1, cursor=page.next_cursor
        )
        assert [row.contract_id for row in rest.items] == [here.refs["f"]]
        assert rest.next_cursor is None


class TestLastDay:
    def test_a_later_one_is_set_and_read_back(self, here: Desk) -> None:
        mapped(here, "c", "k", "l")
        SubscriptionMapping.objects.filter(contract_id=here.refs["k"]).update(
            checked_at=here.of.clock.now()
        )
        assert extend(here, LATER) == LATER
        assert last_day(here) == LATER
        assert patches(here) == 1
        mapping = SubscriptionMapping.objects.get(connection_id=here.connection_id)
        assert mapping.checked_at is None, "the engine reads the contract again"
        log = AuditLog.objects.filter(tenant_id=here.of.tenant_id).latest("id")
        assert (log.event, log.status) == (Event.EXTEND_CONTRACT.value, "succeeded")
        assert log.summary == "Cloud ends on 31 May 2027 instead of 31 May 2026"

    @pytest.mark.parametrize("until", [SOON, date(2026, 5, 1)])
    def test_a_contract_is_never_shortened(self, here: Desk, until: date) -> None:
        with pytest.raises(InvalidInput, match="must be later than 31 May 2026") as refused:
            extend(here, until)
        assert "never shortened" in str(refused.value)
        assert patches(here) == 0

    def test_what_autotask_has_now_counts_not_the_copy(self, here: Desk) -> None:
        here.simulator.edit_contract(here.refs["k"], end_date=date(2028, 1, 1))
        with pytest.raises(InvalidInput, match="must be later than 1 Jan 2028"):
            extend(here, LATER)
        assert patches(here) == 0

    def test_an_answer_that_was_lost_is_settled_by_reading(self, here: Desk) -> None:
        here.simulator.add_fault("lose_answer", method="PATCH")
        assert extend(here, LATER) == LATER
        here.simulator.add_fault("lose_before", method="PATCH")
        with pytest.raises(Unreachable, match="Autotask shows 31 May 2027"):
            extend(here, date(2028, 5, 31))
        assert extend(here, date(2028, 5, 31)) == date(2028, 5, 31)

    def test_what_autotask_refuses_is_said_in_its_words(self, here: Desk) -> None:
        here.simulator.add_fault("refuse", method="PATCH", message="Contract is locked.")
        with pytest.raises(Conflicting, match="Contract is locked"):
            extend(here, LATER)
        log = AuditLog.objects.filter(tenant_id=here.of.tenant_id).latest("id")
        assert (log.event, log.status) == (Event.EXTEND_CONTRACT.value, "failed")

    def test_a_contract_nobody_knows_and_a_paused_connection(self, here: Desk) -> None:
        here.refs["x"] = 987654
        with pytest.raises(NotFound):
            extend(here, LATER, "x")
        pause(
            here.connection_id,
            because="Paused by Ada.",
            resume_at=None,
            actor=here.of.context.actor,
            now=here.of.clock.now(),
            correlation_id="c",
        )
        with pytest.raises(Conflicting, match="is paused: nothing was sent"):
            extend(here, LATER)
        assert patches(here) == 0
