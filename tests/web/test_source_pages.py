"""The pages of sources: connect, test, read, refresh, and decide; asked without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client

from factories import TODAY, Tenancy, sibling, tenancy, user
from harness import World
from price_files import GOOD, good
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.source_clients import source_wire
from tallystick.identity.roles import Role
from tallystick.simulator.partner_center.price_sheets import sheet
from tallystick.simulator.partner_center.running import Running, running_partner_center
from tallystick.simulator.partner_center.world import CLIENT, SECRET, TENANT
from tallystick.sources.models import Source
from tallystick.sources.wire import ORIGINS
from tallystick.subscriptions.models import Subscription
from tellers import a_late_one, teller

pytestmark = pytest.mark.usefixtures("db")
APPLICATION = {"name": "Our CSP", "tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET}


class Office:
    def __init__(self, of: Tenancy | None = None, *, role: Role = Role.ADMINISTRATOR) -> None:
        self.of = of or tenancy(role=role)
        self.client = Client()
        self.client.force_login(user(self.of))

    def text(self, address: str, *, status: int = 200) -> str:
        found = self.client.get(address)
        assert found.status_code == status, found.content
        return unescape(found.content.decode())

    def post(self, address: str, **values: str) -> Any:
        return self.client.post(address, values)

    def connected(self) -> str:
        said = self.post("/connectors/sources/new/partner_center", **APPLICATION)
        assert said.status_code == 302, said.content
        return str(said.headers["Location"])


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with running_partner_center(today=TODAY) as running:
        hosts = ",".join(f"{host}={origin}" for host, origin in running.stand_ins.items())
        monkeypatch.setenv(ORIGINS, hosts)
        source_wire.cache_clear()
        yield running
        source_wire.cache_clear()


def test_nothing_yet_teaches_the_next_step(office: Office) -> None:
    said = office.text("/connectors")
    assert "No source yet" in said
    for kind in ("Connect Partner Center", "Connect Pax8", "Let a marketplace tell"):
        assert kind in said


def test_a_partner_center_is_connected_tested_read_and_refreshed(
    office: Office, at: Running
) -> None:
    customer = at.center.add_customer("Alder & Ash")
    subject = at.center.add_subscription(customer)
    at.center.add_subscription(customer, termDuration="P7Y")
    here = office.connected()
    assert "Not read yet" in office.text(here)
    office.post(f"{here}/test")
    assert "It works: sign-in, customers, activity log." in office.text(here)
    office.post(f"{here}/everything")
    said = office.text(here)
    assert "Read: 2 subscriptions, 1 difference, 1 not matched." in said
    assert "Its term “P7Y” is not known here." in said
    assert '<a href="#not-matched">1 subscription</a>' in said
    assert "Bought: 1" in said
    assert f'href="{here}#not-matched"' in office.text("/connectors")
    held = Subscription.objects.get(tenant_id=office.of.tenant_id, provider_id=subject)
    page = f"/subscriptions/{held.pk}"
    assert "Refresh from Our CSP" in office.text(page)
    at.center.change(subject, at=office.of.clock.now(), logged=False, quantity=13)
    office.post(f"{here}/refresh/{held.pk}")
    said = office.text(page)
    assert "Alder & Ash read: 2 subscriptions, 1 difference." in said
    assert "told by the source" in said
    assert "Works" in office.text("/connectors")


def test_what_stops_reading_is_said_where_it_is_looked_for(office: Office, at: Running) -> None:
    here = office.connected()
    at.center.secret = "another"
    office.post(f"{here}/test")
    assert "Sign-in: Microsoft refused the sign-in (invalid_client)" in office.text(here)
    office.post(f"{here}/changes")
    said = office.text(here)
    assert "Nothing is concluded from what it does not show." in said
    assert "Not read" in office.text("/connectors")
    assert SECRET not in said


def test_what_is_wrong_stands_beside_its_field_and_the_secret_is_not_shown_again(
    office: Office,
) -> None:
    said = office.post("/connectors/sources/new/partner_center", **{**APPLICATION, "tenant": "a b"})
    text = unescape(said.content.decode())
    assert said.status_code == 400
    for ability in ("tells what changed, 90 days back", "calls us at once", "knows prices"):
        assert ability in text, "before one connects it"
    assert "Tenant must be the tenant's id or domain" in text
    assert SECRET not in text
    office.connected()
    again = office.post("/connectors/sources/new/partner_center", **APPLICATION)
    assert "already" in unescape(again.content.decode())


def test_a_marketplace_gets_its_token_once(office: Office) -> None:
    said = office.post("/connectors/sources/new/events", name="Market", uri="urn:m")
    text = unescape(said.content.decode())
    assert "ts_" in text
    assert "whsec_" in text
    source = Source.objects.get(tenant_id=office.of.tenant_id)
    assert "whsec_" not in office.text(f"/connectors/sources/{source.pk}")


def test_a_person_decides_about_what_came_too_late(office: Office) -> None:
    told = teller(office.of)
    late = a_late_one(told)
    here = f"/connectors/sources/{told.added.source_id}"
    assert "Came too late" in office.text(here)
    assert "Needs a person" in office.text("/connectors")
    one = f"{here}/events/{late}"
    assert "Quantity changed" in office.text(one)
    assert "must have 1 to 1000" in unescape(office.post(one, how="apply").content.decode())
    assert office.post(one, how="ignore", reason="asked them").status_code == 302
    assert "Nothing waits for a decision." in office.text(here)
    again = office.post(one, how="apply", reason="x")
    assert "nothing to decide" in unescape(again.content.decode())
    log = AuditLog.objects.filter(tenant_id=office.of.tenant_id).latest("pk")
    assert (log.event, "asked them" in log.summary) == ("source.decide_event", True)


def test_a_late_one_stands_on_home_and_on_its_subscription_until_it_is_decided(
    world: World,
) -> None:
    line = world.line(units=10)
    office, told = Office(world.tenancy), teller(world.tenancy)
    subject = Subscription.objects.get(pk=line.subscription_id).provider_id
    told.tell(told.quantity(subject, 9, minute=50))
    world.work()
    assert (line.units(), line.badge) == (9, "synced")
    (late,) = told.tell(told.quantity(subject, 12, minute=40, effective_from="2026-05-01"))
    home = office.text("/")
    assert "1 change that a source told waits for a decision." in home
    assert "told: Quantity changed to 12. Came too late, and nothing was recorded." in home
    assert "1 change that a source told is neither recorded nor ignored" in home.lower()
    decide = f"/connectors/sources/{told.added.source_id}/events/{late.id}"
    page = f"/subscriptions/{line.subscription_id}"
    for where in (home, office.text(page)):
        assert f'href="{decide}"' in where
    assert "told 1 change of this subscription that is not recorded" in office.text(page)
    assert line.badge == "synced", "Autotask shows what is expected: that is what green says"
    said = office.text(decide)
    assert "quantity 9, active" in said
    assert office.post(decide, how="as you like", reason="x").status_code == 400
    assert office.post(decide, how="apply_today", reason="they asked").status_code == 302
    world.work()
    today = desk().today(world.tenancy.context)  # the pages' own
    assert (line.units(), line.units(today), line.badge) == (9, 12, "synced")
    assert line.states() == ["synced"] * 3, "what was proved stays as it was"
    said = office.text(page)
    assert "not recorded." not in said
    assert "Recorded from today: Quantity changed" in said, "among the decisions"
    assert "waits for a decision" not in office.text("/")


def test_who_may_only_read_sees_and_does_nothing(office: Office) -> None:
    told = teller(office.of)
    late = a_late_one(told)
    viewer = Office(
        Tenancy(
            office.of.tenant_id,
            type(office.of.context)(
                office.of.tenant_id, None, Role.VIEWER, office.of.context.actor
            ),
            clock=office.of.clock,
        )
    )
    here = f"/connectors/sources/{told.added.source_id}"
    said = viewer.text(here)
    assert "Came too late" in said
    assert "Decide" not in said
    assert "Connect Pax8" not in viewer.text("/connectors")
    viewer.text("/connectors/sources/new/pax8", status=403)
    assert viewer.post(f"{here}/events/{late}", how="apply", reason="x").status_code == 403
    assert viewer.post(f"{here}/test").status_code == 403


def test_anothers_sources_are_not_there(office: Office) -> None:
    told = teller(office.of)
    late = a_late_one(told)
    here = f"/connectors/sources/{told.added.source_id}"
    for stranger in (Office(), Office(sibling(office.of))):
        stranger.text(here, status=404)
        stranger.text(f"{here}/events/{late}", status=404)
        assert stranger.post(f"{here}/test").status_code == 404
    other = teller(office.of).added.source_id
    office.text(f"/connectors/sources/{other}/events/{late}", status=404)
    office.text("/connectors/sources/new/nonsense", status=404)


def test_a_price_sheet_is_read_and_what_is_wrong_with_it_stands_there(
    office: Office, at: Running
) -> None:
    here = office.connected()
    assert "None is read: price lists are imported as files" in office.text(here)
    form = f"{here}/price-sheet"
    assert "Refresh token" in office.text(form)
    wrong = office.post(form, market="Germany", price_is_for="", refresh_token="secret-1")
    text = unescape(wrong.content.decode())
    assert wrong.status_code == 400
    assert "Market must be two letters, like DE." in text
    assert "secret-1" not in text
    chosen = {"market": "DE", "price_is_for": "term", "refresh_token": at.center.refresh_token}
    assert office.post(form, **chosen).status_code == 302
    at.center.price_sheets["DE"] = sheet([GOOD])
    office.post(f"{here}/prices")
    said = office.text(here)
    assert "Price sheet read, rows: 1. Prices added: 1, replaced: 0." in said
    assert "a price is for the whole term" in said
    office.post(f"{here}/prices")
    assert "rows: 1. All as before." in office.text(here)
    at.center.price_sheets["DE"] = sheet([good(UnitPrice="1452")])
    office.post(f"{here}/prices")
    said = office.text(here)
    assert "line 2, UnitPrice: Microsoft 365 Business Premium: 12.1000 becomes 121.0000" in said
    office.post(f"{here}/prices", accept="1")
    assert "Prices added: 0, replaced: 1." in office.text(here)
    at.center.price_sheets.clear()
    office.post(f"{here}/prices")
    assert "It has no price sheet of the market DE. Nothing was imported." in office.text(here)
    told = teller(office.of).added.source_id
    office.text(f"/connectors/sources/{told}/price-sheet", status=404)


def test_a_webhook_is_registered_where_nobody_else_is_called(
    office: Office, at: Running, settings: Any
) -> None:
    here = office.connected()
    settings.PUBLIC_URL = "http://localhost:8000"
    office.post(f"{here}/webhook")
    said = office.text(here)
    assert "Set TALLYSTICK_URL to where this server is reached from outside" in said
    assert "Not registered" in said
    settings.PUBLIC_URL = "https://tally.example.com"
    at.center.calling.registration = {"WebhookUrl": "https://else.example/h"}
    asked = office.post(f"{here}/webhook")
    said = office.text(str(asked.headers["Location"]))
    assert "calls else.example already" in said
    assert "Call us instead" in said
    office.post(f"{here}/webhook", replace="1")
    said = office.text(here)
    assert "It calls tally.example.com" in said
    assert "none yet" in said
    assert "Register webhook again" in said
