"""Continuing on another contract, and the contracts that bill, through the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from api_calls import Api, api_of

from desk import Desk, desk
from harness import engine_for
from tallystick.mappings.choose import choose_company, choose_service
from tallystick.sync.turn import drive


@dataclass
class Office:
    here: Desk
    api: Api
    subscription: int

    @property
    def at(self) -> str:
        return f"/connections/{self.here.connection_id}"

    @property
    def mapped(self) -> str:
        return f"{self.at}/subscription-mappings/{self.subscription}"

    def there(self, **more: object) -> dict[str, object]:
        own = {"contract_id": self.here.refs["n"], "line": "own", "from_on": "2098-01-01"}
        return {**own, **more}


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    with desk() as here:
        here.simulator.freeze(here.of.clock.now())
        here.load(
            companies=[{"ref": "c", "name": "Contoso"}],
            services=[{"ref": "s", "name": "M365", "unit_price": "15.20", "unit_cost": "12.10"}],
            contracts=[
                {"ref": "k", "company": "c", "name": "Cloud 2026", "start": "2026-01-01"}
                | {"end": "2097-12-31"},
                {"ref": "n", "company": "c", "name": "Cloud 2027", "start": "2098-01-01"}
                | {"end": "2099-12-31"},
            ],
            lines=[
                {"ref": "l", "contract": "k", "service": "s", "units": 10, "unit_price": "15.20"}
                | {"unit_cost": "12.10"}
            ],
        )
        here.read()
        customer, offer = here.of.customer(), here.of.offer()
        choose_company(customer, here.connection_id, here.refs["c"], by=here.by())
        choose_service(offer, here.connection_id, here.refs["s"], by=here.by())
        subscription = here.of.subscription(customer_id=customer, offer_id=offer)
        lane = here.of.map(
            subscription,
            here.connection_id,
            contract_id=here.refs["k"],
            line_id=here.refs["l"],
            service_id=here.refs["s"],
            company_id=here.refs["c"],
        )
        drive(engine_for(here.of, here.simulator), lane)
        yield Office(here, api_of(here.of), subscription)


def test_it_is_planned_shown_and_taken_back(office: Office) -> None:
    done = office.api.post(f"{office.mapped}/continue", office.there())
    assert done.status == 201, done.text
    again = office.api.post(f"{office.mapped}/continue", office.there())
    assert again.status == 409
    assert "is to continue on Cloud 2027 from 1 Jan 2098" in again.text
    row = office.api.get(f"{office.at}/billing-contracts").body["items"][0]
    assert (row["contract_id"], row["subscriptions"], row["continuing"]) == (
        office.here.refs["k"],
        1,
        1,
    )
    assert row["successor"]["name"] == "Cloud 2027"
    assert office.api.delete(f"{office.mapped}/continue").status == 204
    assert office.api.delete(f"{office.mapped}/continue").status == 404


def test_everything_a_contract_bills_is_continued(office: Office) -> None:
    address = f"{office.at}/contracts/{office.here.refs['k']}/continue"
    body = {"contract_id": office.here.refs["n"], "from_on": "2098-01-01"}
    nobody = office.api.post(address, {**body, "subscription_ids": [987654]})
    assert nobody.body == {"planned": 0, "refused": []}
    done = office.api.post(address, body)
    assert done.body == {"planned": 1, "refused": []}


def test_wrong_input_names_the_field(office: Office) -> None:
    gone = office.there(contract_id=987654)
    refused = office.api.post(f"{office.mapped}/continue", gone)
    assert (refused.status, refused.fields) == (422, ["contract_id"])
    same = office.there(contract_id=office.here.refs["k"], from_on="2097-12-01")
    refused = office.api.post(f"{office.mapped}/continue", same)
    assert (refused.status, refused.fields) == (422, ["contract_id"])
    assert office.api.get(f"{office.at}/billing-contracts?attention=perhaps").status == 422
