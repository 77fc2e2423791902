"""What there is in Autotask: a copy, with its age."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import MAP, READ, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_directory import (
    AgeOut,
    CompaniesOut,
    CompanyOut,
    ContractFilter,
    ContractOut,
    ContractServiceOut,
    ContractServicesOut,
    ContractsOut,
    DirectoryFilter,
    LineFilter,
    ServiceOut,
    ServicesOut,
)
from tallystick.api.schemas_kit import checked
from tallystick.connections.queries import get_connection
from tallystick.directory.queries import (
    age,
    search_companies,
    search_contracts,
    search_lines,
    search_services,
)
from tallystick.mappings.jobs import request_refresh

router = Router(tags=["Directory"])
_AT = "/connections/{int:connection_id}"


@router.get(f"{_AT}/companies", auth=READ, response=answers(200, CompaniesOut))
def companies(
    request: HttpRequest, connection_id: int, asked: Query[DirectoryFilter]
) -> CompaniesOut:
    """Companies of type Customer, by name; ``search`` finds words anywhere in it."""
    here = _asked(request, connection_id, DirectoryFilter)
    page = search_companies(
        here, search=asked.search, cursor=checked(asked.cursor, str, int), limit=asked.limit
    )
    items = [CompanyOut.of(one) for one in page.items]
    return CompaniesOut(items=items, next_cursor=page.next_cursor, age=AgeOut.of(age(here)))


@router.get(f"{_AT}/services", auth=READ, response=answers(200, ServicesOut))
def services(
    request: HttpRequest, connection_id: int, asked: Query[DirectoryFilter]
) -> ServicesOut:
    """By name, the inactive ones too."""
    here = _asked(request, connection_id, DirectoryFilter)
    page = search_services(
        here, search=asked.search, cursor=checked(asked.cursor, str, int), limit=asked.limit
    )
    items = [ServiceOut.of(one) for one in page.items]
    return ServicesOut(items=items, next_cursor=page.next_cursor, age=AgeOut.of(age(here)))


@router.get(f"{_AT}/contracts", auth=READ, response=answers(200, ContractsOut))
def contracts(
    request: HttpRequest, connection_id: int, asked: Query[ContractFilter]
) -> ContractsOut:
    """Recurring service contracts, by name, of one company when ``company`` says which."""
    here = _asked(request, connection_id, ContractFilter)
    page = search_contracts(
        here,
        company_id=asked.company,
        search=asked.search,
        cursor=checked(asked.cursor, str, int),
        limit=asked.limit,
    )
    items = [ContractOut.of(one) for one in page.items]
    return ContractsOut(items=items, next_cursor=page.next_cursor, age=AgeOut.of(age(here)))


@router.get(f"{_AT}/contract-services", auth=READ, response=answers(200, ContractServicesOut))
def contract_services(
    request: HttpRequest, connection_id: int, asked: Query[LineFilter]
) -> ContractServicesOut:
    """The services on contracts, of one when ``contract`` says which."""
    here = _asked(request, connection_id, LineFilter)
    page = search_lines(
        here,
        contract_id=asked.contract,
        search=asked.search,
        cursor=checked(asked.cursor, str, int),
        limit=asked.limit,
    )
    items = [ContractServiceOut.of(one) for one in page.items]
    return ContractServicesOut(items=items, next_cursor=page.next_cursor, age=AgeOut.of(age(here)))


@router.post(
    f"{_AT}/refresh-directory",
    auth=MAP,
    response=answers(202, AgeOut),
    summary="Read the directory anew",
)
def refresh_directory(request: HttpRequest, connection_id: int) -> Status[AgeOut]:
    """In the background; asked for twice, it is read once."""
    who = caller(request)
    request_refresh(
        connection_id, context=who.context, now=who.now, correlation_id=who.correlation_id
    )
    return Status(202, AgeOut.of(age(connection_id)))


def _asked(request: HttpRequest, connection_id: int, known: type[DirectoryFilter]) -> int:
    no_other(request, known)
    return get_connection(caller(request).context, connection_id).id
