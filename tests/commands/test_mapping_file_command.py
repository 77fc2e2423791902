"""``tallystick export`` and ``import`` of mappings, as a person runs them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from at_the_command_line import tallystick

from factories import START, Tenancy, tenancy
from tallystick.audit.models import AuditLog
from tallystick.connections.models import Connection
from tallystick.directory.models import CompanyEntry
from tallystick.mappings.models import CustomerMapping

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def csp() -> Tenancy:
    return tenancy()


@pytest.fixture
def connection(csp: Tenancy) -> Connection:
    row = Connection.objects.get(pk=csp.connection())
    CompanyEntry.objects.create(
        connection=row, ref=5, name="Contoso Ltd", active=True, seen_at=START
    )
    return row


def test_out_a_look_in_and_again(csp: Tenancy, connection: Connection, tmp_path: Path) -> None:
    csp.customer("Contoso")
    file = tmp_path / "customers.csv"
    out = ["export", "customer-mappings", connection.name]
    done = tallystick(csp, *out, file)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    shown = tallystick(csp, *out)
    assert shown.stdout.encode() == file.read_bytes()
    again = tallystick(csp, *out, file)
    assert (again.returncode, again.stderr) == (
        2,
        "tallystick: file: cannot be written: File exists\n",
    )

    (row,) = csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline=""))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(row))
    writer.writeheader()
    writer.writerow({**row, "company": "Contoso Ltd"})
    file.write_bytes(text.getvalue().encode())

    back = ["import", "customer-mappings", str(connection.pk), file]
    look = tallystick(csp, *back, "--dry-run")
    assert look.returncode == 0, look.stderr
    first, counts, seen = look.stdout.splitlines()
    assert first == "line 2, Contoso: mapped to Contoso Ltd"
    assert counts == "Dry run, nothing was stored; would change 1; 0 unchanged, 0 wrong"
    assert not CustomerMapping.objects.filter(connection=connection)

    done = tallystick(csp, *back, "--seen", seen.split()[-1])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "Changed 1; 0 unchanged, 0 wrong"
    made = AuditLog.objects.get(tenant_id=csp.tenant_id, event="connection.create_customer_mapping")
    assert made.actor == "tallystick import"
    done = tallystick(csp, *back, "--seen", seen.split()[-1])
    assert (done.returncode, done.stdout) == (1, "")
    assert "Something has changed since you looked" in done.stderr
    done = tallystick(csp, *back, "--format", "json")
    assert (json.loads(done.stdout)["stored"], json.loads(done.stdout)["unchanged"]) == (False, 1)


def test_refused(csp: Tenancy, connection: Connection, tmp_path: Path) -> None:
    csp.customer("One")
    csp.customer("Two")
    file = tmp_path / "customers.csv"
    file.write_text("customer,company\nOne,Contoso Ltd\nTwo,Nobody\n")
    back = ["import", "customer-mappings", connection.name, file]
    done = tallystick(csp, *back)
    assert (done.returncode, done.stdout) == (2, "")
    said = done.stderr.splitlines()
    assert said[0].startswith("tallystick: line 3, company: “Nobody” is the name or number of no")
    assert said[1:] == ["tallystick: nothing was imported"]
    assert not CustomerMapping.objects.filter(connection=connection)
    done = tallystick(csp, *back, "--rows-that-fit")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[-1] == "Changed 1; 0 unchanged, 1 wrong"

    done = tallystick(csp, "export", "offer-mappings", "Nowhere")
    assert done.returncode == 2
    assert done.stderr == (
        f"tallystick: connection: there is none named “Nowhere”. There is: {connection.name}\n"
    )
