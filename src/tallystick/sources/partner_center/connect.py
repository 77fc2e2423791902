"""Add a Partner Center as a source: the application that signs in."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import IntegrityError, transaction

from tallystick.audit.events import Event
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.ids import address_name
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.sources.add_source import LONGEST, note_source
from tallystick.sources.kinds import SourceKind
from tallystick.sources.models import Source
from tallystick.sources.partner_center.client import Application
from tallystick.sources.sealing import open_secrets, seal_secrets

_TENANT = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])\Z", re.IGNORECASE | re.ASCII)
_CLIENT = re.compile(r"[0-9a-f-]{36}\Z", re.IGNORECASE | re.ASCII)
SECRET = "client_secret"  # noqa: S105 - the name of a field


def connect_partner_center(
    *,
    name: str,
    application: Application,
    context: Context,
    keys: KeyRing,
    now: datetime,
    correlation_id: str,
) -> int:
    """Its id. Raises InvalidInput, NotAllowed, Conflicting. Nothing is called."""
    context.require(Right.CONNECT)
    name, tenant = name.strip(), application.tenant.strip().lower()
    errors = []
    if not 1 <= len(name) <= LONGEST or not name.isprintable():
        errors.append(FieldError("name", f"must have 1 to {LONGEST} plain characters"))
    if not _TENANT.match(tenant) or ".." in tenant:
        words = "must be the tenant's id or domain, like contoso.onmicrosoft.com"
        errors.append(FieldError("tenant", words))
    if not _CLIENT.match(application.client_id):
        errors.append(FieldError("client_id", "must be the application's id: 36 characters"))
    if not application.secret.reveal().strip():
        errors.append(FieldError("client_secret", "is missing"))
    if errors:
        raise InvalidInput(errors)
    try:
        with transaction.atomic():
            row = Source.objects.create(
                tenant_id=context.tenant_id,
                reseller_id=context.reseller_id,
                kind=SourceKind.PARTNER_CENTER.value,
                name=name,
                uri=f"urn:partner-center:{tenant}",
                hook=address_name(),
                settings={"tenant": tenant, "client_id": application.client_id.lower()},
                created_at=now,
            )
            seal_secrets(row, {SECRET: application.secret}, keys)
            row.save(update_fields=["secret_sealed", "key_id"])
            note_source(
                Event.CREATE_SOURCE, row, f"{name} ({tenant})", context, now, correlation_id
            )
    except IntegrityError:
        raise Conflicting(
            f"There is a source called “{name}”, or one of the tenant {tenant}, already. Nothing "
            "was changed."
        ) from None
    return row.pk


def application_of(row: Source, keys: KeyRing) -> Application:
    """Raises CannotOpen."""
    return Application(
        str(row.settings["tenant"]),
        str(row.settings["client_id"]),
        open_secrets(row, keys)[SECRET],
    )
