"""The directory on the wire."""

from __future__ import annotations

from typing import Annotated

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import LARGEST_ID, At, Money, On, Paging
from tallystick.directory.port import Company, Contract, ContractLine, Service
from tallystick.directory.queries import Age

# Autotask's own company has the id 0.
ForeignId = Annotated[int, Field(ge=0, le=LARGEST_ID)]


class AgeOut(Schema):
    """``read_at`` null: never read whole. ``being_read``: a new reading was asked for."""

    read_at: At | None
    being_read: bool
    problem: str

    @classmethod
    def of(cls, age: Age) -> AgeOut:
        return cls(read_at=age.read_at, being_read=age.is_being_read, problem=age.problem)


class DirectoryFilter(Paging):
    search: str = Field("", max_length=200)


class ContractFilter(DirectoryFilter):
    company: ForeignId | None = None


class LineFilter(DirectoryFilter):
    contract: ForeignId | None = None


class CompanyOut(Schema):
    id: int
    name: str
    number: str
    active: bool

    @classmethod
    def of(cls, one: Company) -> CompanyOut:
        return cls(id=one.id, name=one.name, number=one.number, active=one.active)


class ServiceOut(Schema):
    id: int
    name: str
    period_months: int | None
    unit_price: Money | None
    unit_cost: Money | None
    active: bool

    @classmethod
    def of(cls, one: Service) -> ServiceOut:
        return cls(
            id=one.id,
            name=one.name,
            period_months=one.period_months,
            unit_price=one.unit_price,
            unit_cost=one.unit_cost,
            active=one.active,
        )


class ContractOut(Schema):
    """``ends_on`` is inclusive."""

    id: int
    company_id: int
    name: str
    number: str
    active: bool
    starts_on: On | None
    ends_on: On | None
    period_months: int | None

    @classmethod
    def of(cls, one: Contract) -> ContractOut:
        return cls(
            id=one.id,
            company_id=one.company_id,
            name=one.name,
            number=one.number,
            active=one.active,
            starts_on=one.starts_on,
            ends_on=one.ends_on,
            period_months=one.period_months,
        )


class ContractServiceOut(Schema):
    id: int
    contract_id: int
    service_id: int
    name: str
    reference: str

    @classmethod
    def of(cls, one: ContractLine) -> ContractServiceOut:
        return cls(
            id=one.id,
            contract_id=one.contract_id,
            service_id=one.service_id,
            name=one.name,
            reference=one.reference,
        )


class CompaniesOut(Schema):
    items: list[CompanyOut]
    next_cursor: str | None
    age: AgeOut


class ServicesOut(Schema):
    items: list[ServiceOut]
    next_cursor: str | None
    age: AgeOut


class ContractsOut(Schema):
    items: list[ContractOut]
    next_cursor: str | None
    age: AgeOut


class ContractServicesOut(Schema):
    items: list[ContractServiceOut]
    next_cursor: str | None
    age: AgeOut
