"""A Pax8 is read: its history state by state, prices and costs, and nothing by absence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.conf import settings

from factories import Tenancy, nobody_wakes, tenancy
from tallystick.kit.ids import correlation_id
from tallystick.kit.secrets import Secret
from tallystick.ledger.models import Operation
from tallystick.simulator.pax8.app import CLIENT, SECRET, RunningPax8, running_pax8
from tallystick.sources.intake.event import CustomerSaid
from tallystick.sources.models import Source
from tallystick.sources.pax8.client import HOSTS, Credentials, Pax8
from tallystick.sources.pax8.connect import connect_pax8, credentials_of
from tallystick.sources.pax8.read_source import Pax8Reader
from tallystick.sources.pax8.read_subscription import changed_at, counts_from, read_subscription
from tallystick.sources.read_sources import Reading, read_source
from tallystick.sources.reading import WasRead
from tallystick.sources.unread import Unread
from tallystick.sources.wire import Refused, SourceTrouble, SourceWire
from tallystick.subscriptions.models import Subscription

DESCRIBED = (
    Path(__file__).resolve().parents[2].parent
    / "shared/data/pax8/pax8-partner-endpoints-openapi.json"
)


@dataclass
class Desk:
    of: Tenancy
    at: RunningPax8
    source_id: int

    def reader_of(self, row: Source) -> Pax8Reader:
        wire = SourceWire(HOSTS, stand_ins=self.at.stand_ins)
        return Pax8Reader(Pax8(credentials_of(row, settings.SEALING_KEYS), wire))

    def read(self, *, everything: bool = False) -> WasRead:
        now = self.of.clock.now()
        reading = Reading(self.reader_of, now, nobody_wakes, correlation_id())
        return read_source(self.source_id, reading, everything=everything)

    def held(self, subject: str) -> Subscription:
        return Subscription.objects.get(tenant_id=self.of.tenant_id, provider_id=subject)

    def ledger(self, subject: str) -> list[tuple[str, Any, date]]:
        rows = Operation.objects.filter(
            subscription__provider_id=subject, tenant_id=self.of.tenant_id
        )
        return [
            (one.kind, one.after.get("quantity", one.after.get("unit_price")), one.effective_on)
            for one in rows.order_by("sequence")
        ]


@pytest.fixture
def at() -> Iterator[RunningPax8]:
    with running_pax8() as running:
        yield running


@pytest.fixture
def desk(db: None, at: RunningPax8) -> Desk:
    of = tenancy()
    source_id = connect_pax8(
        name="Pax8",
        credentials=Credentials(CLIENT, Secret(SECRET)),
        context=of.context,
        keys=settings.SEALING_KEYS,
        now=of.clock.now(),
        correlation_id="connect",
    )
    return Desk(of, at, source_id)


class TestReading:
    def test_price_cost_and_commitment_come_along(self, desk: Desk) -> None:
        subject = desk.at.world.add_subscription(desk.at.world.add_company("Alder & Ash"))
        assert desk.read().everything is True
        held = desk.held(subject)
        assert (held.unit_price, held.unit_cost) == (Decimal("15.3900"), Decimal("11.3900"))
        assert (held.price_currency, held.offer.term) == ("USD", "P1Y")
        assert (held.customer.name, held.commitment_ends_on) == ("Alder & Ash", date(2026, 12, 31))

    def test_each_state_of_its_history_is_an_operation_of_its_day(self, desk: Desk) -> None:
        world = desk.at.world
        subject = world.add_subscription(world.add_company("Alder"))
        still = world.add_subscription(world.companies[0]["id"])
        desk.read()
        world.change(subject, at="2026-05-03T10:00:00-0700", quantity=12)
        world.change(subject, at="2026-05-04T10:00:00-0700", status="PendingAutomated", quantity=40)
        world.change(subject, at="2026-05-05T10:00:00-0300", status="Active", quantity=9)
        world.change(subject, at="2026-05-06T10:00:00-0300", price=16.5)
        read = desk.read()
        assert (read.everything, read.differences) == (False, 3)
        assert desk.ledger(subject)[1:] == [
            ("update_quantity", 12, date(2026, 5, 3)),
            ("update_quantity", 9, date(2026, 5, 5)),
            ("update_price_margin", "16.5000", date(2026, 5, 6)),
        ]
        assert desk.read().subscriptions == 0
        assert len(desk.ledger(still)) == 1

    def test_a_change_of_later_counts_from_its_start(self, desk: Desk) -> None:
        world = desk.at.world
        subject = world.add_subscription(world.add_company("Alder"))
        desk.read()
        world.change(
            subject, at="2026-05-03T10:00:00Z", quantity=5, startDate="2026-06-01T08:30:00Z"
        )
        desk.read()
        assert desk.ledger(subject)[-1] == ("update_quantity", 5, date(2026, 6, 1))

    def test_cancelled_there_is_cancelled_here_and_absent_is_not(self, desk: Desk) -> None:
        world = desk.at.world
        company = world.add_company("Alder")
        gone, cancelled = world.add_subscription(company), world.add_subscription(company)
        desk.read()
        world.change(cancelled, at="2026-05-03T10:00:00Z", status="Cancelled")
        del world.subscriptions[gone]
        desk.read()
        desk.read(everything=True)
        assert desk.held(cancelled).status == "cancelled"
        assert desk.held(gone).status == "active"

    def test_pages_are_followed(self, desk: Desk) -> None:
        company = desk.at.world.add_company("Alder")
        for _ in range(201):
            desk.at.world.add_subscription(company, status="WaitingForDetails")
        read = desk.read()
        assert (read.subscriptions, read.differences, len(read.unmatched)) == (201, 0, 201)


class TestTrouble:
    def test_a_list_that_breaks_off_concludes_nothing(self, desk: Desk) -> None:
        company = desk.at.world.add_company("Alder")
        subject = desk.at.world.add_subscription(company)
        desk.read()
        desk.at.world.break_off = True
        with pytest.raises(SourceTrouble, match="broke off"):
            desk.read()
        assert desk.held(subject).status == "active"

    def test_too_many_calls_and_wrong_credentials_are_told(self, desk: Desk) -> None:
        desk.at.world.throttle = 1
        with pytest.raises(SourceTrouble, match="Too many calls"):
            desk.read()
        desk.at.world.secret = "another"
        with pytest.raises(Refused, match="refused the sign-in"):
            desk.read()
        row = Source.objects.get(pk=desk.source_id)
        assert "client id and secret" in row.trouble
        assert SECRET not in row.trouble


SAID: dict[str, Any] = {
    "id": "09AC6F1D-0000-4D03-9882-145A4DF71735",
    "productId": "p",
    "quantity": 5.0,
    "status": "Active",
    "billingTerm": "Monthly",
    "startDate": "2021-01-01T08:30:00Z",
    "price": 150,
    "currencyCode": "USD",
}
WHO = CustomerSaid("c", "Alder")


class TestWords:
    def test_numbers_days_and_letters(self) -> None:
        row = read_subscription({**SAID, "partnerCost": 12.34565}, WHO)
        assert isinstance(row, dict)
        assert (row["quantity"], row["unit_price"], row["unit_cost"]) == (
            "5",
            "150.0000",
            "12.3456",
        )
        assert (row["term"], row["starts_on"]) == ("none", "2021-01-01")
        assert row["subscription_id"] == "09ac6f1d-0000-4d03-9882-145a4df71735"

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"id": None}, "no id"),
            ({"status": "PendingManual"}, "not final"),
            ({"billingTerm": "Trial"}, "billing term"),
            ({"commitmentTerm": {"term": "7-Year"}}, "commitment"),
            ({"productId": ""}, "no product"),
            ({"startDate": "soon"}, "cannot be read"),
            ({"price": "dear"}, "no amount"),
            ({"price": "NaN"}, "no amount"),
        ],
    )
    def test_what_is_not_known_is_said(self, changes: dict[str, Any], words: str) -> None:
        found = read_subscription({**SAID, **changes}, WHO)
        assert isinstance(found, Unread)
        assert words in found.because

    def test_the_first_state_has_no_update(self) -> None:
        first = changed_at({"createdDate": "2020-12-03"})
        later = changed_at({"createdDate": "2020-12-03", "updatedDate": "2020-12-10T11:00:00-0300"})
        assert first is not None
        assert later is not None
        assert first.key < later.key
        assert changed_at({"updatedDate": "then"}) is None
        assert changed_at({}) is None
        assert counts_from({"updatedDate": "2020-12-10", "startDate": "2021-01-01T08:30:00Z"}) == (
            "2021-01-01"
        )


@pytest.mark.skipif(not DESCRIBED.exists(), reason="Pax8's description is not here")
def test_the_stand_in_answers_as_described(desk: Desk) -> None:
    world = desk.at.world
    subject = world.add_subscription(world.add_company("Alder"))
    schemas = json.loads(DESCRIBED.read_text())["components"]["schemas"]
    whole = {"components": {"schemas": schemas}}
    for name, shown in (
        ("Subscription", world.subscriptions[subject]),
        ("Company", world.companies[0]),
    ):
        validator = jsonschema.Draft202012Validator({**schemas[name], **whole})
        assert [error.message for error in validator.iter_errors(shown)] == []
