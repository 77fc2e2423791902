"""Sources that we read: connect a Partner Center, test it, read it now, refresh one customer."""

from __future__ import annotations

from typing import Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from tallystick.api.auth import CONNECT, OPERATE, Caller, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import Body, Id
from tallystick.api.schemas_sources import SourceOut
from tallystick.api.schemas_yields import UnmatchedOut
from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.source_clients import hook_address, reader_of, registrar_of
from tallystick.kit.secrets import Secret
from tallystick.sources.hints.register import register_webhook
from tallystick.sources.partner_center.client import Application
from tallystick.sources.partner_center.connect import connect_partner_center
from tallystick.sources.pax8.client import Credentials
from tallystick.sources.pax8.connect import connect_pax8
from tallystick.sources.read_sources import (
    Reading,
    check_source,
    read_source_now,
    refresh_customer,
)
from tallystick.sources.reading import WasRead
from tallystick.sources.source_queries import get_source

router = Router(tags=["Sources"])


class PartnerCenterIn(Body):
    """The application registered in Microsoft Entra. The secret never comes back."""

    name: str = Field(max_length=200)
    tenant: str = Field(max_length=100)
    client_id: str = Field(max_length=36)
    client_secret: str = Field(max_length=500)


class Pax8In(Body):
    """Credentials made in Pax8's portal. The secret never comes back."""

    name: str = Field(max_length=190)
    client_id: str = Field(max_length=190)
    client_secret: str = Field(max_length=500)


class CheckedOut(Schema):
    name: str
    works: bool
    words: str


class SourceTestedOut(Schema):
    works: bool
    checks: list[CheckedOut]


class ReadIn(Body):
    what: Literal["changes", "everything"] = "changes"


class RefreshIn(Body):
    customer: Id


class WebhookIn(Body):
    replace: bool = Field(False, description="Also when it calls somebody else, who is not then.")


class ReadOut(Schema):
    """``unmatched``: the first 200 that could not be matched; they are left as they are here."""

    everything: bool
    subscriptions: int
    differences: int
    unmatched: list[UnmatchedOut]

    @classmethod
    def of(cls, read: WasRead) -> ReadOut:
        return cls(
            everything=read.everything,
            subscriptions=read.subscriptions,
            differences=read.differences,
            unmatched=[
                UnmatchedOut(id=one.subject, why=one.because) for one in read.unmatched[:200]
            ],
        )


@router.post(
    "/sources/partner-center",
    auth=CONNECT,
    response=answers(201, SourceOut),
    summary="Connect Microsoft Partner Center",
)
def connect(request: HttpRequest, body: PartnerCenterIn) -> Status[SourceOut]:
    """Read every 15 minutes, and whole once a night. Nothing is ever changed there."""
    who = caller(request)
    source_id = connect_partner_center(
        name=body.name,
        application=Application(body.tenant, body.client_id, Secret(body.client_secret)),
        context=who.context,
        keys=settings.SEALING_KEYS,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return Status(201, SourceOut.of(get_source(who.context, source_id, now=who.now)))


@router.post(
    "/sources/pax8", auth=CONNECT, response=answers(201, SourceOut), summary="Connect Pax8"
)
def connect_a_pax8(request: HttpRequest, body: Pax8In) -> Status[SourceOut]:
    """Read every 15 minutes, and whole once a night. Nothing is ever changed there."""
    who = caller(request)
    source_id = connect_pax8(
        name=body.name,
        credentials=Credentials(body.client_id, Secret(body.client_secret)),
        context=who.context,
        keys=settings.SEALING_KEYS,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return Status(201, SourceOut.of(get_source(who.context, source_id, now=who.now)))


@router.post(
    "/sources/{int:source_id}/test",
    auth=CONNECT,
    response=answers(200, SourceTestedOut),
    summary="Test a source",
    url_name="test-source",
)
def test(request: HttpRequest, source_id: int) -> SourceTestedOut:
    """Sign in and read, check by check; nothing is stored but the audit log."""
    no_other(request, set())
    who = caller(request)
    checks = check_source(source_id, _reading(who), context=who.context)
    return SourceTestedOut(
        works=all(one.works for one in checks),
        checks=[CheckedOut(name=one.name, works=one.works, words=one.words) for one in checks],
    )


@router.post(
    "/sources/{int:source_id}/read",
    auth=OPERATE,
    response=answers(200, ReadOut),
    summary="Read a source now",
    url_name="read-source",
)
def read(request: HttpRequest, source_id: int, body: ReadIn) -> ReadOut:
    """`changes` are what its log says; `everything` finds what no log tells."""
    no_other(request, set())
    who = caller(request)
    everything = body.what == "everything"
    done = read_source_now(source_id, _reading(who), context=who.context, everything=everything)
    return ReadOut.of(done)


@router.post(
    "/sources/{int:source_id}/refresh",
    auth=OPERATE,
    response=answers(200, ReadOut),
    summary="Refresh a customer from its source",
    url_name="refresh-customer",
)
def refresh(request: HttpRequest, source_id: int, body: RefreshIn) -> ReadOut:
    """All subscriptions of one customer, read now."""
    no_other(request, set())
    who = caller(request)
    return ReadOut.of(
        refresh_customer(source_id, body.customer, _reading(who), context=who.context)
    )


@router.post(
    "/sources/{int:source_id}/webhook",
    auth=CONNECT,
    response=answers(200, SourceOut),
    summary="Let a source call us when something changes",
    url_name="register-webhook",
)
def register(request: HttpRequest, source_id: int, body: WebhookIn) -> SourceOut:
    """Registers our address there. A call is a hint: the source is read then, within a minute.

    Partner Center calls one address only; when it calls another one it is a conflict, unless
    `replace` says that it is right.
    """
    no_other(request, set())
    who = caller(request)
    register_webhook(
        source_id,
        address_of=hook_address,
        registrar_of=registrar_of,
        replace=body.replace,
        context=who.context,
        keys=settings.SEALING_KEYS,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return SourceOut.of(get_source(who.context, source_id, now=who.now))


def _reading(who: Caller) -> Reading:
    return Reading(reader_of, who.now, desk().wake, who.correlation_id, who.context.actor)
