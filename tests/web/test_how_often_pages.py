"""Pages and addresses asked very often: told in words, and nobody else waits."""

from __future__ import annotations

from html import unescape

import pytest
from django.conf import settings
from django.test import Client

from factories import Tenancy, sibling, tenancy, user
from tallystick.api import door
from tallystick.api.urls import urlpatterns as of_the_api
from tallystick.identity import how_often
from tallystick.identity.roles import Role
from tallystick.identity.tokens import create_token
from tallystick.kit.ids import correlation_id
from tallystick.kit.pace import Paces
from tallystick.ledger.models import Operation
from tallystick.web import visit
from tallystick.web.urls import urlpatterns as of_pages

pytestmark = pytest.mark.usefixtures("db")
SLOWLY = 2  # a minute: of one, one at once, and the next half a minute later


@pytest.fixture(autouse=True)
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(how_often, "_paces", Paces(lambda: 1000.0))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REQUESTS_A_MINUTE", SLOWLY)


@pytest.fixture
def few_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "HEAVY_A_MINUTE", SLOWLY)


def person(of: Tenancy) -> Client:
    client = Client()
    client.force_login(user(of))
    return client


def program(of: Tenancy) -> dict[str, str]:
    """The header of a new token."""
    given = {"name": "a script", "role": Role.ADMINISTRATOR, "reseller_id": of.reseller_id}
    asked = {"now": of.clock.now(), "correlation_id": correlation_id()}
    _, plain = create_token(tenant_id=of.tenant_id, **given, **asked)
    return {"Authorization": f"Bearer {plain}"}


def test_a_person_is_told_when_to_ask_again(few: None) -> None:
    of = tenancy()
    ada, ben = person(of), person(of)
    assert ada.get("/subscriptions").status_code == 200
    answer = ada.get("/subscriptions")
    assert answer.status_code == 429
    assert answer["Retry-After"] == "30"
    assert "You, or your organisation, asked very often" in unescape(answer.content.decode())
    assert "Nothing was done. Ask again in 30 seconds." in answer.content.decode()
    assert ben.get("/subscriptions").status_code == 200


def test_a_token_is_told_and_what_it_asked_was_not_done(few: None) -> None:
    of = tenancy()
    subscription, header = of.subscription(), program(of)
    before = Operation.objects.filter(subscription_id=subscription).count()
    address = f"/api/v1/subscriptions/{subscription}/operations"
    body = {"kind": "change_quantity", "quantity": 12}
    assert Client().get("/api/v1/subscriptions", headers=header).status_code == 200
    answer = Client().post(address, body, "application/json", headers=header)
    said = answer.json()
    assert (answer.status_code, said["status"]) == (429, 429)
    assert said["type"] == "urn:tallystick:problem:too-many"
    assert answer["Content-Type"] == "application/problem+json"
    assert f"{answer['Retry-After']} seconds" in said["detail"]
    assert Operation.objects.filter(subscription_id=subscription).count() == before


def test_all_of_an_organisation_have_a_limit_together_and_others_do_not_wait(few: None) -> None:
    of = tenancy()
    answers = [person(of).get("/account").status_code for _ in range(8)]
    assert answers == [200] * 5 + [429] * 3
    assert person(tenancy()).get("/account").status_code == 200


def test_what_is_heavy_has_a_limit_of_the_organisations_own(few_heavy: None) -> None:
    of = tenancy()
    ada, header = person(of), program(of)
    assert ada.get("/audit-logs/export?format=csv").status_code == 200, "one of two at once"
    for answer in (
        person(of).get("/audit-logs/export?format=csv"),
        Client().get("/api/v1/audit-logs/export", headers=header),
    ):
        assert answer.status_code == 429
        assert "asked for many files, imports and looks" in answer.content.decode()
    assert ada.get("/audit-logs").status_code == 200, "a page is not heavy"


def test_a_reseller_that_asks_often_makes_neither_its_csp_nor_another_wait(
    few: None, few_heavy: None
) -> None:
    of = tenancy()
    one, other = sibling(of), sibling(of)
    address = "/api/v1/audit-logs/export"
    assert Client().get(address, headers=program(one)).status_code == 200
    assert Client().get(address, headers=program(one)).status_code == 429
    for _ in range(5):
        Client().get("/api/v1/subscriptions", headers=program(one))
    assert Client().get("/api/v1/subscriptions", headers=program(one)).status_code == 429
    for its in (of, other):
        assert Client().get(address, headers=program(its)).status_code == 200


def test_one_a_minute_is_one_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REQUESTS_A_MINUTE", 1)
    monkeypatch.setattr(settings, "HEAVY_A_MINUTE", 1)
    ada = person(tenancy())
    assert ada.get("/audit-logs/export?format=csv").status_code == 200
    assert ada.get("/audit-logs/export?format=csv").status_code == 429


@pytest.mark.parametrize("address", ["/api/v1/operations", "/api/v1/sources/1/price-sheet/read"])
def test_what_records_many_or_reads_a_price_sheet_is_heavy(few_heavy: None, address: str) -> None:
    header = program(tenancy())
    said = [
        Client().post(address, {}, "application/json", headers=header).status_code for _ in range(2)
    ]
    assert said[0] in {404, 422}
    assert said[1] == 429


def test_a_page_that_reads_a_price_sheet_is_heavy(few_heavy: None) -> None:
    ada = person(tenancy())
    assert [ada.post("/connectors/sources/1/prices").status_code for _ in range(2)] == [404, 429]


def test_what_is_heavy_is_there() -> None:
    pages = {one.name for one in of_pages}
    assert pages >= visit.HEAVY_FILES | visit.HEAVY_FORMS
    (api,) = [one for one in of_the_api if getattr(one, "namespace", None) == "api"]
    assert {one.name for one in api.url_patterns} >= door.HEAVY
