"""Recording a connection's metadata: the file, who may, and what is written down about it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from desk import Desk, desk
from factories import sibling, tenancy
from harness import wire_to
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.record_metadata import record_metadata
from tallystick.connections.budget import budget_of
from tallystick.connections.edit import Changes, edit_connection
from tallystick.connections.models import Connection
from tallystick.connections.recorded import Recorded
from tallystick.identity.models import Tenant
from tallystick.identity.roles import Role
from tallystick.kit.problem import InvalidInput, NotAllowed, NotFound, Unreachable
from tallystick.kit.secrets import Secret
from tallystick.simulator.read_recording import read_recording_file


@pytest.fixture
def here(db: None) -> Iterator[Desk]:
    with desk() as made:
        yield made


def recorded(here: Desk, target: Path, **changes: Any) -> Recorded:
    values: dict[str, Any] = {
        "target": target,
        "with_udf_names": False,
        "context": here.of.context,
        "now": here.of.clock.now(),
        "correlation_id": "c",
        "clock": here.of.clock,
        "http": wire_to(here.simulator.origin),
    }
    return record_metadata(here.connection_id, **{**values, **changes})


def newest(here: Desk) -> AuditLog:
    return AuditLog.objects.filter(tenant_id=here.of.tenant_id).latest("id")


def test_the_file_is_private_whole_and_what_the_simulator_loads(here: Desk, tmp_path: Path) -> None:
    target = tmp_path / "recorded.json"
    before = budget_of(here.connection_id, now=here.of.clock.now()).spent
    found = recorded(here, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["recorded.json"]
    loaded = read_recording_file(target)
    assert loaded.recorded_on == here.of.clock.now().date().isoformat()
    assert loaded.recorded_by.startswith("Tallystick ")
    assert (len(loaded.entities), found.not_read) == (found.entities, {})
    assert found.fields > 200
    spent = budget_of(here.connection_id, now=here.of.clock.now()).spent - before
    assert found.entities * 2 < spent < 40
    log = newest(here)
    assert (log.event, log.status) == ("connection.record_metadata", "succeeded")
    assert log.summary == f"{found.fields} fields of {found.entities} kinds of record"
    assert log.details == {"with_udf_names": False}


def test_nothing_of_the_tenant_is_in_it(here: Desk, tmp_path: Path) -> None:
    here.load(
        companies=[{"ref": "c", "name": "Fabrikam"}],
        services=[{"ref": "s", "name": "Gold support", "unit_cost": "17.6543"}],
        contracts=[{"ref": "k", "company": "c", "name": "Fabrikam cloud"}],
    )
    recorded(here, tmp_path / "recorded.json")
    text = (tmp_path / "recorded.json").read_text()
    assert json.loads(text)["costs"] == "shown"
    sim = here.simulator
    telling = [sim.user, sim.secret, sim.code, sim.origin, "127.0.0.1", "Zone 1", "17.65"]
    telling += ["Fabrikam", "Gold", "Tenant ID", "Agreement Reference"]
    assert [word for word in telling if word in text] == []
    recorded(here, tmp_path / "named.json", with_udf_names=True)
    assert "Agreement Reference" in (tmp_path / "named.json").read_text()
    assert newest(here).details == {"with_udf_names": True}


def test_a_refusal_is_in_the_file_and_in_the_audit_log(here: Desk, tmp_path: Path) -> None:
    here.simulator.add_fault(
        "refuse", path="BillingItems/entityInformation", times=None, message="No right to see it."
    )
    found = recorded(here, tmp_path / "recorded.json")
    assert set(found.not_read.values()) == {"No right to see it."}
    log = newest(here)
    assert log.summary.endswith(", 2 parts could not be read")
    assert log.details["BillingItems, fields"] == "No right to see it."


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("there.json", "exists already; name a new file. No file was written."),
        ("nowhere/recorded.json", "does not exist. No file was written."),
    ],
)
def test_a_file_that_cannot_be_is_said_before_autotask_is_asked(
    here: Desk, tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "there.json").write_text("kept")
    with pytest.raises(InvalidInput) as refused:
        recorded(here, tmp_path / name)
    assert refused.value.errors[0].field == "record"
    assert refused.value.errors[0].message.endswith(words)
    assert (tmp_path / "there.json").read_text() == "kept"
    assert here.simulator.requests() == []


def test_a_folder_that_cannot_be_written_to_leaves_no_file(here: Desk) -> None:
    with pytest.raises(InvalidInput) as refused:
        recorded(here, Path("/proc/recorded.json"))
    assert refused.value.errors[0].message.endswith("No file was written.")
    assert newest(here).status == "failed"


def test_a_file_that_came_meanwhile_is_left_alone(here: Desk, tmp_path: Path) -> None:
    target = tmp_path / "recorded.json"
    target_of_another = threading.Timer(0.2, lambda: target.write_text("another's"))
    here.simulator.add_fault("slow", path="BillingItems/entityInformation", seconds=1)
    target_of_another.start()
    with pytest.raises(InvalidInput, match="was made by somebody else meanwhile"):
        recorded(here, target)
    assert target.read_text() == "another's"
    assert [path.name for path in tmp_path.iterdir()] == ["recorded.json"]


def test_no_file_when_autotask_cannot_be_asked(here: Desk, tmp_path: Path) -> None:
    here.simulator.add_fault("html_502", path="entityInformation", times=None)
    with pytest.raises(Unreachable, match="Nothing was recorded; no file was written"):
        recorded(here, tmp_path / "recorded.json")
    assert list(tmp_path.iterdir()) == []
    assert (newest(here).event, newest(here).status) == ("connection.record_metadata", "failed")


def test_it_stays_in_the_connections_share_of_calls(here: Desk, tmp_path: Path) -> None:
    of_ten = {"hourly_threshold": 20, "budget_share": Decimal("0.5")}
    Connection.objects.filter(pk=here.connection_id).update(**of_ten)
    with pytest.raises(Unreachable, match=r"Try again in \d+ minutes"):
        recorded(here, tmp_path / "recorded.json")
    assert list(tmp_path.iterdir()) == []
    assert len(here.simulator.requests()) <= 11


def test_only_who_may_connect_and_only_in_the_context(here: Desk, tmp_path: Path) -> None:
    target = tmp_path / "recorded.json"
    with pytest.raises(NotAllowed):
        recorded(here, target, context=tenancy(role=Role.VIEWER).context)
    for other in (tenancy().context, sibling(here.of).context):
        with pytest.raises(NotFound):
            recorded(here, target, context=other)


# The command.


def doctor(here: Desk, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    name = Tenant.objects.get(pk=here.of.tenant_id).name
    origin = here.simulator.origin
    command = [sys.executable, "-m", "tallystick", "doctor", str(here.connection_id)]
    return subprocess.run(
        [*command, "--organisation", name, *map(str, arguments)],
        env={
            **os.environ,
            "DATABASE_URL": os.environ["TALLYSTICK_TEST_DATABASE_URL"],
            "TALLYSTICK_LOG_LEVEL": "WARNING",
            "TALLYSTICK_AUTOTASK_ORIGINS": origin,
            "TALLYSTICK_AUTOTASK_DISCOVERY_URL": origin,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_command_checks_records_and_says_what_is_in_it(here: Desk, tmp_path: Path) -> None:
    Connection.objects.filter(pk=here.connection_id).update(cost_currency="USD")
    target = tmp_path / "recorded.json"
    done = doctor(here, "--record", target)
    assert (done.returncode, "Everything works." in done.stdout) == (0, True), done.stderr
    assert f"Recorded to {target}, which only you can read:" in done.stdout
    assert "3 user defined fields, without their names" in done.stdout
    assert "look at it before you share it" in done.stdout
    assert len(read_recording_file(target).entities) > 10
    done = doctor(here, "--record", target)
    assert done.returncode == 2
    assert f"tallystick: record: {target} exists already" in done.stderr


def test_the_command_does_not_try_wrong_credentials_again(here: Desk, tmp_path: Path) -> None:
    here.simulator.set_knobs(bad_credentials_status=401)
    edit_connection(
        here.connection_id,
        Changes(secret=Secret("wrong")),
        context=here.of.context,
        keys=settings.SEALING_KEYS,
        now=here.of.clock.now(),
        correlation_id="c",
    )
    done = doctor(here, "--record", tmp_path / "recorded.json")
    assert done.returncode == 1
    assert "Nothing was recorded: Autotask did not let us in." in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_names_without_a_recording_are_refused(here: Desk) -> None:
    done = doctor(here, "--with-udf-names")
    assert done.returncode == 2
    assert done.stderr.startswith("tallystick: with-udf-names: is about a recording")
