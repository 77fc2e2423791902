"""Add a source: a name, what its events call it, and how it proves who it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from tallystick.audit.events import Event, Status
from tallystick.audit.record import Subject, record
from tallystick.identity.context import Context
from tallystick.identity.roles import Right, Role
from tallystick.identity.tokens import create_token
from tallystick.kit.ids import address_name, webhook_secret
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.kit.secrets import Secret
from tallystick.sources.kinds import SourceKind
from tallystick.sources.models import Source
from tallystick.sources.sealing import seal_secrets

LONGEST = 200
SIGNING = "signing"
FILES = "Files"


@dataclass(frozen=True, slots=True)
class Added:
    """``token`` and ``secret`` are shown once: of the first only a hash is kept."""

    source_id: int
    token: Secret
    secret: Secret


def add_events_source(
    *,
    name: str,
    uri: str,
    context: Context,
    keys: KeyRing,
    now: datetime,
    correlation_id: str,
) -> Added:
    """One that sends us events and snapshots. Raises InvalidInput, NotAllowed, Conflicting.

    Its token may read nothing of anybody's and operate nothing: it only speaks for this source.
    """
    context.require(Right.CONNECT)
    name, uri = name.strip(), uri.strip()
    errors = []
    for field, text in (("name", name), ("uri", uri)):
        if not 1 <= len(text) <= LONGEST or not text.isprintable():
            errors.append(FieldError(field, f"must have 1 to {LONGEST} plain characters"))
    if errors:
        raise InvalidInput(errors)
    secret = Secret(webhook_secret())
    try:
        with transaction.atomic():
            token_id, token = create_token(
                tenant_id=context.tenant_id,
                reseller_id=context.reseller_id,
                role=Role.SOURCE,
                name=f"Source {name}"[:LONGEST],
                now=now,
                correlation_id=correlation_id,
                actor=context.actor,
            )
            row = Source.objects.create(
                tenant_id=context.tenant_id,
                reseller_id=context.reseller_id,
                kind=SourceKind.EVENTS.value,
                name=name,
                uri=uri,
                token_id=token_id,
                hook=address_name(),
                created_at=now,
            )
            seal_secrets(row, {SIGNING: secret}, keys)
            row.save(update_fields=["secret_sealed", "key_id"])
            note_source(Event.CREATE_SOURCE, row, f"{name} ({uri})", context, now, correlation_id)
    except IntegrityError:
        raise Conflicting(
            f"There is a source called “{name}”, or one that is “{uri}”, already. Nothing was "
            "changed."
        ) from None
    return Added(row.pk, Secret(token), secret)


def files_source(name: str, *, context: Context, now: datetime, correlation_id: str) -> int:
    """The source that lists from files are compared under; without a name one called Files.

    Raises InvalidInput when no source has that name.
    """
    context.require(Right.OPERATE)
    known = Source.objects.filter(**context.scope(), name=name or FILES).first()
    if known is not None:
        return known.pk
    if name:
        raise InvalidInput.one("source", f"there is no source called “{name[:60]}”")
    with transaction.atomic():
        row = Source.objects.create(
            tenant_id=context.tenant_id,
            reseller_id=context.reseller_id,
            kind=SourceKind.EVENTS.value,
            name=FILES,
            uri=f"urn:tallystick:files:{context.tenant_id}",
            hook=address_name(),
            created_at=now,
        )
        note_source(Event.CREATE_SOURCE, row, FILES, context, now, correlation_id)
    return row.pk


def note_source(
    event: Event,
    row: Source,
    words: str,
    context: Context,
    now: datetime,
    correlation_id: str,
    *,
    status: Status = Status.SUCCEEDED,
) -> None:
    record(
        event,
        actor=context.actor,
        now=now,
        subject=Subject(tenant_id=row.tenant_id, reseller_id=row.reseller_id),
        correlation_id=correlation_id,
        status=status,
        summary=words[:500],
        details={"source": row.pk, "kind": row.kind, "uri": row.uri},
    )
