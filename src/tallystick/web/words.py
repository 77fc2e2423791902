"""Badges, states, amounts and mistakes in the words of the screen. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo
from decimal import Decimal

from tallystick.catalog.add_offer import OfferFacts
from tallystick.catalog.terms import Segment
from tallystick.connections.policies import SameDay
from tallystick.connections.queries import ConnectionView
from tallystick.kit.problem import FieldError
from tallystick.ledger.badge import Badge, BadgeKind
from tallystick.web.moments import short

THOUSANDS = "\N{NARROW NO-BREAK SPACE}"


def badge_text(badge: Badge, *, now: datetime, zone: tzinfo) -> str:
    """``Synced · 09:12``, ``Out of Sync · 2 waiting``, ``Checking until 10:07``, ``Syncing``."""
    label = badge.kind.label
    match badge.kind:
        case BadgeKind.SYNCED if badge.proved_at is not None:
            return f"{label} · {short(badge.proved_at, now=now, zone=zone)}"
        case BadgeKind.OUT_OF_SYNC if badge.pending:
            return f"{label} · {badge.pending} waiting"
        case BadgeKind.WAITING_FOR_APPROVAL:
            return f"{label} · {badge.to_approve}"
        case BadgeKind.CHECKING if badge.until is not None:
            return f"{label} until {short(badge.until, now=now, zone=zone)}"
        case _:
            return label


def whole(number: int) -> str:
    """``12 500``."""
    return f"{number:,}".replace(",", THOUSANDS)


def amount(value: Decimal | None, currency: str = "") -> str:
    """``1 234.50 EUR``: two decimals, or as many as the price has."""
    if value is None:
        return "—"
    places = max(2, -int(value.normalize().as_tuple().exponent))
    text = f"{value:,.{places}f}".replace(",", THOUSANDS)
    return f"{text}\N{NO-BREAK SPACE}{currency}" if currency else text


def plain_amount(value: Decimal | None) -> str:
    """``1234.50``: as it is typed into a field; empty when there is none."""
    return "" if value is None else amount(value).replace(THOUSANDS, "")


def terms(offer: OfferFacts) -> str:
    """``1 year · Monthly``, and the segment when it is not the common one."""
    parts = [offer.term.label, offer.billing_cycle.label]
    if offer.segment is not Segment.COMMERCIAL:
        parts.append(offer.segment.label)
    return " · ".join(parts)


def counted(number: int, one: str, many: str = "") -> str:
    """``1 operation``, ``3 operations``."""
    return f"{whole(number)} {one if number == 1 else many or one + 's'}"


def error_sentence(label: str, error: FieldError) -> str:
    """``Quantity is already 12: nothing to record.``: the field's name and what is wrong."""
    glue = ": " if error.message.startswith(("“", "there")) else " "
    text = f"{label}{glue}{error.message}"
    return text if text.endswith((".", "!", "?")) else text + "."


def policies_in_words(connection: ConnectionView) -> list[str]:
    """What the connection was told to do, one sentence each."""
    wait = (
        "A change is sent at once."
        if connection.quiet_seconds == 0
        else f"A change is sent after {connection.quiet_seconds} quiet seconds, so that a "
        "correction goes out with it."
    )
    second = f"{connection.same_day.label}."
    if connection.same_day is SameDay.UNKNOWN:
        second = "What Autotask does with a second change on one day is not known yet."
    return [
        wait,
        second,
        f"When it refuses one: {_lower(connection.same_day_policy.label)}.",
        f"A change dated before one that is already proved: {_lower(connection.back_dated.label)}.",
        f"A cancellation: {_lower(connection.cancel_rule.label)}.",
        f"A larger quantity: {_lower(connection.increase_day.label)}.",
        f"A smaller quantity: {_lower(connection.decrease_day.label)}.",
        f"A quantity in a posted period: {_lower(connection.posted_quantity.label)}.",
        f"A price: {_lower(connection.price_day.label)}.",
        f"A suspended NCE licence: {_lower(connection.suspend_nce.label)}.",
        f"Any other suspended subscription: {_lower(connection.suspend_other.label)}.",
        f"The Azure amounts of a month: {_lower(connection.azure_amounts.label)}.",
        f"What was recorded: {_lower(connection.mode.label)}.",
        f"The name on the invoice: {_lower(connection.invoice_name.label)}.",
    ]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
