"""Administration > Audit Logs, asked without a browser."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from factories import Tenancy, sibling, tenancy, user
from tallystick.audit.models import AuditLog
from tallystick.identity.context import Context
from tallystick.identity.roles import Role

pytestmark = pytest.mark.usefixtures("db")


def visitor(of: Tenancy, role: Role = Role.ADMINISTRATOR) -> Client:
    of.context = Context(of.tenant_id, of.reseller_id, role, of.context.actor)
    client = Client()
    client.force_login(user(of))
    return client


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


def taken_out(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_the_address_keeps_every_filter_also_to_the_file() -> None:
    of = tenancy()
    reseller = sibling(of)
    client = visitor(of)
    reseller.customer("Contoso of a reseller")
    of.customer("Contoso of the CSP")
    asked = f"?text=contoso&operation=customer.create&reseller={reseller.reseller_id}"
    page = text(client.get(f"/audit-logs{asked}"))
    assert "Contoso of a reseller" in page and "Contoso of the CSP" not in page
    assert "Reseller: Reseller" in page
    links = re.findall(r'href="(/audit-logs/export[^"]+)"', page)
    assert [link.rpartition("=")[2] for link in links] == ["csv", "json"]
    for link in links:
        said = client.get(link)
        assert said.status_code == 200
        content = taken_out(said)
        assert "Contoso of a reseller" in content and "of the CSP" not in content
    told = AuditLog.objects.filter(tenant_id=of.tenant_id, event="audit.export")
    assert {one.details["format"] for one in told} == {"csv", "json"}
    assert told[0].details["filters"]["reseller"] == reseller.reseller_id


def test_a_wrong_filter_is_said_and_nothing_is_taken_out() -> None:
    of = tenancy()
    client = visitor(of)
    for asked in ("status=never", "from=tomorrow", "customer=x", "format=xml"):
        assert client.get(f"/audit-logs/export?{asked}").status_code == 400, asked
    said = client.get("/audit-logs?status=never&text=a")
    assert (said.status_code, "is not a status" in text(said)) == (400, True)
    assert not AuditLog.objects.filter(tenant_id=of.tenant_id, event="audit.export").exists()


def test_a_record_says_its_place_and_leads_to_its_like() -> None:
    of = tenancy()
    reseller = sibling(of)
    client = visitor(of)
    reseller.customer("Contoso")
    one = AuditLog.objects.filter(tenant_id=of.tenant_id).latest("pk")
    page = text(client.get(f"/audit-logs/{one.pk}"))
    for told in ("Place in the chain", "No. ", f"?reseller={reseller.reseller_id}", "?customer="):
        assert told in page, told
    assert "Of the same act" not in page


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_who_may_not_export_is_not_offered_it(role: Role) -> None:
    of = tenancy()
    of.customer("Contoso")
    page = text(visitor(of, role).get("/audit-logs"))
    assert "Contoso" in page and "/audit-logs/export" not in page


def test_a_reseller_sees_and_takes_out_its_own_and_is_asked_for_no_reseller() -> None:
    of = tenancy()
    reseller = sibling(of)
    of.customer("Theirs")
    reseller.customer("Mine")
    client = visitor(reseller, Role.AUDITOR)
    page = text(client.get("/audit-logs"))
    assert "Mine" in page and "Theirs" not in page and 'name="reseller"' not in page
    content = taken_out(client.get("/audit-logs/export?format=json"))
    assert "Mine" in content and "Theirs" not in content
