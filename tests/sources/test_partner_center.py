"""A Partner Center is read: what changed, everything at night, and nothing by absence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.conf import settings

from factories import START, TODAY, Tenancy, nobody_wakes, tenancy
from tallystick.audit.models import AuditLog
from tallystick.kit.ids import correlation_id
from tallystick.kit.secrets import Secret
from tallystick.ledger.models import Operation
from tallystick.simulator.partner_center.running import Running, running_partner_center
from tallystick.simulator.partner_center.world import CLIENT, SECRET, TENANT, Center
from tallystick.sources.models import Source
from tallystick.sources.partner_center.client import HOSTS, Application, PartnerCenter
from tallystick.sources.partner_center.connect import application_of, connect_partner_center
from tallystick.sources.partner_center.read_source import PartnerCenterReader
from tallystick.sources.read_sources import Reading, due_sources, read_source, refresh_customer
from tallystick.sources.reading import WasRead
from tallystick.sources.wire import Refused, SourceTrouble, SourceWire
from tallystick.subscriptions.models import Subscription

SHARED = Path(__file__).resolve().parents[2].parent / "shared/data/partner-center"
CUSTOMER = "Microsoft.Partner.Service.Customers.Contracts.V1.Customer"


@dataclass
class Desk:
    """A tenancy with one Partner Center, and the stand-in for it."""

    of: Tenancy
    at: Running
    source_id: int
    waited: list[float]

    @property
    def center(self) -> Center:
        return self.at.center

    @property
    def row(self) -> Source:
        return Source.objects.get(pk=self.source_id)

    @property
    def now(self) -> datetime:
        return self.of.clock.now()

    def reader_of(self, row: Source) -> PartnerCenterReader:
        wire = SourceWire(HOSTS, stand_ins=self.at.stand_ins)
        application = application_of(row, settings.SEALING_KEYS)
        return PartnerCenterReader(PartnerCenter(application, wire, wait=self.waited.append))

    def reading(self) -> Reading:
        return Reading(self.reader_of, self.now, nobody_wakes, correlation_id())

    def read(self, *, everything: bool = False) -> WasRead:
        return read_source(self.source_id, self.reading(), everything=everything)

    def held(self, subject: str) -> Subscription:
        return Subscription.objects.get(tenant_id=self.of.tenant_id, provider_id=subject)

    def ledger(self, subject: str) -> list[tuple[str, str, date]]:
        rows = Operation.objects.filter(
            subscription__provider_id=subject, tenant_id=self.of.tenant_id
        )
        return [
            (one.kind, one.source.partition(":")[0], one.effective_on)
            for one in rows.order_by("sequence")
        ]


@pytest.fixture
def at() -> Iterator[Running]:
    with running_partner_center(today=TODAY) as running:
        yield running


@pytest.fixture
def desk(db: None, at: Running) -> Desk:
    of = tenancy()
    source_id = connect_partner_center(
        name="Partner Center",
        application=Application(TENANT, CLIENT, Secret(SECRET)),
        context=of.context,
        keys=settings.SEALING_KEYS,
        now=of.clock.now(),
        correlation_id="connect",
    )
    return Desk(of, at, source_id, [])


class TestReading:
    def test_everything_first_with_customers_and_offers(self, desk: Desk) -> None:
        customer = desk.center.add_customer("Alder & Ash")
        subject = desk.center.add_subscription(customer)
        read = desk.read()
        assert (read.everything, read.subscriptions, read.differences) == (True, 1, 1)
        held = desk.held(subject)
        assert (held.customer.name, held.quantity, held.offer.product_id) == (
            "Alder & Ash",
            10,
            "CFQ7TTC0LCHC",
        )
        assert held.commitment_ends_on == date(2026, 12, 31)
        assert held.unit_price is None
        assert desk.row.trouble == ""

    def test_what_the_log_says_was_touched_is_looked_at_once(self, desk: Desk) -> None:
        customer = desk.center.add_customer("Alder & Ash")
        subject = desk.center.add_subscription(customer)
        other = desk.center.add_subscription(customer)
        desk.read()
        yesterday = desk.now - timedelta(days=1)
        desk.center.change(subject, at=yesterday, quantity=12)
        desk.center.change(other, at=yesterday, logged=False, quantity=99)
        read = desk.read()
        assert (read.everything, read.differences) == (False, 1)
        assert desk.held(subject).quantity == 12
        assert desk.held(other).quantity == 10, "nobody said so yet"
        assert desk.ledger(subject)[-1] == (
            "update_quantity",
            "partner_center",
            yesterday.date(),
        )
        before = len(desk.center.calls)
        again = desk.read()
        assert again.subscriptions == 0, "the same record is not looked at twice"
        assert len(desk.center.calls) == before + 3  # two of the sign-in, one of the log

    def test_at_night_what_no_log_tells_is_seen(self, desk: Desk) -> None:
        customer = desk.center.add_customer("Alder & Ash")
        subject = desk.center.add_subscription(customer)
        desk.read()
        desk.of.clock.advance(17 * 3600 + 4 * 3600)  # 06:00: no longer night
        desk.center.change(subject, at=desk.now, logged=False, quantity=9, autoRenewEnabled=False)
        assert desk.read().everything is False
        desk.of.clock.advance(20 * 3600)  # 02:00
        assert desk.read().everything is True
        kinds = desk.ledger(subject)[1:]
        assert [kind[:2] for kind in kinds] == [
            ("update_quantity", "seen"),
            ("set_end_of_term", "seen"),
        ]
        assert desk.held(subject).end_of_term == "extend"

    def test_a_log_that_reaches_back_no_longer_is_not_asked(self, desk: Desk) -> None:
        desk.center.add_subscription(desk.center.add_customer("Alder"))
        desk.read()
        row = desk.row
        row.cursor = {**row.cursor, "since": "2026-02-01"}
        row.save()
        desk.of.clock.advance(3600)
        assert desk.read().everything is True
        assert not any("auditrecords" in call for call in desk.center.calls)

    def test_what_ended_there_ends_here(self, desk: Desk) -> None:
        customer = desk.center.add_customer("Alder & Ash")
        subject = desk.center.add_subscription(customer)
        desk.read()
        desk.center.change(subject, at=desk.now, status="deleted", quantity=0)
        desk.read()
        assert desk.held(subject).status == "deleted"
        assert desk.ledger(subject)[-1][0] == "delete"

    def test_one_that_cannot_be_matched_does_not_stop_the_others(self, desk: Desk) -> None:
        customer = desk.center.add_customer("Alder & Ash")
        desk.center.add_subscription(customer, termDuration="P7Y")
        good = desk.center.add_subscription(customer)
        read = desk.read()
        assert [one.because for one in read.unmatched] == ["Its term “P7Y” is not known here."]
        assert desk.row.settings["unmatched"][0]["why"] == read.unmatched[0].because
        assert desk.held(good).quantity == 10

    def test_a_record_under_way_is_looked_at_when_it_is_done(self, desk: Desk) -> None:
        customer = desk.center.add_customer("Alder & Ash")
        subject = desk.center.add_subscription(customer)
        desk.read()
        desk.center.change(subject, at=desk.now, logged=False, quantity=11)
        desk.center.log(customer, subject, at=desk.now, operationStatus="progress")
        assert desk.read().differences == 0
        desk.center.records[-1]["operationStatus"] = "succeeded"
        assert desk.read().differences == 1

    def test_while_it_is_read_nobody_else_begins(self, desk: Desk) -> None:
        desk.center.add_customer("Alder")
        seen: list[bool] = []

        def look(row: Source) -> PartnerCenterReader:
            later = desk.now + timedelta(minutes=90)
            seen.append(desk.source_id in due_sources(now=later))
            return desk.reader_of(row)

        read_source(desk.source_id, Reading(look, desk.now, nobody_wakes, correlation_id()))
        assert seen == [False]
        assert desk.source_id in due_sources(now=desk.now + timedelta(minutes=15))

    def test_refresh_of_one_customer(self, desk: Desk) -> None:
        customer = desk.center.add_customer("Alder & Ash")
        subject = desk.center.add_subscription(customer)
        desk.read()
        desk.center.change(subject, at=desk.now, logged=False, quantity=14)
        read = refresh_customer(
            desk.source_id,
            desk.held(subject).customer_id,
            desk.reading(),
            context=desk.of.context,
        )
        assert (read.everything, read.differences) == (False, 1)
        assert desk.held(subject).quantity == 14


class TestTrouble:
    def test_too_many_calls_wait_as_long_as_they_are_told(self, desk: Desk) -> None:
        subject = desk.center.add_subscription(desk.center.add_customer("Alder"))
        desk.read()
        desk.center.throttle, desk.center.retry_after = 1, 90
        with pytest.raises(SourceTrouble, match="Too many calls"):
            desk.read(everything=True)
        assert desk.row.next_read_at == desk.now + timedelta(seconds=90)
        assert desk.row.trouble_since == desk.now
        assert desk.held(subject).status == "active"
        assert desk.source_id not in due_sources(now=desk.now)
        desk.of.clock.advance(90)
        assert desk.source_id in due_sources(now=desk.now)
        desk.read()
        assert (desk.row.trouble, desk.row.trouble_since) == ("", None)

    def test_a_list_that_breaks_off_concludes_nothing(self, desk: Desk) -> None:
        customer = desk.center.add_customer("Alder")
        held = [desk.center.add_subscription(customer) for _ in range(3)]
        desk.read()
        desk.center.change(held[0], at=desk.now, quantity=99, logged=False)
        desk.center.break_off = True
        with pytest.raises(SourceTrouble, match="broke off"):
            desk.read(everything=True)
        assert [desk.held(one).status for one in held] == ["active"] * 3
        assert desk.held(held[0]).quantity == 10

    def test_what_is_not_shown_any_more_has_not_ended(self, desk: Desk) -> None:
        customer = desk.center.add_customer("Alder")
        subject = desk.center.add_subscription(customer)
        desk.center.add_subscription(customer)
        desk.read()
        del desk.center.subscriptions[customer][subject]
        assert desk.read(everything=True).differences == 0
        assert desk.held(subject).status == "active"

    def test_trouble_is_in_the_audit_log_once(self, desk: Desk) -> None:
        desk.center.secret = "another"
        for _ in range(3):
            with pytest.raises(Refused, match="refused the sign-in"):
                desk.read()
        logs = AuditLog.objects.filter(tenant_id=desk.of.tenant_id, event="source.read")
        assert [log.status for log in logs] == ["failed"]
        assert SECRET not in " ".join(log.summary for log in logs)

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (b"<html>", "not JSON"),
            (b"[]", "no list"),
            (b'{"items": NaN}', "not JSON"),
            (b'{"items": {}}', "no list"),
            (b"[" * 200_000, "not JSON"),
            (b"x" * (17 << 20), "more than 16 MB"),
        ],
    )
    def test_nonsense_is_bounded_and_said(self, desk: Desk, answer: bytes, words: str) -> None:
        desk.center.answer_with = answer
        with pytest.raises(SourceTrouble, match=words):
            desk.read()
        assert words in desk.row.trouble

    @pytest.mark.parametrize(
        "uri",
        [
            "https://evil.example/v1/customers?a=1",
            "//evil.example/v1/customers",
            "/v1/customers/../secrets",
            "/v1/invoices?size=1",
        ],
    )
    def test_a_next_page_elsewhere_is_not_followed(self, desk: Desk, uri: str) -> None:
        for name in ("A", "B"):
            desk.center.add_customer(name)
        desk.center.page, desk.center.next_uri = 1, uri
        with pytest.raises(SourceTrouble, match="another address"):
            desk.read()

    def test_pages_are_followed_to_the_end(self, desk: Desk) -> None:
        desk.center.page = 2
        customers = [desk.center.add_customer(f"C{n}") for n in range(5)]
        for customer in customers:
            desk.center.add_subscription(customer)
        assert desk.read().subscriptions == 5
        assert set(desk.waited) == {0.2}

    @pytest.mark.parametrize(
        "url",
        [
            "http://api.partnercenter.microsoft.com/v1/customers",
            "https://api.partnercenter.microsoft.com.evil.example/",
            "https://user@api.partnercenter.microsoft.com/",
            "https://api.partnercenter.microsoft.com:8443/",
            "https://169.254.169.254/latest",
            "file:///etc/passwd",
        ],
    )
    def test_other_hosts_are_not_talked_to(self, url: str) -> None:
        with pytest.raises(SourceTrouble, match="outside the allowed hosts"):
            SourceWire(HOSTS)("GET", url)


@pytest.mark.skipif(not SHARED.exists(), reason="the vendor's descriptions are not here")
class TestAsDescribed:
    """The stand-in answers what Microsoft's own description of its services allows."""

    def test_customers(self, desk: Desk) -> None:
        desk.center.add_customer("Alder & Ash")
        (shown,) = desk.center.customers.values()
        check(
            shown,
            "CustomerService.json",
            "Microsoft.Partner.Service.Customers.Contracts.V1.Customer",
        )

    def test_activity_log(self, desk: Desk) -> None:
        customer = desk.center.add_customer("Alder & Ash")
        desk.center.log(customer, desk.center.add_subscription(customer), at=START)
        (record,) = desk.center.records
        check(record, "AuditService.json", "AuditRecord")

    def test_the_fields_of_a_subscription_are_known_ones(self, desk: Desk) -> None:
        subject = desk.center.add_subscription(customer := desk.center.add_customer("Alder"))
        lines = (SHARED / "pc_subscription_fields.csv").read_text().splitlines()[1:]
        known = {line.split(",")[0] for line in lines} | {"attributes"}
        assert set(desk.center.subscriptions[customer][subject]) <= known


def check(shown: dict[str, Any], file: str, name: str) -> None:
    described = json.loads((SHARED / file).read_text(), object_hook=_texts)
    definitions = described["definitions"]
    validator = jsonschema.Draft4Validator({**definitions[name], "definitions": definitions})
    assert [error.message for error in validator.iter_errors(shown)] == []


def _texts(found: dict[str, Any]) -> dict[str, Any]:
    """The description calls its enumerations integers, and lists texts."""
    if any(isinstance(one, str) for one in found.get("enum", ())):
        return {key: value for key, value in found.items() if key not in {"type", "format"}}
    return found
