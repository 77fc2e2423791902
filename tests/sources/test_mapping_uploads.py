"""What a browser, or somebody who is none, may send to the import page."""

from __future__ import annotations

import base64
import zlib
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from factories import START, Tenancy, tenancy, user
from tallystick.directory.models import CompanyEntry
from tallystick.identity.roles import Role
from tallystick.mappings.models import CustomerMapping
from tallystick.web.held_file import hold

pytestmark = pytest.mark.usefixtures("db")
FILE = b"customer,company\nContoso,Contoso Ltd\n"


class Desk:
    def __init__(self, role: Role = Role.ADMINISTRATOR, of: Tenancy | None = None) -> None:
        self.of = of or tenancy(role=role)
        self.client = Client()
        self.client.force_login(user(self.of))

    def connection(self) -> str:
        pk = self.of.connection()
        CompanyEntry.objects.create(
            connection_id=pk, ref=5, name="Contoso Ltd", active=True, seen_at=START
        )
        self.of.customer("Contoso")
        return f"/connectors/{pk}/customer-mapping"

    def post(self, address: str, **values: object) -> tuple[int, str]:
        answer = self.client.post(f"{address}/import", values)
        return answer.status_code, answer.content.decode()


def test_an_upload_is_kept_no_longer_than_a_file_may_be() -> None:
    desk = Desk()
    at = desk.connection()
    large = ContentFile(b"customer\n" + b"x\n" * 2_000_000, name="large.csv")
    status, page = desk.post(at, file=large)
    assert (status, "is larger than 2 MB" in page) == (400, True)
    status, page = desk.post(at)
    assert (status, "The file is to be chosen." in page) == (400, True)


def test_what_comes_back_with_the_confirmation_is_trusted_in_nothing() -> None:
    desk = Desk()
    at = desk.connection()
    bomb = base64.b64encode(zlib.compress(b"\n" * 500_000_000)).decode()
    for held, words in [
        ("not base64", "did not come back whole"),
        (base64.b64encode(b"not packed").decode(), "did not come back whole"),
        (bomb, "is larger than 2 MB"),
    ]:
        status, page = desk.post(at, held=held, seen="x", confirm="all")
        assert (status, words in page) == (400, True), words
    for seen in ({}, {"seen": ""}, {"seen": "of another file"}):
        status, page = desk.post(at, held=hold(FILE), confirm="all", **seen)
        assert (status, "Something has changed since you looked" in page) == (400, True)
        assert "mapped to Contoso Ltd" in page, "it is looked at anew"
    assert not CustomerMapping.objects.filter(connection__tenant_id=desk.of.tenant_id)


def test_who_may() -> None:
    at = Desk(of=(of := tenancy())).connection()
    for role, out, back in [
        (Role.VIEWER, 403, 403),
        (Role.AUDITOR, 200, 403),
        (Role.OPERATOR, 200, 200),
    ]:
        theirs = tenancy(role=role)
        theirs.tenant_id = of.tenant_id
        desk = Desk(of=theirs)
        exported = desk.client.get(f"{at}/export")
        assert exported.status_code == out, role
        page = desk.client.get(at).content.decode()
        assert ("Export" in page, ">Import<" in page) == (out == 200, back == 200), role
        status, _ = desk.post(at, file=BytesIO(FILE))
        assert status == back, role
