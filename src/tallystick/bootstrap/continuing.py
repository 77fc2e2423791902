"""Continue subscriptions on another contract: look first, one or many, nothing before its day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from tallystick.bootstrap.look_before import (
    BillingOf,
    Seen,
    billing_of,
    look_or_say,
    ours_of,
    ours_of_many,
)
from tallystick.connections.queries import get_connection
from tallystick.directory.port import Contract
from tallystick.directory.queries import contracts_by_id
from tallystick.identity.roles import Right
from tallystick.kit.problem import Problem
from tallystick.ledger.record import Recorded
from tallystick.mappings.map_subscription import Place, place_of
from tallystick.mappings.next_place import current_mapping
from tallystick.mappings.places import ContractOption, check_place, places_for
from tallystick.operations.continue_on import continue_on
from tallystick.operations.finish import Asked
from tallystick.subscriptions.queries import SubscriptionView, get_subscription, get_subscriptions
from tallystick.sync.first_look import Look, Ours


@dataclass(frozen=True, slots=True)
class Ahead:
    """What continuing there would do. ``seen.look`` None: the line is still to be created.

    ``left_bills_on``: the contract that is left bills on from that day, so its line goes to 0.
    """

    seen: Seen
    leaves: Place
    left_bills_on: bool


@dataclass(frozen=True, slots=True)
class Continued:
    """``refused``: a sentence for each that was left as it is."""

    planned: int
    refused: tuple[str, ...]


def look_ahead(
    subscription_id: int,
    connection_id: int,
    *,
    contract_id: int,
    line_id: int | None,
    from_on: date,
    asked: Asked,
    billing: BillingOf = billing_of,
) -> Ahead:
    """Both contracts on that day. Reads Autotask, stores nothing.

    Raises NotFound, NotAllowed, Conflicting, InvalidInput, Unreachable.
    """
    asked.context.require(Right.MAP)
    connection = get_connection(asked.context, connection_id)
    view = get_subscription(asked.context, subscription_id)
    left = place_of(current_mapping(view.id, connection.id))
    place = check_place(
        asked.context,
        connection.id,
        view.id,
        contract_id=contract_id,
        line_id=line_id,
        from_on=from_on,
    )
    ours = ours_of(view, connection)
    looks = look_or_say(billing, connection.id, {view.id: (place, ours)}, since=from_on)
    return Ahead(Seen(place, ours, looks.get(view.id)), left, _bills_on(left, from_on))


def continue_one(
    subscription_id: int,
    connection_id: int,
    *,
    contract_id: int,
    line_id: int | None,
    from_on: date,
    today: date,
    asked: Asked,
) -> Recorded:
    """Plan it. Raises NotFound, NotAllowed, Conflicting, InvalidInput."""
    asked.context.require(Right.MAP)
    with transaction.atomic():
        place = check_place(
            asked.context,
            connection_id,
            subscription_id,
            contract_id=contract_id,
            line_id=line_id,
            from_on=from_on,
        )
        return continue_on(
            subscription_id=subscription_id,
            connection_id=connection_id,
            place=place,
            from_on=from_on,
            today=today,
            asked=asked,
        )


def continue_many(
    subscription_ids: Sequence[int],
    connection_id: int,
    *,
    contract_id: int,
    from_on: date,
    today: date,
    asked: Asked,
) -> Continued:
    """Each on the one free line of its service there, or on a line of its own; each by itself.

    What does not fit is left as it is, with the reason. Raises NotFound, NotAllowed.
    """
    asked.context.require(Right.MAP)
    views = get_subscriptions(asked.context, subscription_ids)
    chosen = lines_there(views, connection_id, contract_id, from_on=from_on, asked=asked)
    planned, refused = 0, []
    for view in views:
        line = chosen[view.id]
        try:
            if line.problem:
                refused.append(f"{view.customer.name}, {view.name}: {line.problem}")
                continue
            continue_one(
                view.id,
                connection_id,
                contract_id=contract_id,
                line_id=line.line_id,
                from_on=from_on,
                today=today,
                asked=asked,
            )
            planned += 1
        except Problem as problem:
            refused.append(f"{view.customer.name}, {view.name}: {problem}")
    return Continued(planned, tuple(refused))


@dataclass(frozen=True, slots=True)
class LineThere:
    """The line a subscription would get on the other contract; None: one of its own."""

    line_id: int | None
    name: str
    problem: str


def lines_there(
    views: Sequence[SubscriptionView],
    connection_id: int,
    contract_id: int,
    *,
    from_on: date,
    asked: Asked,
) -> dict[int, LineThere]:
    """By subscription; no two get the same line. Raises NotFound."""
    places = places_for(asked.context, connection_id, views, today=from_on)
    given: set[int] = set()
    found = {}
    for view in views:
        option = next(
            (one for one in places[view.id].options if one.contract.id == contract_id), None
        )
        found[view.id] = line = _line_on(option, places[view.id].missing, given)
        if line.line_id is not None:
            given.add(line.line_id)
    return found


def _line_on(option: ContractOption | None, missing: str, given: set[int]) -> LineThere:
    if missing:
        return LineThere(None, "", missing)
    if option is None:
        return LineThere(None, "", "The contract is not one of its company.")
    if option.wrong:
        return LineThere(None, "", f"{option.wrong}.")
    free = [line for line in option.lines if not line.taken and line.line_id not in given]
    if len(free) > 1:
        words = f"{len(free)} lines of its service are free there: choose one by itself."
        return LineThere(None, "", words)
    return LineThere(free[0].line_id, free[0].name, "") if free else LineThere(None, "", "")


def _bills_on(left: Place, from_on: date) -> bool:
    return left.contract_ends_on is None or left.contract_ends_on >= from_on


@dataclass(frozen=True, slots=True)
class Preview:
    """One of many: the line it would get there, and what that line shows on the day."""

    view: SubscriptionView
    line: LineThere
    ours: Ours
    look: Look | None


def preview_many(
    subscription_ids: Sequence[int],
    connection_id: int,
    *,
    contract_id: int,
    from_on: date,
    asked: Asked,
    billing: BillingOf = billing_of,
) -> list[Preview]:
    """Many lines a call; stores nothing. Raises NotFound, NotAllowed, Unreachable."""
    asked.context.require(Right.MAP)
    connection = get_connection(asked.context, connection_id)
    views = get_subscriptions(asked.context, subscription_ids)
    lines = lines_there(views, connection.id, contract_id, from_on=from_on, asked=asked)
    contract = contracts_by_id(connection.id, [contract_id]).get(contract_id)
    ours = ours_of_many(views, connection)
    wanted = {
        view.id: (_place_there(contract, lines[view.id]), ours[view.id])
        for view in views
        if contract is not None and not lines[view.id].problem
    }
    looks = look_or_say(billing, connection.id, wanted, since=from_on)
    return [Preview(view, lines[view.id], ours[view.id], looks.get(view.id)) for view in views]


def _place_there(contract: Contract, line: LineThere) -> Place:
    """As much of a place as looking at its line needs."""
    return Place(
        company_id=contract.company_id,
        company_name="",
        contract_id=contract.id,
        contract_name=contract.name,
        service_id=0,
        service_name="",
        line_id=line.line_id,
        contract_starts_on=contract.starts_on,
        period_months=contract.period_months,
    )
