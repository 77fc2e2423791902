"""Webhooks by the API: registered there, proved here, and a hint for what is read next."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from api_calls import Api, Said
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from structlog.testing import capture_logs

from factories import TODAY, nobody_wakes
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.source_clients import ROOTS, certificates, reader_of, source_wire
from tallystick.kit.ids import correlation_id
from tallystick.simulator.partner_center.running import Running, running_partner_center
from tallystick.simulator.partner_center.signing import Signer, make_signer
from tallystick.simulator.partner_center.world import CLIENT, PARTNER, SECRET, TENANT
from tallystick.simulator.pax8.app import CLIENT as PAX8_CLIENT
from tallystick.simulator.pax8.app import SECRET as PAX8_SECRET
from tallystick.simulator.pax8.app import Distributor, running_pax8
from tallystick.sources.hints.hear import APART, GATHERS, MOST_HINTS
from tallystick.sources.models import Hint, Source
from tallystick.sources.partner_center.client import PartnerCenter
from tallystick.sources.partner_center.connect import application_of
from tallystick.sources.partner_center.read_source import PartnerCenterReader
from tallystick.sources.read_sources import Reading, claim, due_sources, read_source
from tallystick.sources.reading import WasRead
from tallystick.sources.wire import ORIGINS, SourceTrouble
from tallystick.subscriptions.models import Subscription

OUTSIDE = "https://tally.example.com"


@pytest.fixture(scope="module")
def signer(django_db_setup: None, django_db_blocker: Any) -> Signer:
    with django_db_blocker.unblock():  # the API's clock is the database's own
        return make_signer(now=desk().now())


@pytest.fixture
def outside(
    monkeypatch: pytest.MonkeyPatch, settings: Any, signer: Signer, tmp_path: Path
) -> Iterator[pytest.MonkeyPatch]:
    """The server is reached from outside, and trusts the stand-in's root alone."""
    settings.PUBLIC_URL = OUTSIDE
    roots = tmp_path / "roots.pem"
    roots.write_bytes(signer.root_pem)
    monkeypatch.setenv(ROOTS, str(roots))
    yield monkeypatch
    for made in (source_wire, certificates):
        made.cache_clear()


def stand_for(outside: pytest.MonkeyPatch, hosts: dict[str, str]) -> None:
    outside.setenv(ORIGINS, ",".join(f"{host}={origin}" for host, origin in hosts.items()))
    for made in (source_wire, certificates):
        made.cache_clear()


@pytest.fixture
def at(outside: pytest.MonkeyPatch, signer: Signer) -> Iterator[Running]:
    with running_partner_center(today=TODAY) as running:
        running.center.calling.signer = signer
        stand_for(outside, running.stand_ins)
        yield running


def without_pauses(row: Source) -> PartnerCenterReader:
    """As ``reader_of``, which spreads its calls over the minute."""
    application = application_of(row, settings.SEALING_KEYS)
    return PartnerCenterReader(PartnerCenter(application, source_wire(), wait=lambda _: None))


