"""Where a subscription can be billed: the contracts of its company, and the lines they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tallystick.connections.queries import get_connection
from tallystick.directory.port import Contract, ContractLine
from tallystick.directory.queries import contracts_of, lines_of
from tallystick.identity.context import Context
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.mappings.choose import why_unmappable
from tallystick.mappings.contract_rules import Wanted, warnings, why_not
from tallystick.mappings.line_option import LineOption
from tallystick.mappings.map_subscription import Place, line_is_taken, taken_lines
from tallystick.mappings.models import CustomerMapping, OfferMapping
from tallystick.mappings.resolve import promised_lines
from tallystick.subscriptions.queries import SubscriptionView, get_subscription


@dataclass(frozen=True, slots=True)
class ContractOption:
    """A contract of the company; ``wrong`` says why it cannot be chosen."""

    contract: Contract
    wrong: str
    warnings: Sequence[str]
    lines: Sequence[LineOption]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where it most likely belongs. ``line_id`` None: a line of its own.

    ``is_clear``: there is one contract that fits, with one free line of the service.
    """

    contract_id: int
    contract_name: str
    line_id: int | None
    reason: str
    is_clear: bool


@dataclass(frozen=True, slots=True)
class Places:
    """Everything there is to choose for one subscription; ``missing``: what is mapped first."""

    company_id: int | None
    company_name: str
    service_id: int | None
    service_name: str
    missing: str
    options: Sequence[ContractOption]
    proposal: Proposal | None


def places_for(
    context: Context, connection_id: int, views: Sequence[SubscriptionView], *, today: date
) -> Mapping[int, Places]:
    """By subscription; a fixed number of questions for all of them. Raises NotFound."""
    connection = get_connection(context, connection_id)
    customers = {view.customer.id for view in views}
    companies = {
        row.customer_id: (row.company_id, row.company_name)
        for row in CustomerMapping.objects.filter(
            connection_id=connection.id, customer_id__in=customers
        )
    }
    services = {
        row.offer_id: (row.service_id, row.service_name)
        for row in OfferMapping.objects.filter(
            connection_id=connection.id, offer_id__in={view.offer_id for view in views}
        )
    }
    contracts = contracts_of(connection.id, {pk for pk, _ in companies.values()})
    lines = lines_of(connection.id, {one.id for some in contracts.values() for one in some})
    known = [line for some in lines.values() for line in some]
    taken = taken_lines(connection.id, [line.id for line in known])
    taken |= promised_lines(connection.id, {line.reference: line.id for line in known})
    return {
        view.id: _places(
            view,
            companies.get(view.customer.id),
            services.get(view.offer_id),
            contracts,
            lines,
            taken,
            today,
        )
        for view in views
    }


def check_place(
    context: Context,
    connection_id: int,
    subscription_id: int,
    *,
    contract_id: int,
    line_id: int | None,
    from_on: date,
) -> Place:
    """The chosen place with its names and facts.

    Raises NotFound, Conflicting (customer or offer not mapped yet, a taken line), InvalidInput.
    """
    view = get_subscription(context, subscription_id)
    return check_place_of(
        context, connection_id, view, contract_id=contract_id, line_id=line_id, from_on=from_on
    )


def check_place_of(
    context: Context,
    connection_id: int,
    view: SubscriptionView,
    *,
    contract_id: int,
    line_id: int | None,
    from_on: date,
) -> Place:
    """The same of a subscription as it will be. Raises as ``check_place``."""
    places = places_for(context, connection_id, [view], today=from_on)[view.id]
    if places.missing or places.company_id is None or places.service_id is None:
        raise Conflicting(f"{places.missing} Nothing was changed.")
    option = next((one for one in places.options if one.contract.id == contract_id), None)
    if option is None:
        raise InvalidInput.one(
            "contract_id",
            f"is not a recurring service contract of {places.company_name} in Autotask, as it was "
            "last read. Refresh the list",
        )
    if option.wrong:
        raise InvalidInput.one("contract_id", option.wrong)
    if line_id is not None:
        line = next((one for one in option.lines if one.line_id == line_id), None)
        if line is None:
            raise InvalidInput.one(
                "contract_service_id", f"is not a line of {places.service_name} on this contract"
            )
        if line.taken:
            raise line_is_taken()
    return place_on(places, option.contract, line_id)


def place_on(places: Places, contract: Contract, line_id: int | None) -> Place:
    """``places`` miss nothing, and the contract is one of theirs."""
    assert places.company_id is not None  # noqa: S101 - the caller has looked
    assert places.service_id is not None  # noqa: S101 - the caller has looked
    return Place(
        company_id=places.company_id,
        company_name=places.company_name,
        contract_id=contract.id,
        contract_name=contract.name,
        service_id=places.service_id,
        service_name=places.service_name,
        line_id=line_id,
        contract_starts_on=contract.starts_on,
        contract_ends_on=contract.ends_on,
        contract_active=contract.active,
        period_months=contract.period_months,
        # The engine reads them again before it sends anything.
        checked_at=None,
    )


def _places(
    view: SubscriptionView,
    company: tuple[int, str] | None,
    service: tuple[int, str] | None,
    contracts: Mapping[int, Sequence[Contract]],
    lines: Mapping[int, Sequence[ContractLine]],
    taken: set[int | None],
    today: date,
) -> Places:
    missing = why_unmappable(view.offer)
    if not missing and company is None:
        missing = f"{view.customer.name} is not mapped to a company yet."
    elif not missing and service is None:
        missing = f"{view.offer.label()} is not mapped to a service yet."
    options: list[ContractOption] = []
    if company is not None and service is not None and not missing:
        wanted = Wanted(
            company_id=company[0],
            cycle=view.offer.billing_cycle,
            from_on=today,
            held_since=view.starts_on,
        )
        options = [
            ContractOption(
                contract=contract,
                wrong=why_not(contract, wanted),
                warnings=warnings(contract, wanted),
                lines=[
                    LineOption(line.id, line.name, line.id in taken)
                    for line in lines.get(contract.id, ())
                    if line.service_id == service[0]
                ],
            )
            for contract in contracts.get(company[0], ())
        ]
    return Places(
        company_id=company[0] if company else None,
        company_name=company[1] if company else "",
        service_id=service[0] if service else None,
        service_name=service[1] if service else "",
        missing=missing,
        options=sorted(options, key=lambda one: (bool(one.wrong), one.contract.name)),
        proposal=propose(options),
    )


def propose(options: Sequence[ContractOption]) -> Proposal | None:
    """Pure. A free line of the service first, then the one contract that fits."""
    fitting = [option for option in options if not option.wrong]
    free = [
        (option.contract, line) for option in fitting for line in option.lines if not line.taken
    ]
    if free:
        contract, line = free[0]
        if len(free) > 1:
            reason = f"{len(free)} lines of the service are free"
        else:
            reason = "the only free line of the service"
        return Proposal(contract.id, contract.name, line.line_id, reason, len(free) == 1)
    if fitting:
        contract = fitting[0].contract
        reason = "no free line of the service: a line of its own"
        return Proposal(contract.id, contract.name, None, reason, False)
    return None
