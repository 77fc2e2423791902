"""Customer and offer mappings on the wire."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_directory import ForeignId
from tallystick.api.schemas_kit import Amount, Body, Money, Paging
from tallystick.api.schemas_subscriptions import CustomerOut, OfferOut
from tallystick.mappings.accept import Accepted
from tallystick.mappings.customer_rows import CustomerRow
from tallystick.mappings.offer_rows import OfferRow
from tallystick.mappings.show import Show
from tallystick.mappings.stakes import Stake


class CompanyIn(Body):
    company_id: ForeignId


class ServiceIn(Body):
    service_id: ForeignId


class ExclusionIn(Body):
    reason: str = Field(min_length=1, max_length=300)


class AcceptIn(Body):
    at_least: Amount | None = Field(None, description="A score; what is clear when left out.")


class NamesFilter(Paging):
    search: str = Field("", max_length=200)
    mapped: bool | None = None
    excluded: bool | None = None

    @property
    def show(self) -> str:
        if self.excluded:
            return Show.EXCLUDED.value
        if self.mapped is None:
            return ""
        return (Show.MAPPED if self.mapped else Show.NOT_MAPPED).value


class StakeOut(Schema):
    """What is active: ``a_month`` by currency, taxes excluded, without what is billed once."""

    subscriptions: int
    licences: int
    a_month: dict[str, Money]

    @classmethod
    def of(cls, stake: Stake) -> StakeOut:
        return cls(
            subscriptions=stake.subscriptions,
            licences=stake.licences,
            a_month=dict(stake.a_month),
        )


class SuggestionOut(Schema):
    """``id`` and ``name`` are the company's or the service's. ``clear``: safe to accept in bulk."""

    id: int
    name: str
    score: Money
    reason: str
    clear: bool


class CustomerMappingOut(Schema):
    customer: CustomerOut
    company_id: int | None
    company_name: str
    excluded_because: str
    suggestion: SuggestionOut | None
    active: StakeOut

    @classmethod
    def of(cls, row: CustomerRow) -> CustomerMappingOut:
        found = row.suggestion
        return cls(
            customer=CustomerOut.from_orm(row.customer),
            company_id=row.company_id,
            company_name=row.company_name,
            excluded_because=row.excluded_because,
            suggestion=None
            if found is None
            else SuggestionOut(
                id=found.company_id,
                name=found.company_name,
                score=found.score,
                reason=found.reason,
                clear=found.is_clear,
            ),
            active=StakeOut.of(row.stake),
        )


class OfferMappingOut(Schema):
    """``service_wrong``: why the service does not fit any more; ``unmappable``: why none can."""

    offer: OfferOut
    service_id: int | None
    service_name: str
    service_wrong: str
    excluded_because: str
    unmappable: str
    suggestion: SuggestionOut | None
    active: StakeOut

    @classmethod
    def of(cls, row: OfferRow) -> OfferMappingOut:
        found = row.suggestion
        return cls(
            offer=OfferOut.of(row.offer_id, row.offer),
            service_id=row.service_id,
            service_name=row.service_name,
            service_wrong=row.service_wrong,
            excluded_because=row.excluded_because,
            unmappable=row.unmappable,
            suggestion=None
            if found is None
            else SuggestionOut(
                id=found.service_id,
                name=found.service_name,
                score=found.score,
                reason=found.reason,
                clear=found.is_clear,
            ),
            active=StakeOut.of(row.stake),
        )


class AcceptedOut(Schema):
    """``refused``: a sentence for each that could not be mapped after all."""

    mapped: int
    refused: list[str]

    @classmethod
    def of(cls, done: Accepted) -> AcceptedOut:
        return cls(mapped=done.mapped, refused=list(done.refused))
