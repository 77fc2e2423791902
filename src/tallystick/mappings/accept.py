"""Accept every clear suggestion at once: each mapping is an act of its own, with its audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from tallystick.connections.queries import get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import InvalidInput, Problem
from tallystick.mappings.choose import Chosen, choose_company, choose_service
from tallystick.mappings.customer_rows import clear_suggestions
from tallystick.mappings.match import CLEAR
from tallystick.mappings.offer_rows import not_mapped_offers


@dataclass(frozen=True, slots=True)
class Accepted:
    """``refused``: a sentence each, for those that could not be mapped after all."""

    mapped: int
    refused: tuple[str, ...]


def accept_clear(connection_id: int, *, at_least: Decimal | None = None, by: Chosen) -> Accepted:
    """Map every customer whose suggestion has this score or more (not below *clear*).

    What somebody else maps meanwhile is left alone. Raises NotFound, NotAllowed, InvalidInput.
    """
    by.context.require(Right.MAP)
    connection = get_connection(by.context, connection_id)
    lowest = Decimal(f"{CLEAR:.2f}")
    if at_least is not None and not lowest <= at_least <= 1:
        raise InvalidInput.one("at_least", f"must be between {lowest} and 1")
    found = clear_suggestions(by.context, connection).filter(score__gte=at_least or lowest)
    acts = [
        (
            one.customer.name,
            partial(choose_company, one.customer_id, connection.id, one.company_id, by=by),
        )
        for one in found.select_related("customer").order_by("customer__name", "pk")
        if one.company_id is not None
    ]
    return _carry_out(acts)


def accept_clear_offers(connection_id: int, *, by: Chosen) -> Accepted:
    """The same for offers. Raises NotFound, NotAllowed."""
    by.context.require(Right.MAP)
    connection = get_connection(by.context, connection_id)
    acts = [
        (
            row.offer.label(),
            partial(choose_service, row.offer_id, connection.id, row.suggestion.service_id, by=by),
        )
        for row in not_mapped_offers(by.context, connection.id)
        if row.suggestion is not None and row.suggestion.is_clear
    ]
    return _carry_out(acts)


def _carry_out(acts: Iterable[tuple[str, Callable[[], object]]]) -> Accepted:
    mapped, refused = 0, []
    for name, act in acts:
        try:
            act()
            mapped += 1
        except InvalidInput as problem:
            refused.append(f"{name}: {problem.errors[0].message}.")
        except Problem as problem:
            refused.append(f"{name}: {problem}")
    return Accepted(mapped, tuple(refused))
