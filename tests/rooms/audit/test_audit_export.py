"""Audit logs as a file: all of it, nobody else's, and what a spreadsheet cannot be steered with."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from factories import Tenancy, sibling, tenancy
from tallystick.audit import export
from tallystick.audit.events import Event
from tallystick.audit.filters import AuditFilter
from tallystick.audit.models import AuditLink, AuditLog
from tallystick.audit.record import SYSTEM, Subject, record
from tallystick.bootstrap.audit_export import export_audit_logs
from tallystick.identity.context import Context
from tallystick.identity.roles import Role
from tallystick.kit.problem import InvalidInput, NotAllowed
from tallystick.kit.sheet import from_sheet

pytestmark = pytest.mark.usefixtures("db")
NOW = datetime(2026, 5, 10, 9, 0, 0, 123456, tzinfo=UTC)


def written(of: Tenancy, summary: str, *, at: datetime = NOW, **more: Any) -> int:
    return record(
        Event.UPDATE_SUBSCRIPTION,
        actor=SYSTEM,
        now=at,
        subject=Subject(of.tenant_id, of.reseller_id, **more),
        correlation_id="c",
        summary=summary,
        details={"after": {"price": "15.20"}, "said": "=1+1"},
    )


def exported(of: Tenancy, kind: str = "json", **filter: Any) -> list[dict[str, Any]]:
    pieces = export_audit_logs(
        AuditFilter(**filter), kind=kind, context=of.context, now=NOW, correlation_id="e"
    )
    text = b"".join(pieces).decode("utf-8-sig")
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(text, newline="")))
    return [json.loads(line) for line in text.splitlines()]


def test_every_record_oldest_first_with_its_place_and_the_export_is_one() -> None:
    of = tenancy()
    ids = [written(of, f"record {n}") for n in range(5)]
    first = exported(of)
    rows = AuditLog.objects.filter(tenant_id=of.tenant_id).order_by("pk")
    told = rows.last()
    assert told is not None
    assert (told.event, told.details["up_to"]) == ("audit.export", len(first))
    assert [one["id"] for one in first] == [row.pk for row in rows][:-1]
    assert [one["id"] for one in first][-5:] == ids
    links = AuditLink.objects.filter(tenant_id=of.tenant_id)
    assert {one["id"]: one["hash"] for one in first}.items() <= {
        link.audit_id: bytes(link.hash).hex() for link in links
    }.items()
    assert [one["previous_hash"] for one in first[1:]] == [one["hash"] for one in first[:-1]]
    assert first[0]["previous_hash"] == ""
    assert first[-1]["details"] == {"after": {"price": "15.20"}, "said": "=1+1"}
    assert first[-1]["recorded_at"] == "2026-05-10T09:00:00.123456Z"
    assert exported(of)[-1]["operation"] == "audit.export"


def test_filters_are_honoured_and_kept_with_the_export() -> None:
    of = tenancy()
    wanted = [written(of, "b", customer_id=7), written(of, "a", customer_id=7)]
    written(of, "a", customer_id=8)
    written(of, "a", customer_id=7, at=NOW + timedelta(days=1))
    asked = {"customer_id": 7, "day_to": date(2026, 5, 10)}
    assert [one["id"] for one in exported(of, **asked)] == wanted
    told = AuditLog.objects.filter(tenant_id=of.tenant_id).latest("pk")
    assert told.details["filters"] == {"customer": 7, "to": "2026-05-10"}
    assert told.summary.startswith("As JSON: to 2026-05-10, customer 7, up to record")
    with pytest.raises(InvalidInput, match="status"):
        exported(of, status="never")
    assert AuditLog.objects.filter(tenant_id=of.tenant_id).latest("pk").pk == told.pk


@pytest.mark.parametrize("by_day", [False, True])
def test_page_after_page_none_is_lost_or_twice(
    by_day: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = tenancy()
    monkeypatch.setattr(export, "AT_ONCE", 3)
    moments = [NOW, NOW + timedelta(hours=1), NOW, NOW, NOW, NOW, NOW + timedelta(hours=1), NOW]
    ids = [written(of, "mine", at=at) for at in moments]
    days = {"day_from": date(2026, 5, 10)} if by_day else {}
    found = [one["id"] for one in exported(of, text="mine", **days)]
    expected = [pk for _, pk in sorted(zip(moments, ids, strict=True))] if by_day else ids
    assert found == expected


def test_what_is_recorded_meanwhile_is_not_in_it() -> None:
    of = tenancy()
    written(of, "before")
    pieces = export_audit_logs(
        AuditFilter(), kind="json", context=of.context, now=NOW, correlation_id="e"
    )
    written(of, "meanwhile")
    text = b"".join(pieces).decode()
    assert "before" in text
    assert "meanwhile" not in text and "audit.export" not in text


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_a_spreadsheet_takes_nothing_for_a_formula(begins: str) -> None:
    of = tenancy()
    steered = f'{begins}HYPERLINK("http://x"),"a"\nb'
    written(of, steered, customer_id=7, customer_name=steered)
    [row] = exported(of, "csv", customer_id=7)
    assert row["summary"] == row["customer_name"] == "'" + steered
    assert from_sheet(row["summary"]) == steered
    assert row["label"] == "Update Subscription"


def test_a_reseller_gets_its_own_and_the_csp_all_with_names() -> None:
    csp = tenancy()
    reseller = sibling(csp)
    written(csp, "of the csp")
    mine = written(reseller, "of the reseller")
    assert [one["id"] for one in exported(reseller) if one["summary"].startswith("of")] == [mine]
    rows = {one["summary"]: one for one in exported(csp)}
    assert rows["of the reseller"]["reseller_name"]
    assert rows["of the csp"]["reseller_name"] == ""
    narrowed = exported(csp, reseller_id=reseller.reseller_id)
    assert {one["reseller_id"] for one in narrowed} == {reseller.reseller_id}


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_who_may_not_export_takes_nothing_out(role: Role) -> None:
    of = tenancy()
    of.context = Context(of.tenant_id, None, role, of.context.actor)
    before = AuditLog.objects.filter(tenant_id=of.tenant_id).count()
    with pytest.raises(NotAllowed):
        exported(of)
    assert AuditLog.objects.filter(tenant_id=of.tenant_id).count() == before


def test_memory_does_not_grow_with_the_file() -> None:
    of = tenancy()
    written(of, "the first")

    def peak(records: int) -> tuple[int, int]:
        start = AuditLog.objects.filter(tenant_id=of.tenant_id).latest("pk")
        AuditLog.objects.bulk_create(_copies(start, records), batch_size=1000)
        pieces = export_audit_logs(
            AuditFilter(), kind="json", context=of.context, now=NOW, correlation_id="e"
        )
        tracemalloc.start()
        size = sum(len(piece) for piece in pieces)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size, most

    peak(600)  # whatever is made once has been made
    small, of_small = peak(600)
    large, of_large = peak(6000)
    assert large > 4 * small > 1_000_000
    assert of_large < 1.5 * of_small


def _copies(row: AuditLog, number: int) -> list[AuditLog]:
    same = {
        field.name: getattr(row, field.name)
        for field in AuditLog._meta.get_fields()
        if field.name != "id"
    }
    return [AuditLog(**{**same, "summary": f"copy {n} " + "x" * 500}) for n in range(number)]