class Office:
    """A reseller with one Partner Center that was read once."""

    def __init__(self, api: Api, at: Running) -> None:
        self.api, self.center, self.calling = api, at.center, at.center.calling
        application = {"tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET}
        said = api.post("/sources/partner-center", {"name": "Our CSP", **application})
        self.source_id = int(said.body["id"])
        self.customer = self.center.add_customer("Alder & Ash")
        self.subject = self.center.add_subscription(self.customer)
        self.read(everything=True)

    @property
    def row(self) -> Source:
        return Source.objects.get(pk=self.source_id)

    def register(self, **body: Any) -> Said:
        return self.api.post(f"/sources/{self.source_id}/webhook", body)

    def read(self, *, everything: bool = False) -> WasRead:
        reading = Reading(without_pauses, desk().now(), nobody_wakes, correlation_id())
        return read_source(self.source_id, reading, everything=everything)

    def updated(self, customer: str = "", subject: str = "", *, audit: str = "") -> bytes:
        where = customer or self.customer, subject or self.subject
        return self.calling.updated(*where, at=desk().now(), audit=audit)

    def call(self, body: bytes | None = None, **headers: str) -> Said:
        body = self.updated() if body is None else body
        assert self.calling.signer is not None
        signed = {k.replace("-", "_"): v for k, v in self.calling.signer.headers(body).items()}
        signed.pop("Content_Type")
        return Api(self.api.of, token="").call(
            "POST", f"/hints/for/{self.row.hook}", raw=body, **{**signed, **headers}
        )

    def held(self) -> Subscription:
        return Subscription.objects.get(tenant_id=self.api.of.tenant_id, provider_id=self.subject)

    def hints(self) -> list[tuple[str, str]]:
        rows = Hint.objects.filter(source_id=self.source_id)
        return [(one.customer, one.subject) for one in rows.order_by("pk")]


@pytest.fixture
def office(api: Api, at: Running) -> Office:
    return Office(api, at)


class TestHeard:
    def test_what_no_log_tells_is_read_because_of_a_call(self, office: Office) -> None:
        """What Microsoft itself does: nothing of it is in the activity log."""
        office.center.change(office.subject, at=desk().now(), logged=False, quantity=14)
        said = office.call()
        assert (said.status, said.body) == (202, {"heard": True}), said.text
        assert office.held().quantity == 10, "the call states nothing"
        assert office.hints() == [(office.customer, office.subject)]
        read = office.read()
        assert (read.everything, read.differences) == (False, 1)
        assert office.held().quantity == 14
        assert office.hints() == []
        assert office.row.heard_at is not None

    def test_what_the_log_tells_too_is_looked_at_once(self, office: Office) -> None:
        office.center.change(office.subject, at=desk().now(), quantity=14)
        office.call()
        before = len(office.center.calls)
        assert office.read().subscriptions == 1
        looks = [one for one in office.center.calls[before:] if office.subject in one]
        assert len(looks) == 1
        assert office.row.cursor["partner"] == PARTNER

    def test_a_hundred_times_the_same_is_one_look(self, office: Office) -> None:
        body = office.updated()
        for _ in range(100):
            assert office.call(body).status == 202
        assert len(office.hints()) == 1
        before = len(office.center.calls)
        office.read()
        looks = [one for one in office.center.calls[before:] if office.subject in one]
        assert len(looks) == 1
        assert office.call(body).status == 202, "also when it is sent again afterwards"
        assert office.read().differences == 0

    def test_twenty_at_once(self, office: Office) -> None:
        body = office.updated()
        with ThreadPoolExecutor(8) as crowd:
            said = list(crowd.map(lambda _: office.call(body).status, range(20)))
        assert said == [202] * 20
        assert len(office.hints()) == 1

    def test_many_calls_make_one_reading_and_not_before_a_minute(self, office: Office) -> None:
        first = office.row
        assert first.last_read_at is not None and first.next_read_at is not None
        office.call()
        soon = office.row.next_read_at
        assert soon is not None
        assert soon >= first.last_read_at + APART
        assert soon <= max(desk().now() + GATHERS, first.last_read_at + APART)
        office.call(office.updated(subject="0" * 8 + office.subject[8:]))
        assert office.row.next_read_at == soon, "two hints, one reading"

    def test_a_source_that_asked_to_wait_is_left_alone(self, office: Office) -> None:
        office.center.throttle, office.center.retry_after = 1, 900
        with pytest.raises(SourceTrouble):
            office.read()
        until = office.row.next_read_at
        office.call()
        assert office.row.next_read_at == until
        assert office.hints() != [], "and it is looked at then"

    def test_while_it_is_being_read_nobody_else_begins(self, office: Office) -> None:
        seen: list[list[int]] = []

        def look(row: Source) -> Any:
            office.call()
            seen.append([one for one in due_sources(now=desk().now()) if one == row.pk])
            return without_pauses(row)

        read_source(office.source_id, Reading(look, desk().now(), nobody_wakes, correlation_id()))
        assert seen == [[]]
        assert office.hints() != [], "it may have been read before: it is looked at again"
        row = office.row
        assert row.next_read_at is not None and row.last_read_at is not None
        assert row.next_read_at - row.last_read_at == APART

    def test_of_two_workers_one_reads(self, office: Office) -> None:
        Source.objects.filter(pk=office.source_id).update(next_read_at=desk().now())
        with ThreadPoolExecutor(8) as crowd:
            got = list(crowd.map(lambda _: claim(office.source_id, now=desk().now()), range(8)))
        assert got.count(True) == 1

    def test_too_many_to_look_at_one_by_one_are_a_reading_of_everything(
        self, office: Office
    ) -> None:
        now = desk().now()
        Hint.objects.bulk_create(
            Hint(source_id=office.source_id, customer="c", subject=f"s{n}", heard_at=now)
            for n in range(MOST_HINTS)
        )
        office.call()
        assert len(office.hints()) == MOST_HINTS
        assert office.read().everything is True
        assert office.hints() == []

    def test_of_a_stranger_nothing_is_read_and_it_is_written_down(self, office: Office) -> None:
        """A call meant for another partner, sent on to this address."""
        stranger = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
        assert office.call(office.updated(customer=stranger)).status == 202
        with capture_logs() as said:
            read = office.read()
        assert read.subscriptions == 0
        assert ("hint of a stranger", stranger) in [
            (one["event"], one.get("customer")) for one in said
        ]
        assert office.hints() == []

    def test_of_another_partner_is_not_heard_once_it_is_known_whose_this_is(
        self, office: Office
    ) -> None:
        office.center.log(office.customer, office.subject, at=desk().now())
        office.read()
        other = f"{PARTNER.replace('3', '4')}_{office.customer}_updatesubscription_1"
        assert office.call(office.updated(audit=other)).status == 401
        own = f"{PARTNER}_{office.customer}_updatesubscription_1"
        assert office.call(office.updated(audit=own)).status == 202

    def test_a_test_call_is_heard_and_nothing_is_read(self, office: Office) -> None:
        until = office.row.next_read_at
        assert office.call(office.calling.test("c0bf", at=desk().now())).status == 202
        assert office.hints() == []
        assert (office.row.next_read_at, office.row.heard_at is None) == (until, False)


class TestNotHeard:
    @pytest.mark.parametrize(
        "headers",
        [
            {"x_ms_signature": "Signature bm9ib2R5"},
            {"x_ms_signature": ""},
            {"X_MS_Certificate_Url": "https://evil.example/cert/a.cer"},
            {"X_MS_Signature_Algorithm": "none"},
        ],
    )
    def test_not_signed_is_not_heard_and_nothing_is_stored(
        self, office: Office, headers: dict[str, str]
    ) -> None:
        before = office.row.next_read_at
        with capture_logs() as said:
            answer = office.call(**headers)
        assert answer.status == 401
        assert (office.hints(), office.row.heard_at, office.row.next_read_at) == ([], None, before)
        assert "webhook not heard" in [one["event"] for one in said]

    def test_another_body_a_large_one_and_no_address(self, office: Office) -> None:
        signed = office.calling.signer
        assert signed is not None
        other = signed.headers(b"{}")["x-ms-signature"]
        assert office.call(x_ms_signature=other).status == 401
        assert office.call(b"x" * (10 << 20)).status == 413
        assert office.call(b"x" * (64 * 1024 + 1)).status == 413
        nobody = Api(office.api.of, token="")
        assert nobody.call("POST", "/hints/for/nobody", raw=office.updated()).status == 401

    def test_a_marketplace_that_tells_has_no_such_address(self, office: Office) -> None:
        added = office.api.post("/sources", {"name": "Market", "uri": "urn:m"}).body
        hook = added["source"]["hints_at"].rpartition("/")[2]
        body = office.updated()
        said = Api(office.api.of, token="").call("POST", f"/hints/for/{hook}", raw=body)
        assert said.status == 401


class TestRegistering:
    def test_it_is_registered_tested_and_called(self, office: Office) -> None:
        said = office.register()
        assert said.status == 200, said.text
        assert said.body["calls_host"] == "tally.example.com"
        assert office.calling.registration == {
            "WebhookUrl": f"{OUTSIDE}{said.body['hints_at']}",
            "WebhookEvents": ["subscription-updated", "test-created"],
            "SignatureTokenToMsSignatureHeader": True,
        }
        assert len(office.calling.tests) == 1
        log = AuditLog.objects.filter(tenant_id=office.api.of.tenant_id).latest("pk")
        assert (log.event, "tally.example.com" in log.summary) == ("source.update", True)
        assert office.row.hook not in json.dumps(log.details) + log.summary
        assert office.register().status == 200, "again is the same"

    def test_the_stand_in_calls_it_over_http(self, office: Office) -> None:
        office.register()
        office.center.change(office.subject, at=desk().now(), logged=False, quantity=14)
        with served() as origin:
            office.calling.reached_at = origin
            assert office.calling.deliver(office.updated()) == 202
        assert office.read().differences == 1

    def test_whoever_is_called_already_is_not_pushed_aside_unasked(self, office: Office) -> None:
        there = {"WebhookUrl": "https://else.example/h", "WebhookEvents": ["test-created"]}
        office.calling.registration = dict(there)
        said = office.register()
        assert said.status == 409
        assert "else.example already" in said.body["detail"]
        assert office.calling.registration == there
        assert office.register(replace=True).status == 200
        assert office.calling.registration["WebhookUrl"].startswith(OUTSIDE)

    @pytest.mark.parametrize("url", ["http://tally.example.com", "https://localhost"])
    def test_a_server_nobody_reaches_says_so(self, office: Office, settings: Any, url: str) -> None:
        settings.PUBLIC_URL = url
        said = office.register()
        assert (said.status, said.fields) == (422, ["address"])
        assert "TALLYSTICK_URL" in said.text
        assert office.calling.registration is None

    def test_what_stops_it_is_said(self, office: Office) -> None:
        office.center.throttle = 1
        said = office.register()
        assert said.status == 502
        assert "Too many calls" in said.body["detail"]
        assert office.api.get(f"/sources/{office.source_id}").body["calls_host"] == ""


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the test's output."""


def served() -> Any:
    """The application itself, over HTTP, for as long as it is asked."""
    from contextlib import contextmanager

    @contextmanager
    def listening() -> Iterator[str]:
        server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()

    return listening()


class TestPax8:
    @pytest.fixture
    def world(self, outside: pytest.MonkeyPatch) -> Iterator[Distributor]:
        with running_pax8() as running:
            stand_for(outside, running.stand_ins)
            yield running.world

    @pytest.fixture
    def source_id(self, api: Api, world: Distributor) -> int:
        body = {"name": "Pax8", "client_id": PAX8_CLIENT, "client_secret": PAX8_SECRET}
        source_id = int(api.post("/sources/pax8", body).body["id"])
        self.subject = world.add_subscription(world.add_company("Alder"))
        self.read(source_id)
        return source_id

    def read(self, source_id: int) -> WasRead:
        reading = Reading(reader_of, desk().now(), nobody_wakes, correlation_id())
        return read_source(source_id, reading)

    def call(self, api: Api, source_id: int, headers: dict[str, str], body: bytes) -> Said:
        hook = Source.objects.get(pk=source_id).hook
        return Api(api.of, token="").call("POST", f"/hints/for/{hook}", raw=body, **headers)

    def test_registered_called_and_read(self, api: Api, source_id: int, world: Distributor) -> None:
        said = api.post(f"/sources/{source_id}/webhook", {})
        assert said.status == 200, said.text
        ((webhook_id, webhook),) = world.webhooks.items()
        assert webhook["active"] is True
        assert webhook["url"] == OUTSIDE + said.body["hints_at"]
        assert webhook["webhookTopics"] == [{"topic": "subscription.updated", "filters": []}]
        assert webhook["authorization"] not in said.text
        world.change(self.subject, at="2026-05-03T10:00:00-0700", quantity=12)
        for _ in range(3):
            answer = self.call(api, source_id, *world.call(webhook_id))
            assert (answer.status, answer.body) == (202, {"heard": True}), answer.text
        assert Hint.objects.filter(source_id=source_id).count() == 1
        assert self.read(source_id).differences == 1
        assert not Hint.objects.filter(source_id=source_id).exists()

    def test_registered_again_it_is_the_same_one_unless_it_was_deleted_there(
        self, api: Api, source_id: int, world: Distributor
    ) -> None:
        api.post(f"/sources/{source_id}/webhook", {})
        world.topics = ("SUBSCRIPTION_UPDATED", "subscription.created")
        api.post(f"/sources/{source_id}/webhook", {})
        ((webhook_id, webhook),) = world.webhooks.items()
        assert [one["topic"] for one in webhook["webhookTopics"]] == list(world.topics)
        given = webhook["authorization"]
        del world.webhooks[webhook_id]
        world.webhooks["another"] = {"id": "another"}
        assert api.post(f"/sources/{source_id}/webhook", {}).status == 200
        made = list(world.webhooks.values())[-1]
        assert made["authorization"] == given
        assert self.call(api, source_id, *world.call(made["id"])).status == 202

    def test_what_is_not_proved_is_not_heard(
        self, api: Api, source_id: int, world: Distributor
    ) -> None:
        headers, body = {"authorization": "Bearer guessed"}, b"{}"
        assert self.call(api, source_id, headers, body).status == 401, "none was registered"
        api.post(f"/sources/{source_id}/webhook", {})
        (webhook_id,) = world.webhooks
        good, body = world.call(webhook_id)
        for wrong in ({}, {"authorization": ""}, headers, {"authorization": "é"}):
            assert self.call(api, source_id, wrong, body).status == 401
        for other in (b"", b"[]", b"{", b"{}", world.call(webhook_id, webhookId="x")[1]):
            assert self.call(api, source_id, good, other).status == 401
        assert self.call(api, source_id, good, b"x" * (64 * 1024 + 1)).status == 413
        assert not Hint.objects.filter(source_id=source_id).exists()
        assert self.call(api, source_id, good, body).status == 202

    def test_without_a_topic_about_subscriptions_nothing_is_registered(
        self, api: Api, source_id: int, world: Distributor
    ) -> None:
        world.topics = ("invoice.created",)
        said = api.post(f"/sources/{source_id}/webhook", {})
        assert said.status == 502
        assert "no topic about subscriptions" in said.body["detail"]
        assert world.webhooks == {}

    def test_another_sources_header_does_not_open_this_one(
        self, api: Api, source_id: int, world: Distributor
    ) -> None:
        api.post(f"/sources/{source_id}/webhook", {})
        row = Source.objects.get(pk=source_id)
        other = Source.objects.get(pk=source_id)
        other.pk, other.name, other.uri, other.hook = None, "Other", "urn:pax8:o", "other-hook"
        other.token_id = None
        other.hook = f"{row.hook[:10]}-other"
        other.save()
        (webhook_id,) = world.webhooks
        headers, body = world.call(webhook_id)
        assert self.call(api, other.pk, headers, body).status == 401, "sealed for another place"
