"""An operation in the words of the trade, for lists and headings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, assert_never

from tallystick.kit.money import at_least_cents
from tallystick.ledger.kinds import OperationKind

Facts = Mapping[str, Any]


def in_words(  # noqa: PLR0912 - one case a kind
    kind: OperationKind, before: Facts, after: Facts
) -> str:
    """``Update quantity 10 to 15``."""
    match kind:
        case OperationKind.UPDATE_QUANTITY:
            return f"Update quantity {before['quantity']} to {after['quantity']}"
        case OperationKind.UPDATE_PRICE_MARGIN:
            return f"Update price margin ({_price(before, after)})"
        case OperationKind.MAP if "included_units" in after:
            return (
                f"Included units {before['included_units']} to {after['included_units']} "
                f"(quantity {after['quantity']})"
            )
        case OperationKind.MAP:
            return f"First sync of quantity {after['quantity']}"
        case OperationKind.PURCHASE:
            return f"Purchase of quantity {after['quantity']}"
        case OperationKind.CANCEL | OperationKind.EXPIRE | OperationKind.DELETE:
            return f"{kind.label} (quantity {before['quantity']} to 0)"
        case OperationKind.SUSPEND | OperationKind.REACTIVATE:
            return kind.label
        case OperationKind.CONVERT_TRIAL | OperationKind.RENEW | OperationKind.END_PROMOTION:
            quantity = after.get("quantity")
            more = "" if quantity is None else f", quantity {before['quantity']} to {quantity}"
            return f"{kind.label} ({_price(before, after)}{more})"
        case (
            OperationKind.RENAME
            | OperationKind.SET_PURCHASE_ORDER
            | OperationKind.SET_END_OF_TERM
            | OperationKind.SCHEDULE_CHANGE
        ):
            return f"{kind.label}: {after['value'] or 'none'}"
        case OperationKind.CHANGE_OFFER:
            quantity = after.get("quantity", before["quantity"])
            return (
                f"Change offer to {after['offer']} (quantity {quantity}, {_price(before, after)})"
            )
        case OperationKind.MOVE_TO_RESELLER:
            return f"{kind.label} (billed units to 0)"
        case OperationKind.AZURE_AMOUNTS:
            return f"{_azure(before, after)} ({_price(before, after, 'price')})"
        case OperationKind.ONE_OFF_CHARGE:
            return f"{kind.label} of {_bare(after['price'])} {after['price_currency']}"
        case (
            OperationKind.CONTINUE
            | OperationKind.END
            | OperationKind.RESTORE
            | OperationKind.CORRECT
        ):
            return _about_the_line(kind, before, after)
        case _:
            assert_never(kind)


def _about_the_line(kind: OperationKind, before: Facts, after: Facts) -> str:
    if kind is OperationKind.CONTINUE:
        return f"Continue quantity {after['quantity']} on {after['contract']}"
    if kind is OperationKind.END:
        return f"End on {before['contract']} (quantity {before['quantity']} to 0)"
    return f"{kind.label} ({_line(before, after)})"


def _line(before: Facts, after: Facts) -> str:
    """``12 units back to 10``: of the line, at its first day; or its price."""
    if "line_price" in after:
        return f"unit price {_bare(before['line_price'])} back to {_bare(after['line_price'])}"
    was, to = before["line_units"], after["line_units"]
    if was == to:
        return f"{to} units at the price that was proved"
    return f"{was} units back to {to}"


def _azure(before: Facts, after: Facts) -> str:
    corrected = before.get("price") is not None
    return f"Azure amounts of {after['month']}{', corrected' if corrected else ''}"


def _price(before: Facts, after: Facts, name: str = "unit_price") -> str:
    was, price = before.get(name), after.get(name)
    words = name.replace("_", " ")
    if was == price:
        return f"{words} stays {_bare(price)}"
    if was is None and name == "price":
        return f"{words} {_bare(price)}"
    return f"{words} {_bare(was)} to {_bare(price)}"


def _bare(amount: Any) -> str:
    return "none" if amount is None else at_least_cents(Decimal(str(amount)))
