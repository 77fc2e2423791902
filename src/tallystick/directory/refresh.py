"""Read the directory anew: each kind whole, in one transaction of its own, or left as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import models, transaction

from tallystick.connections.trouble import BillingError
from tallystick.directory.kinds import Kind
from tallystick.directory.models import (
    CompanyEntry,
    ContractEntry,
    Entry,
    LineEntry,
    Reading,
    ServiceEntry,
)
from tallystick.directory.port import Company, Contract, ContractLine, Directory, Service
from tallystick.kit.chunks import chunks
from tallystick.kit.clock import Clock

ROWS_A_WRITE = 500
LONGEST_NAME = 300

TABLES: dict[Kind, type[Entry]] = {
    Kind.COMPANIES: CompanyEntry,
    Kind.SERVICES: ServiceEntry,
    Kind.CONTRACTS: ContractEntry,
    Kind.LINES: LineEntry,
}


def ask_for(connection_id: int, *, now: datetime) -> bool:
    """Note that somebody waits for a new reading; False when somebody does already."""
    asked = False
    for kind in Kind:
        reading, _ = Reading.objects.get_or_create(connection_id=connection_id, kind=kind.value)
        asked |= bool(
            Reading.objects.filter(pk=reading.pk, asked_at__isnull=True).update(asked_at=now)
        )
    return asked


def refresh(connection_id: int, directory: Directory, *, clock: Clock) -> None:
    """Read everything. Stops at the first kind that cannot be read and raises BillingError: what
    was read until then is kept, and the reason is shown beside the rest."""
    for kind in Kind:
        begun = clock.now()
        try:
            rows = _read(directory, kind)
        except BillingError as error:
            note_failure(connection_id, kind, str(error), now=clock.now())
            raise
        with transaction.atomic():
            _store(connection_id, TABLES[kind], map(_columns, rows), now=begun)
            Reading.objects.update_or_create(
                connection_id=connection_id,
                kind=kind.value,
                defaults={"read_at": begun, "failed_at": None, "problem": "", "asked_at": None},
            )


def note_failure(connection_id: int, kind: Kind, problem: str, *, now: datetime) -> None:
    """Why a kind could not be read. Nobody waits for this reading any more."""
    Reading.objects.update_or_create(
        connection_id=connection_id,
        kind=kind.value,
        defaults={"failed_at": now, "problem": problem},
    )
    Reading.objects.filter(connection_id=connection_id).update(asked_at=None)


def _read(
    directory: Directory, kind: Kind
) -> Sequence[Company | Service | Contract | ContractLine]:
    readers: dict[Kind, Callable[[], Sequence[Company | Service | Contract | ContractLine]]] = {
        Kind.COMPANIES: directory.companies,
        Kind.SERVICES: directory.services,
        Kind.CONTRACTS: directory.contracts,
        Kind.LINES: directory.lines,
    }
    return readers[kind]()


def _columns(one: Company | Service | Contract | ContractLine) -> dict[str, Any]:
    """As the tables have it: ids of others end in ``_ref``; texts fit."""
    columns = asdict(one)
    columns["ref"] = columns.pop("id")
    for name in ("company_id", "contract_id", "service_id"):
        if name in columns:
            columns[name.removesuffix("_id") + "_ref"] = columns.pop(name)
    return {
        name: value.replace("\x00", "")[:LONGEST_NAME] if isinstance(value, str) else value
        for name, value in columns.items()
    }


def _store(
    connection_id: int, table: type[Entry], rows: Iterable[dict[str, Any]], *, now: datetime
) -> None:
    keys = {"connection", "ref"}
    columns = [
        field.name
        for field in table._meta.concrete_fields
        if not isinstance(field, models.AutoField) and field.name not in keys
    ]
    for chunk in chunks(rows, ROWS_A_WRITE):
        table._default_manager.bulk_create(
            [table(connection_id=connection_id, seen_at=now, **row) for row in chunk],
            update_conflicts=True,
            unique_fields=["connection", "ref"],
            update_fields=columns,
        )
    # What was not read is not there any more.
    table._default_manager.filter(connection_id=connection_id, seen_at__lt=now).delete()


def note_last_day(connection_id: int, contract_id: int, last_day: date) -> None:
    """It was just read: the copy does not wait for the next reading."""
    ContractEntry.objects.filter(connection_id=connection_id, ref=contract_id).update(
        ends_on=last_day
    )
