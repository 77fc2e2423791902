"""What changes a subscription and nothing that is billed: recorded, and mostly not applicable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from tallystick.audit.events import Event
from tallystick.connections.overrides import how_billed
from tallystick.connections.policies import InvoiceName
from tallystick.connections.queries import load as load_connection
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked, Change, finish
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import check_living
from tallystick.subscriptions.status import EndOfTerm

# Why it is not applicable on a connection (its id); empty when it is.
Because = Callable[[SubscriptionView, int], str]
NOT_BILLED = "A name is not billed. Nothing is sent."
LONGEST = {"friendly_name": 300, "purchase_order": 100, "change": 300}


def rename(*, subscription_id: int, name: str, today: date, asked: Asked) -> Recorded:
    """Another name of its own; sent where the connection writes it on the invoice.

    Raises InvalidInput, NotFound, NotAllowed, Conflicting.
    """
    return _note(
        subscription_id,
        OperationKind.RENAME,
        "friendly_name",
        _text("friendly_name", name),
        _unless_on_the_invoice,
        today=today,
        asked=asked,
    )


def _unless_on_the_invoice(view: SubscriptionView, connection_id: int) -> str:
    told = how_billed(
        load_connection(connection_id), customer_id=view.customer.id, subscription_id=view.id
    )
    return NOT_BILLED if told.invoice_name is InvoiceName.LEAVE else ""


def set_purchase_order(*, subscription_id: int, number: str, today: date, asked: Asked) -> Recorded:
    """The customer's own number for it. Raises as ``rename``."""
    return _note(
        subscription_id,
        OperationKind.SET_PURCHASE_ORDER,
        "purchase_order",
        _text("purchase_order", number),
        lambda *_: "A purchase order number is not part of a contract's service. Nothing is sent.",
        today=today,
        asked=asked,
    )


def set_end_of_term(*, subscription_id: int, to: str, today: date, asked: Asked) -> Recorded:
    """What happens when the term ends. Raises as ``rename``."""
    if to not in {one.value for one in EndOfTerm}:
        known = ", ".join(one.value for one in EndOfTerm)
        raise InvalidInput.one("end_of_term", f"must be one of {known}")
    return _note(
        subscription_id,
        OperationKind.SET_END_OF_TERM,
        "end_of_term",
        to,
        lambda view, _: _when_it_ends(view, to, today=today),
        today=today,
        asked=asked,
    )


def _when_it_ends(view: SubscriptionView, to: str, *, today: date) -> str:
    last_day = view.commitment_ends_on
    if to == EndOfTerm.RENEW.value and last_day is not None and last_day < today:
        return (
            f"Its term was over on {in_words(last_day)}: that renewal is for a person to record. "
            "Nothing is sent now."
        )
    return "It takes effect when the term ends, by itself. Nothing is sent now."


def schedule_change(*, subscription_id: int, words: str, today: date, asked: Asked) -> Recorded:
    """Another cycle or term was scheduled at the vendor for the next term, in words.

    Raises as ``rename``.
    """
    said = _text("change", words)
    if not said:
        raise InvalidInput.one("change", "must say what was scheduled")
    return _note(
        subscription_id,
        OperationKind.SCHEDULE_CHANGE,
        "",
        said,
        lambda *_: "It takes effect with the next term. Nothing is sent now.",
        today=today,
        asked=asked,
    )


def _note(
    subscription_id: int,
    kind: OperationKind,
    field: str,
    value: str,
    because: Because,
    *,
    today: date,
    asked: Asked,
) -> Recorded:
    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        if errors := check_living(view.holding()):
            return errors
        before = _before(view, field)
        if field and before == value:
            return [FieldError(field, "is already so: nothing to record")]
        fields: dict[str, Any] = {field: value} if field else {}
        return Change(
            kind=kind,
            event=Event.UPDATE_SUBSCRIPTION,
            before={"value": before},
            after={"value": value},
            effective_on=today,
            fields=fields,
            summary=f"{kind.label}: {value or 'none'}",
            not_applicable=lambda connection_id: because(view, connection_id),
        )

    return finish(subscription_id, decide, asked=asked)


def _before(view: SubscriptionView, field: str) -> str:
    """Empty where nobody has said what happens at the end: then saying it is something new."""
    if not field or (field == "end_of_term" and not view.end_is_said):
        return ""
    return str(getattr(view, field))


def _text(field: str, value: str) -> str:
    text = " ".join(value.split())
    if len(text) > LONGEST[field] or "\x00" in text:
        raise InvalidInput.one(field, f"must have at most {LONGEST[field]} characters")
    return text
