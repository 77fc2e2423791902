"""``tallystick audit`` as whoever audits runs it: with the right to read, and no other."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from at_the_command_line import tallystick

from factories import number, tenancy
from processes import as_owner
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.audit.record import SYSTEM, Subject, record

READS = ("audit_log", "audit_chain")


@pytest.fixture
def auditor(db: None) -> Iterator[str]:
    """A role that may read the two tables."""
    name = f"auditor_{os.getpid()}_{number()}"
    with psycopg.connect(os.environ["TALLYSTICK_TEST_DATABASE_URL"], autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {name} NOLOGIN")
        owner.execute(f"GRANT {name} TO CURRENT_USER")
        owner.execute(f"GRANT SELECT ON {', '.join(READS)} TO {name}")
        yield name
        owner.execute(f"DROP OWNED BY {name}")
        owner.execute(f"DROP ROLE {name}")


def test_verified_by_who_may_only_read(auditor: str, tmp_path: Path) -> None:
    of = tenancy()
    for _ in range(3):
        record(
            Event.UPDATE_SUBSCRIPTION,
            actor=SYSTEM,
            now=datetime(2026, 5, 10, 9, 0, tzinfo=UTC),
            subject=Subject(tenant_id=of.tenant_id),
            correlation_id="c",
        )
    home = {"TALLYSTICK_HOME": str(tmp_path)}
    signed = tallystick(None, "audit", "heads", **home)
    assert signed.returncode == 0, signed.stderr
    heads = tmp_path / "audit-heads.jsonl"
    key = tallystick(None, "audit", "key", **home).stdout.strip()
    assert len(key) == 44
    elsewhere = {"TALLYSTICK_HOME": str(tmp_path / "elsewhere"), "TALLYSTICK_APP_ROLE": auditor}
    only = ("--only", str(of.tenant_id))
    seen = ("audit", "verify", "--heads", heads, "--public-key", key, *only)
    fine = tallystick(None, *seen, **elsewhere)
    assert fine.returncode == 0, fine.stderr
    words = "3 audit logs are as they were written, compared with 1 signed heads"
    assert fine.stdout.strip() == words
    alone = tallystick(None, "audit", "verify", *only, **elsewhere)
    assert alone.returncode == 0
    assert "nobody can tell whether the end was cut off" in alone.stderr

    with as_owner(os.environ["TALLYSTICK_TEST_DATABASE_URL"]) as owner:
        owner.autocommit = True
        owner.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
        owner.execute("ALTER TABLE audit_chain DISABLE TRIGGER USER")
        for table in READS:  # all of it: nothing is left that could be found by itself
            gone = f"DELETE FROM {table} WHERE tenant_id = %s"  # noqa: S608 - literals
            owner.execute(gone, [of.tenant_id])
        owner.execute("ALTER TABLE audit_log ENABLE TRIGGER USER")
        owner.execute("ALTER TABLE audit_chain ENABLE TRIGGER USER")
    said = tallystick(None, *seen, **elsewhere)
    assert said.returncode == 1
    words = f"organisation {of.tenant_id}: the chain ends after 0 records"
    assert said.stdout.startswith(words)
    other = tallystick(None, "audit", "verify", "--heads", heads, **elsewhere)
    assert other.returncode == 1
    assert "the heads cannot be believed" in other.stderr
    assert "not known here" in other.stderr


def test_listed_exported_and_verified_without_a_database(tmp_path: Path) -> None:
    of, other = tenancy(), tenancy()
    here = of.connection(name="Main")
    customer = of.customer("=Contoso")
    other.customer("Elsewhere")
    home = {"TALLYSTICK_HOME": str(tmp_path)}
    listed = tallystick(of, "audit", "list", "--text", "contoso", **home)
    assert listed.returncode == 0, listed.stderr
    assert "=Contoso" in listed.stdout and "Elsewhere" not in listed.stdout
    by = ("--connection", "Main", "--operation", "connection.create", "--json")
    [one] = json.loads(tallystick(of, "audit", "list", *by, **home).stdout)
    assert one["connection_id"] == here
    none = tallystick(
        of, "audit", "list", "--customer", str(customer), "--to", "2020-01-01", **home
    )
    assert none.stdout.strip() == "No audit log matches."
    for wrong in (("--from", "yesterday"), ("--status", "never"), ("--reseller", "nobody")):
        assert tallystick(of, "audit", "list", *wrong, **home).returncode == 2

    file = tmp_path / "all.jsonl"
    done = tallystick(of, "audit", "export", file, **home)
    assert done.returncode == 0, done.stderr
    number = len(file.read_bytes().splitlines())
    assert AuditLog.objects.filter(tenant_id=of.tenant_id).latest("pk").event == "audit.export"
    again = tallystick(of, "audit", "export", file, **home)
    assert (again.returncode, "File exists" in again.stderr) == (2, True)
    assert tallystick(of, "audit", "export", tmp_path / "x.txt", **home).returncode == 2
    sheet = tmp_path / "some.csv"
    assert tallystick(of, "audit", "export", sheet, "--text", "contoso", **home).returncode == 0
    assert ",'=Contoso," in sheet.read_text()

    assert tallystick(None, "audit", "heads", **home).returncode == 0
    heads = tmp_path / "audit-heads.jsonl"
    nowhere = {**home, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    verify = ("audit", "verify", "--file")
    fine = tallystick(None, *verify, file, **nowhere)
    assert fine.returncode == 0, fine.stderr
    assert fine.stdout.startswith(f"{number} audit logs are as they were written\n")
    assert f"records 1 to {number} of organisation {of.tenant_id}" in fine.stdout
    assert "nobody can tell whether all was written anew" in fine.stderr
    tallystick(of, "audit", "export", tmp_path / "later.json", **home)
    later = tallystick(None, *verify, tmp_path / "later.json", "--heads", heads, **nowhere)
    assert (later.returncode, "compared with 1 signed heads" in later.stdout) == (0, True)
    file.write_bytes(file.read_bytes().replace(b"Contoso", b"Fabrikam"))
    bad = tallystick(None, *verify, file, **nowhere)
    assert (bad.returncode, "is not what was written" in bad.stdout) == (1, True)
    no = tallystick(None, *verify, sheet, **nowhere)
    assert (no.returncode, "line 1 is not a record of an export" in no.stderr) == (1, True)
