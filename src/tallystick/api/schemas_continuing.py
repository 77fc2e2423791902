"""Deciding later, continuing on another contract and extending one, on the wire."""

from __future__ import annotations

from typing import Literal

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_directory import ContractOut
from tallystick.api.schemas_kit import Body, Day, Id, On
from tallystick.api.schemas_places import LineIn, UnitsOut
from tallystick.bootstrap.continuing import Ahead, Continued
from tallystick.mappings.contracts import Billing

MOST_AT_ONCE = 2000


class FirstSyncIn(Body):
    """``adopt`` expects what Autotask shows; ``bring`` brings the line to ours from a day."""

    first_sync: Literal["adopt", "bring"]
    effective_on: Day | None = Field(None, description="Today when it is left out.")
    seen_units: int | None = None


class ContinueIn(LineIn):
    """The line of the other contract, and the first day it bills."""

    from_on: Day


class ContinueManyIn(Body):
    """``subscription_ids`` left out: all that the contract bills."""

    contract_id: Id
    from_on: Day
    subscription_ids: list[Id] | None = Field(None, max_length=MOST_AT_ONCE)


class ContinuedOut(Schema):
    """``refused``: a sentence for each that was left as it is."""

    planned: int
    refused: list[str]

    @classmethod
    def of(cls, done: Continued) -> ContinuedOut:
        return cls(planned=done.planned, refused=list(done.refused))


class AheadOut(Schema):
    """What the line there shows from that day. ``leaves_bills_on``: the contract that is left
    would bill on, so its line goes to 0 from the same day."""

    units: int
    leaves: str
    leaves_bills_on: bool
    rows: list[UnitsOut]

    @classmethod
    def of(cls, ahead: Ahead) -> AheadOut:
        look = ahead.seen.look
        return cls(
            units=ahead.seen.ours.units,
            leaves=ahead.leaves.contract_name,
            leaves_bills_on=ahead.left_bills_on,
            rows=[UnitsOut.of(row) for row in (look.rows if look else ())],
        )


class BillingContractOut(Schema):
    """``contract`` null: Autotask does not have it any more. ``watch``: what a person should know,
    empty when nothing. ``successor``: the only contract that follows it."""

    contract_id: int
    name: str
    company_id: int
    company_name: str
    contract: ContractOut | None
    subscriptions: int
    continuing: int
    watch: str
    successor: ContractOut | None

    @classmethod
    def of(cls, row: Billing) -> BillingContractOut:
        return cls(
            contract_id=row.contract_id,
            name=row.name,
            company_id=row.company_id,
            company_name=row.company_name,
            contract=ContractOut.of(row.contract) if row.contract else None,
            subscriptions=row.subscriptions,
            continuing=row.continuing,
            watch=row.watch,
            successor=ContractOut.of(row.successor) if row.successor else None,
        )


class ExtendIn(Body):
    """A later last day; an earlier one is refused."""

    ends_on: Day


class ExtendedOut(Schema):
    """The last day before and after, as Autotask was read."""

    contract_id: int
    before_on: On
    after_on: On
