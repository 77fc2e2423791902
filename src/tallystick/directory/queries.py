"""Questions about the copy: how old it is, who is called so, what hangs on what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from tallystick.directory.kinds import Kind
from tallystick.directory.models import (
    CompanyEntry,
    ContractEntry,
    Entry,
    LineEntry,
    Reading,
    ServiceEntry,
)
from tallystick.directory.port import Company, Contract, ContractLine, Service
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor

Row = TypeVar("Row", bound=Entry)
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Age:
    """Of the oldest kind: ``read_at`` None means never read whole; ``problem`` why not again."""

    read_at: datetime | None
    asked_at: datetime | None
    failed_at: datetime | None
    problem: str

    @property
    def is_being_read(self) -> bool:
        return self.asked_at is not None


def age(connection_id: int) -> Age:
    """How old the directory is: as old as its oldest kind."""
    readings = list(Reading.objects.filter(connection_id=connection_id))
    read = [reading.read_at for reading in readings if reading.read_at is not None]
    asked = [reading.asked_at for reading in readings if reading.asked_at is not None]
    failed = next((reading for reading in readings if reading.failed_at is not None), None)
    return Age(
        read_at=min(read) if len(read) == len(Kind) else None,
        asked_at=min(asked, default=None),
        failed_at=failed.failed_at if failed else None,
        problem=failed.problem if failed else "",
    )


def sizes(connection_id: int) -> Mapping[Kind, int]:
    """How many of each kind there are."""
    tables: dict[Kind, type[Entry]] = {
        Kind.COMPANIES: CompanyEntry,
        Kind.SERVICES: ServiceEntry,
        Kind.CONTRACTS: ContractEntry,
        Kind.LINES: LineEntry,
    }
    return {
        kind: table._default_manager.filter(connection_id=connection_id).count()
        for kind, table in tables.items()
    }


def search_companies(
    connection_id: int,
    *,
    search: str = "",
    without: Collection[int] = (),
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Company]:
    """By name; every word anywhere in the name. Raises InvalidInput."""
    rows = CompanyEntry.objects.filter(connection_id=connection_id)
    if without:
        rows = rows.exclude(ref__in=without)
    return _page(_named(rows, search, cursor), company_of, limit)


def search_services(
    connection_id: int, *, search: str = "", cursor: str | None = None, limit: int = 50
) -> Page[Service]:
    """By name, the inactive ones too. Raises InvalidInput."""
    rows = ServiceEntry.objects.filter(connection_id=connection_id)
    return _page(_named(rows, search, cursor), service_of, limit)


def search_contracts(
    connection_id: int,
    *,
    company_id: int | None = None,
    search: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Contract]:
    """By name, ended and inactive ones too. Raises InvalidInput."""
    rows = ContractEntry.objects.filter(connection_id=connection_id)
    if company_id is not None:
        rows = rows.filter(company_ref=company_id)
    return _page(_named(rows, search, cursor), contract_of, limit)


def search_lines(
    connection_id: int,
    *,
    contract_id: int | None = None,
    search: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[ContractLine]:
    """By name. Raises InvalidInput."""
    rows = LineEntry.objects.filter(connection_id=connection_id)
    if contract_id is not None:
        rows = rows.filter(contract_ref=contract_id)
    return _page(_named(rows, search, cursor), line_of, limit)


def all_companies(connection_id: int) -> Sequence[Company]:
    """For the matcher only: a page never loads all of them."""
    rows = CompanyEntry.objects.filter(connection_id=connection_id, active=True)
    return [company_of(row) for row in rows.order_by("ref")]


def companies_by_id(connection_id: int, ids: Collection[int]) -> Mapping[int, Company]:
    rows = CompanyEntry.objects.filter(connection_id=connection_id, ref__in=ids)
    return {row.ref: company_of(row) for row in rows}


def companies_called(connection_id: int, texts: Collection[str]) -> Sequence[Company]:
    """Those with one of these exact names or numbers, the inactive ones too."""
    rows = CompanyEntry.objects.filter(connection_id=connection_id)
    rows = rows.filter(Q(name__in=texts) | Q(number__in=texts))
    return [company_of(row) for row in rows.order_by("name", "ref")]


def all_services(connection_id: int) -> Sequence[Service]:
    """Some hundreds: what a reseller sells."""
    rows = ServiceEntry.objects.filter(connection_id=connection_id)
    return [service_of(row) for row in rows.order_by("ref")]


def services_by_id(connection_id: int, ids: Collection[int]) -> Mapping[int, Service]:
    rows = ServiceEntry.objects.filter(connection_id=connection_id, ref__in=ids)
    return {row.ref: service_of(row) for row in rows}


def contracts_of(
    connection_id: int, company_ids: Collection[int]
) -> Mapping[int, Sequence[Contract]]:
    """The contracts of these companies, by company, each by name."""
    rows = ContractEntry.objects.filter(connection_id=connection_id, company_ref__in=company_ids)
    found: dict[int, list[Contract]] = {}
    for row in rows.order_by("name", "ref"):
        found.setdefault(row.company_ref, []).append(contract_of(row))
    return found


def contracts_by_id(connection_id: int, ids: Collection[int]) -> Mapping[int, Contract]:
    rows = ContractEntry.objects.filter(connection_id=connection_id, ref__in=ids)
    return {row.ref: contract_of(row) for row in rows}


def lines_of(
    connection_id: int, contract_ids: Collection[int]
) -> Mapping[int, Sequence[ContractLine]]:
    """The lines of these contracts, by contract."""
    rows = LineEntry.objects.filter(connection_id=connection_id, contract_ref__in=contract_ids)
    found: dict[int, list[ContractLine]] = {}
    for row in rows.order_by("ref"):
        found.setdefault(row.contract_ref, []).append(line_of(row))
    return found


def company_of(row: CompanyEntry) -> Company:
    return Company(id=row.ref, name=row.name, number=row.number, active=row.active)


def service_of(row: ServiceEntry) -> Service:
    return Service(
        id=row.ref,
        name=row.name,
        period_months=row.period_months,
        unit_price=row.unit_price,
        unit_cost=row.unit_cost,
        active=row.active,
    )


def contract_of(row: ContractEntry) -> Contract:
    return Contract(
        id=row.ref,
        company_id=row.company_ref,
        name=row.name,
        number=row.number,
        active=row.active,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        period_months=row.period_months,
    )


def line_of(row: LineEntry) -> ContractLine:
    return ContractLine(
        id=row.ref,
        contract_id=row.contract_ref,
        service_id=row.service_ref,
        name=row.name,
        reference=row.reference,
    )


def _named(rows: QuerySet[Row], search: str, cursor: str | None) -> QuerySet[Row]:
    for word in search.replace("\x00", "").split():
        rows = rows.filter(name__icontains=word)
    sorted_rows: QuerySet[Row] = rows.annotate(key=Lower("name"))  # type: ignore[assignment]  # Row
    if cursor:
        name, ref = decode_cursor(cursor, length=2)
        sorted_rows = sorted_rows.filter(Q(key__gt=name) | Q(key=name, ref__gt=ref))
    return sorted_rows.order_by("key", "ref")


def _page(rows: QuerySet[Row], view: Callable[[Row], Item], limit: int) -> Page[Item]:
    limit = check_limit(limit)
    found = list(rows[: limit + 1])
    more = None
    if len(found) > limit:
        last = found[limit - 1]
        # As the database lowers it: Python's way may differ, and a row would be skipped.
        more = encode_cursor([last.key, last.ref])  # type: ignore[attr-defined]  # annotated
    return Page([view(row) for row in found[:limit]], more)
