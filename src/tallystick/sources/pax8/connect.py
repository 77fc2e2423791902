"""Add a Pax8 as a source: the credentials a partner makes in its portal."""

from __future__ import annotations

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
from tallystick.sources.pax8.client import Credentials
from tallystick.sources.sealing import open_secrets, seal_secrets

SECRET = "client_secret"  # noqa: S105 - the name of a field


def connect_pax8(
    *,
    name: str,
    credentials: Credentials,
    context: Context,
    keys: KeyRing,
    now: datetime,
    correlation_id: str,
) -> int:
    """Its id. Raises InvalidInput, NotAllowed, Conflicting. Nothing is called."""
    context.require(Right.CONNECT)
    name, client_id = name.strip(), credentials.client_id.strip()
    errors = []
    for field, text in (("name", name), ("client_id", client_id)):
        if not 1 <= len(text) <= LONGEST - len("urn:pax8:") or not text.isprintable():
            errors.append(FieldError(field, "must have 1 to 190 plain characters"))
    if not credentials.secret.reveal().strip():
        errors.append(FieldError("client_secret", "is missing"))
    if errors:
        raise InvalidInput(errors)
    try:
        with transaction.atomic():
            row = Source.objects.create(
                tenant_id=context.tenant_id,
                reseller_id=context.reseller_id,
                kind=SourceKind.PAX8.value,
                name=name,
                uri=f"urn:pax8:{client_id}",
                hook=address_name(),
                settings={"client_id": client_id},
                created_at=now,
            )
            seal_secrets(row, {SECRET: credentials.secret}, keys)
            row.save(update_fields=["secret_sealed", "key_id"])
            note_source(Event.CREATE_SOURCE, row, name, context, now, correlation_id)
    except IntegrityError:
        raise Conflicting(
            f"There is a source called “{name}”, or one with this client id, already. Nothing was "
            "changed."
        ) from None
    return row.pk


def credentials_of(row: Source, keys: KeyRing) -> Credentials:
    """Raises CannotOpen."""
    return Credentials(str(row.settings["client_id"]), open_secrets(row, keys)[SECRET])
