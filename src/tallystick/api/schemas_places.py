"""Where a subscription can be billed, on the wire."""

from __future__ import annotations

from typing import Literal

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_directory import ContractOut
from tallystick.api.schemas_kit import Body, Day, Id, Money, On
from tallystick.api.schemas_mappings import UnitChangeOut
from tallystick.bootstrap.look_around import Beside
from tallystick.bootstrap.look_before import Seen
from tallystick.bootstrap.map_many import Mapped
from tallystick.bootstrap.mapping import FirstSync
from tallystick.kit.problem import InvalidInput
from tallystick.mappings.line_option import LineOption
from tallystick.mappings.places import Places
from tallystick.sync.port import UnitRow


class LineIn(Body):
    """``line: use`` takes the line of ``contract_service_id``; ``own`` has one created later."""

    contract_id: Id
    contract_service_id: Id | None = None
    line: Literal["use", "own"]

    def line_id(self) -> int | None:
        """Raises InvalidInput when the two do not fit."""
        if self.line == "use" and self.contract_service_id is None:
            raise InvalidInput.one("contract_service_id", "is needed to use a line that is there")
        if self.line == "own" and self.contract_service_id is not None:
            raise InvalidInput.one("contract_service_id", "must be left out for a line of its own")
        return self.contract_service_id


class PlaceIn(LineIn):
    """Where it is billed, and what to do first.

    ``first_sync``: ``adopt`` expects what Autotask shows from now on and sends nothing; ``bring``
    brings the line to ours from ``effective_on``; ``leave`` neither reads nor sends anything before
    ``effective_on``, then brings it to ours; ``none`` compares and sends nothing until the
    next operation. ``seen_units``: what you were shown; another number now is refused.
    """

    first_sync: FirstSync = Field(FirstSync.BRING, strict=False)
    effective_on: Day | None = Field(None, description="Today when it is left out.")
    seen_units: int | None = None


class SharerOut(Schema):
    """A subscription that a line bills already."""

    id: int
    name: str
    quantity: int


class LineOptionOut(Schema):
    """``taken``: it is another subscription's. ``bills``: whose, the one it was mapped for first.

    ``may_be_shared``: this subscription may be billed together with the first of them; where it may
    not, ``not_together`` says why.
    """

    contract_service_id: int
    name: str
    taken: bool
    bills: list[SharerOut]
    may_be_shared: bool
    not_together: str

    @classmethod
    def of(cls, line: LineOption) -> LineOptionOut:
        return cls(
            contract_service_id=line.line_id,
            name=line.name,
            taken=line.taken,
            bills=[
                SharerOut(id=one.id, name=one.name, quantity=one.quantity) for one in line.bills
            ],
            may_be_shared=line.joins is not None,
            not_together=line.not_together,
        )


class TogetherIn(Body):
    """``with_subscription``: one that the line bills already, as ``bills`` of the places has it."""

    with_subscription: Id
    effective_on: Day | None = Field(None, description="Today when it is left out.")


class ApartIn(Body):
    """From which day the line shows what the others have."""

    effective_on: Day | None = Field(None, description="Today when it is left out.")


class ContractOptionOut(Schema):
    """``wrong``: why it cannot be chosen, empty when it can."""

    contract: ContractOut
    wrong: str
    warnings: list[str]
    lines: list[LineOptionOut]


class ProposalOut(Schema):
    """``contract_service_id`` null: a line of its own. ``clear``: there is nothing to choose."""

    contract_id: int
    contract_service_id: int | None
    reason: str
    clear: bool


class PlacesOut(Schema):
    """``missing``: what has to be mapped first, empty when nothing."""

    company_id: int | None
    company_name: str
    service_id: int | None
    service_name: str
    missing: str
    contracts: list[ContractOptionOut]
    proposal: ProposalOut | None

    @classmethod
    def of(cls, places: Places) -> PlacesOut:
        proposal = places.proposal
        return cls(
            company_id=places.company_id,
            company_name=places.company_name,
            service_id=places.service_id,
            service_name=places.service_name,
            missing=places.missing,
            contracts=[
                ContractOptionOut(
                    contract=ContractOut.of(option.contract),
                    wrong=option.wrong,
                    warnings=list(option.warnings),
                    lines=[LineOptionOut.of(line) for line in option.lines],
                )
                for option in places.options
            ],
            proposal=None
            if proposal is None
            else ProposalOut(
                contract_id=proposal.contract_id,
                contract_service_id=proposal.line_id,
                reason=proposal.reason,
                clear=proposal.is_clear,
            ),
        )


class UnitsOut(Schema):
    """``amount`` and ``cost`` are extended; ``until_on`` is the day after the last one."""

    from_on: On
    until_on: On
    units: int
    amount: Money | None
    cost: Money | None

    @classmethod
    def of(cls, row: UnitRow) -> UnitsOut:
        return cls(
            from_on=row.starts_on,
            until_on=row.until,
            units=row.units,
            amount=row.price,
            cost=row.cost,
        )


class BesideOut(Schema):
    """Another line of the service that bills the company; ``units`` null: could not be read."""

    contract_id: int
    contract_name: str
    contract_service_id: int
    units: int | None

    @classmethod
    def of(cls, beside: Beside) -> BesideOut:
        return cls(
            contract_id=beside.other.contract_id,
            contract_name=beside.other.contract_name,
            contract_service_id=beside.other.line_id,
            units=beside.units,
        )


class LookOut(Schema):
    """What Autotask shows beside what we have. ``units``: those that are billed, without the
    included ones. ``match``: ``same``, or what differs first.

    ``changed_by_others``: units that changed in the past 90 days, or are to change, and were not
    written from here; more than one is a reason to stop another tool's sync before mapping.
    ``also_billed``: lines that may bill the same thing a second time.
    """

    units: int
    included_units: int
    unit_price: Money | None
    unit_cost: Money | None
    match: str
    rows: list[UnitsOut]
    changed_by_others: list[UnitChangeOut]
    also_billed: list[BesideOut]

    @classmethod
    def of(cls, seen: Seen) -> LookOut:
        rows = seen.look.rows if seen.look else ()
        return cls(
            units=seen.ours.units,
            included_units=seen.ours.included,
            unit_price=seen.ours.unit_price,
            unit_cost=seen.ours.unit_cost,
            match=seen.look.match.value if seen.look else "no_line_yet",
            rows=[UnitsOut.of(row) for row in rows],
            changed_by_others=[UnitChangeOut.of(change) for change in seen.changes],
            also_billed=[BesideOut.of(beside) for beside in seen.beside],
        )


class MappedOut(Schema):
    """``differing`` and ``refused``: a sentence for each that is left to a person.

    ``changing``: one for each that was mapped and that others kept changing lately.
    """

    mapped: int
    differing: list[str]
    refused: list[str]
    changing: list[str]

    @classmethod
    def of(cls, done: Mapped) -> MappedOut:
        return cls(
            mapped=done.mapped,
            differing=list(done.differing),
            refused=list(done.refused),
            changing=list(done.changing),
        )
