"""Create a connection: its credentials are sealed and never shown again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import IntegrityError, transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.connections.models import Connection
from tallystick.connections.sealing import SEALED, seal, unseal
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.money import parse_currency
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.kit.seal_lock import key_to_seal
from tallystick.kit.secrets import CannotOpen, Secret


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the connector signs in with."""

    user_name: str
    secret: Secret
    code: Secret


@dataclass(frozen=True, slots=True)
class NewConnection:
    name: str
    price_currency: str
    cost_currency: str
    credentials: Credentials
    time_zone: str = "UTC"
    web_url: str = ""
    quiet_seconds: int = 60


def create_connection(
    new: NewConnection, *, context: Context, keys: KeyRing, now: datetime, correlation_id: str
) -> int:
    """Answer its id. Raises InvalidInput, NotAllowed, Conflicting."""
    context.require(Right.CONNECT)
    errors = _check(new)
    if errors:
        raise InvalidInput(errors)
    try:
        with transaction.atomic():
            row = _store(new, context, keys, now)
            record(
                Event.CREATE_CONNECTION,
                actor=context.actor,
                now=now,
                subject=Subject(
                    tenant_id=row.tenant_id,
                    reseller_id=row.reseller_id,
                    connection_id=row.pk,
                    connection_name=row.name,
                ),
                correlation_id=correlation_id,
                summary=row.name,
                details={"user_name": row.user_name, "price_currency": row.price_currency},
            )
    except IntegrityError as error:
        if "connection_name_once" not in str(error):
            raise
        raise Conflicting(f"A connection named “{new.name}” already exists.") from None
    return row.pk


def _store(new: NewConnection, context: Context, keys: KeyRing, now: datetime) -> Connection:
    """In a transaction. The row first: what is sealed is sealed for its id."""
    key = key_to_seal(keys)
    row = Connection.objects.create(
        tenant_id=context.tenant_id,
        reseller_id=context.reseller_id,
        name=new.name,
        price_currency=parse_currency(new.price_currency),
        cost_currency=parse_currency(new.cost_currency),
        time_zone=new.time_zone,
        user_name=new.credentials.user_name,
        secret_sealed=b"",
        code_sealed=b"",
        key_id=key.key_id,
        web_url=new.web_url,
        quiet_seconds=new.quiet_seconds,
        created_at=now,
    )
    seal(row, {"secret": new.credentials.secret, "code": new.credentials.code}, key)
    row.save(update_fields=["secret_sealed", "code_sealed"])
    return row


def open_credentials(connection_id: int, *, keys: KeyRing) -> Credentials:
    """For the composition root only. Raises CannotOpen."""
    row = Connection.objects.get(pk=connection_id)
    while True:
        try:
            return Credentials(user_name=row.user_name, **unseal(row, SEALED, keys))
        except CannotOpen:
            # Sealed anew, and its old key removed, since it was read a moment ago?
            read_under = row.key_id
            row.refresh_from_db()
            if row.key_id == read_under:
                raise


def wrong_currency(code: str) -> str:
    """What is wrong with it, or nothing."""
    try:
        parse_currency(code)
    except ValueError as error:
        return str(error)
    return ""


def wrong_time_zone(name: str) -> str:
    """What is wrong with it, or nothing."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "is not a time zone, like Europe/Berlin"
    return ""


def _check(new: NewConnection) -> list[FieldError]:
    errors = []
    if not new.name.strip() or len(new.name) > 200:  # noqa: PLR2004 - the column's width
        errors.append(FieldError("name", "must have 1 to 200 characters"))
    for field, code in (
        ("price_currency", new.price_currency),
        ("cost_currency", new.cost_currency),
    ):
        if message := wrong_currency(code):
            errors.append(FieldError(field, message))
    if message := wrong_time_zone(new.time_zone):
        errors.append(FieldError("time_zone", message))
    for field, secret in (
        ("secret", new.credentials.secret.reveal()),
        ("code", new.credentials.code.reveal()),
        ("user_name", new.credentials.user_name),
    ):
        if not secret or "\n" in secret or "\r" in secret or "\x00" in secret:
            errors.append(FieldError(field, "must be one line and not empty"))
    return errors
