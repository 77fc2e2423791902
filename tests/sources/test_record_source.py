"""A recording of a source's answers: its shape gets through, and nothing of whose it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from commands.at_the_command_line import tallystick
from factories import TODAY, Tenancy, tenancy
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.record_source import record_source
from tallystick.bootstrap.source_clients import source_wire
from tallystick.identity.roles import Role
from tallystick.kit.problem import InvalidInput, NotAllowed, Unreachable
from tallystick.kit.secrets import Secret
from tallystick.simulator.partner_center.running import Running, running_partner_center
from tallystick.simulator.partner_center.world import CLIENT, SECRET, TENANT
from tallystick.simulator.pax8.app import CLIENT as PAX8_CLIENT
from tallystick.simulator.pax8.app import SECRET as PAX8_SECRET
from tallystick.simulator.pax8.app import running_pax8
from tallystick.sources.partner_center.client import Application
from tallystick.sources.partner_center.connect import connect_partner_center
from tallystick.sources.pax8.client import Credentials
from tallystick.sources.pax8.connect import connect_pax8
from tallystick.sources.redact import Redaction
from tallystick.sources.wire import ORIGINS

CANARY = "kanarienvogel"


@pytest.fixture
def of(db: None) -> Tenancy:
    return tenancy()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with running_partner_center(today=TODAY) as running:
        hosts = ",".join(f"{host}={origin}" for host, origin in running.stand_ins.items())
        monkeypatch.setenv(ORIGINS, hosts)
        source_wire.cache_clear()
        yield running
        source_wire.cache_clear()


def recorded(of: Tenancy, source_id: int, target: Path) -> Any:
    record_source(
        source_id, target=target, context=of.context, now=of.clock.now(), correlation_id="c"
    )
    return json.loads(target.read_text())


def center_of(of: Tenancy) -> int:
    return connect_partner_center(
        name="Our CSP",
        application=Application(TENANT, CLIENT, Secret(SECRET)),
        context=of.context,
        keys=settings.SEALING_KEYS,
        now=of.clock.now(),
        correlation_id="c",
    )


def test_of_a_partner_center_no_name_no_id_and_no_secret(
    of: Tenancy, at: Running, tmp_path: Path
) -> None:
    center = at.center
    customer = center.add_customer(f"{CANARY} Alder")
    subject = center.add_subscription(customer, friendlyName=CANARY, quantity=4711)
    new = json.dumps({"Id": subject, "FriendlyName": CANARY, "Quantity": 4711})
    center.log(customer, subject, at=of.clock.now(), resourceNewValue=new, applicationId=CANARY)
    center.records[-1]["customizedData"].append({"key": "CustomerName", "value": CANARY})
    file = tmp_path / "recording.json"
    said = recorded(of, center_of(of), file)
    assert [(one["status"], one["path"].rpartition("/")[2]) for one in said["answers"]] == [
        (200, "customers"),
        (200, "subscriptions"),
        (200, "auditrecords"),
    ]
    shown = said["answers"][1]["body"]["items"][0]
    assert (shown["status"], shown["billingCycle"], shown["termDuration"]) == (
        "active",
        "monthly",
        "P1Y",
    )
    assert shown["offerId"] == "CFQ7TTC0LCHC:0002:CFQ7TTC0K971"
    assert shown["creationDate"] == "2026-01-02T00:00:00.0000000Z"
    log = said["answers"][2]["body"]["items"][0]
    inner = json.loads(log["resourceNewValue"])
    assert set(inner) == {"Id", "FriendlyName", "Quantity"}
    assert inner["Id"] == shown["id"], "the same id is the same made-up one"
    assert log["customizedData"][0] == {"key": "SubscriptionId-0", "value": shown["id"]}
    text = file.read_text()
    for secret in (CANARY, customer, subject, SECRET, CLIENT, "4711", "token-", TENANT, "admin@"):
        assert secret not in text, secret
    assert file.stat().st_mode & 0o077 == 0
    written = AuditLog.objects.filter(tenant_id=of.tenant_id).latest("pk")
    assert (written.event, written.summary) == (
        "source.record",
        "Our CSP: 3 answers, redacted, to a file",
    )


def test_of_a_pax8_neither(of: Tenancy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with running_pax8() as running:
        hosts = ",".join(f"{host}={origin}" for host, origin in running.stand_ins.items())
        monkeypatch.setenv(ORIGINS, hosts)
        world = running.world
        company = world.add_company(CANARY)
        subject = world.add_subscription(company, price=47.11, productName=CANARY)
        source_id = connect_pax8(
            name="Pax8",
            credentials=Credentials(PAX8_CLIENT, Secret(PAX8_SECRET)),
            context=of.context,
            keys=settings.SEALING_KEYS,
            now=of.clock.now(),
            correlation_id="c",
        )
        file = tmp_path / "pax8.json"
        said = recorded(of, source_id, file)
    assert [one["path"].rpartition("/")[2] for one in said["answers"]] == [
        "companies",
        "subscriptions",
        "history",
    ]
    shown = said["answers"][1]["body"]["content"][0]
    assert (shown["status"], shown["billingTerm"], shown["price"]) == ("Active", "Monthly", 1.5)
    assert shown["updatedDate"] == "2026-01-02T00:00:00-0000"
    text = file.read_text()
    for secret in (CANARY, company, subject, "47.11", PAX8_SECRET, PAX8_CLIENT, "pax8-token"):
        assert secret not in text, secret


def test_by_command(of: Tenancy, at: Running, tmp_path: Path) -> None:
    at.center.add_subscription(at.center.add_customer(CANARY))
    center_of(of)
    file = tmp_path / "recording.json"
    done = tallystick(of, "doctor", "Our CSP", "--source", "--record", file)
    assert done.returncode == 0, done.stderr
    assert f"3 answers recorded to {file}" in done.stdout
    assert CANARY not in file.read_text() + done.stdout
    done = tallystick(of, "doctor", "Their CSP", "--source", "--record", file)
    assert (done.returncode, "one: Our CSP" in done.stderr) == (2, True)


def test_what_cannot_be_had_leaves_no_file(of: Tenancy, at: Running, tmp_path: Path) -> None:
    source_id, file = center_of(of), tmp_path / "recording.json"
    at.center.secret = "another"
    with pytest.raises(Unreachable, match="no file was written"):
        recorded(of, source_id, file)
    assert not file.exists()
    file.write_text("mine")
    with pytest.raises(InvalidInput, match="exists already"):
        recorded(of, source_id, file)
    assert file.read_text() == "mine"
    viewer = tenancy(role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        recorded(viewer, source_id, tmp_path / "other.json")


@pytest.mark.parametrize(
    "value",
    [
        {CANARY + "@contoso.example": 1},
        {"4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04": 1},
        {"status": f"{CANARY}@contoso.example"},
        {"note": f'{{"a": "{CANARY}"}}'},
        {"note": f'{{"a": "{CANARY}"'},
        {"offerId": CANARY},
        {"key": CANARY},
        [[[CANARY]]],
        {"amount": 4711.08, "more": "2026-05-03 4711"},
    ],
)
def test_what_is_not_on_the_list_does_not_get_through(value: Any) -> None:
    text = json.dumps(Redaction().of(value))
    assert CANARY not in text.replace("text", "")
    assert "4711" not in text
    assert "4d3cf487" not in text


def test_what_is_nested_without_end_is_left_out() -> None:
    deep: Any = CANARY
    for _ in range(50):
        deep = [deep]
    assert "left out" in json.dumps(Redaction().of(deep))
