"""Several subscriptions billed together on one line, through the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from api_calls import Api, api_of

from factories import sibling
from moving import Company, company
from tallystick.identity.roles import Role


@dataclass
class Office:
    """``first`` is mapped and green with 10, ``second`` is another order of 5 by the customer."""

    here: Company
    api: Api
    first: int
    second: int

    def at(self, subscription_id: int) -> str:
        connection = self.here.here.connection_id
        return f"/connections/{connection}/subscription-mappings/{subscription_id}"

    def lines(self) -> list[dict[str, object]]:
        found = self.api.get(f"{self.at(self.second)}/places").body["contracts"]
        monthly = next(one for one in found if not one["wrong"])
        lines: list[dict[str, object]] = monthly["lines"]
        return lines


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    with company() as here:
        first = here.held(friendly_name="Head office")
        second = here.of.subscription(
            quantity=5, customer_id=here.customer, offer_id=here.monthly, friendly_name="Branch"
        )
        yield Office(here, api_of(here.of), first, second)


def test_a_taken_line_says_whom_it_bills(office: Office) -> None:
    (line,) = office.lines()
    assert line["taken"] is True
    assert line["bills"] == [{"id": office.first, "name": "Head office", "quantity": 10}]
    assert (line["may_be_shared"], line["not_together"]) == (True, "")
    office.second = office.here.of.subscription(
        customer_id=office.here.customer, offer_id=office.here.monthly, unit_price="19.00"
    )
    (line,) = office.lines()
    assert line["may_be_shared"] is False
    assert str(line["not_together"]).startswith("Head office has another price or cost")


def test_together_then_apart(office: Office) -> None:
    body = {"with_subscription": office.first}
    done = office.api.post(f"{office.at(office.second)}/together", body, Idempotency_Key="t")
    assert done.status == 201, done.text
    assert done.body["billed_together_with"] == [office.first]
    again = office.api.post(f"{office.at(office.second)}/together", body, Idempotency_Key="t")
    assert (again.status, again.headers["Idempotent-Replayed"]) == (201, "true")
    refused = office.api.post(f"{office.at(office.second)}/together", body)
    assert (refused.status, refused.body["type"]) == (409, "urn:tallystick:problem:conflict")
    assert office.here.kinds(office.second) == ["purchase", "map"]
    first = office.api.get(office.at(office.first)).body
    assert first["billed_together_with"] == [office.second]
    assert (first["badge"], first["pending"]) == ("syncing", 1), "the line's"
    unmapping = office.api.delete(office.at(office.second))
    assert unmapping.status == 409
    assert "Bill it apart from them first" in unmapping.text

    apart = office.api.post(f"{office.at(office.second)}/apart", {})
    assert apart.status == 201, apart.text
    assert (apart.body["place"], apart.body["badge"]) == (None, "not_mapped")
    assert apart.body["billed_together_with"] == []
    assert office.api.get(office.at(office.first)).body["billed_together_with"] == []
    alone = office.api.post(f"{office.at(office.first)}/apart", {})
    assert (alone.status, "Nothing else is billed on its line" in alone.text) == (409, True)
    assert office.api.post(f"{office.at(office.second)}/apart", {}).status == 404


def test_a_look_stores_nothing(office: Office) -> None:
    body = {"with_subscription": office.first}
    ahead = office.api.post(f"{office.at(office.second)}/together?preview=true", body)
    assert ahead.status == 200, ahead.text
    (line,) = ahead.body["would_be_sent"]
    assert (line["units_from"], line["units_to"]) == (10, 15)
    assert [one["unit_change"] for one in line["adjustments"]] == [5]
    assert office.api.get(office.at(office.second)).status == 404
    assert office.api.post(f"{office.at(office.second)}/together", body).status == 201
    ahead = office.api.post(f"{office.at(office.second)}/apart?preview=true", {})
    assert ahead.body["would_be_sent"][0]["units_to"] == 10
    assert office.api.get(office.at(office.second)).status == 200
    wrong = office.api.post(f"{office.at(office.second)}/apart?previw=true", {})
    assert (wrong.status, wrong.fields) == (422, ["previw"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "with_subscription"),
        ({"with_subscription": "x"}, "with_subscription"),
        ({"with_subscription": 1, "effective_on": "soon"}, "effective_on"),
        ({"with_subscription": 1, "units": 1}, "units"),
    ],
)
def test_wrong_input_names_the_field(office: Office, body: dict[str, object], field: str) -> None:
    refused = office.api.post(f"{office.at(office.second)}/together", body)
    assert (refused.status, refused.fields) == (422, [field])


def test_a_day_before_it_began_is_refused_and_nothing_is_stored(office: Office) -> None:
    body = {"with_subscription": office.first, "effective_on": "2025-01-01"}
    refused = office.api.post(f"{office.at(office.second)}/together", body)
    assert (refused.status, refused.fields) == (422, ["effective_on"])
    assert office.api.get(office.at(office.second)).status == 404


def test_with_one_that_is_not_in_the_context_or_not_mapped(office: Office) -> None:
    of = office.here.of
    stranger = sibling(of).subscription()
    for one in (office.second, stranger, 987654321):
        body = {"with_subscription": one}
        said = office.api.post(f"{office.at(office.second)}/together", body)
        assert said.status == 404, said.text


def test_who_may_not_map_may_not_share(office: Office) -> None:
    viewer = api_of(office.here.of, Role.VIEWER)
    body = {"with_subscription": office.first}
    assert viewer.post(f"{office.at(office.second)}/together", body).status == 403
    assert viewer.post(f"{office.at(office.first)}/apart", {}).status == 403
