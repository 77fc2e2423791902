"""Read one CloudEvent, or plain JSON with the same names. Pure.

Unknown fields are kept with what was sent and change nothing: a newer sender may say more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tallystick.catalog.add_offer import OfferFacts
from tallystick.catalog.terms import BillingCycle, OfferKind, Segment, Term
from tallystick.kit.problem import FieldError
from tallystick.sources.intake.event import (
    CustomerSaid,
    EventType,
    NeutralEvent,
    Place,
    State,
    offer_key,
)
from tallystick.sources.intake.fields import Fields
from tallystick.sources.moments import Moment, read_moment
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus

LONGEST_ID = 200
LONGEST_NAME = 300
LONGEST_SUBJECT = 100
LARGEST_NUMBER = 2**62
_DONE = {"succeeded": True, "failed": False, "pending": False}
_STATUSES = {one.value: one for one in SubscriptionStatus} | {
    "canceled": SubscriptionStatus.CANCELLED
}
_TYPES = {one.value: one for one in EventType}
_ENDS = {one.value: one for one in EndOfTerm}
_TERMS = {word.lower(): one for one in Term for word in (one.value, one.label)}
_CYCLES = {one.value: one for one in BillingCycle}
_SEGMENTS = {one.value: one for one in Segment}
_KINDS = {one.value: one for one in OfferKind}
# What a type cannot do without.
_NEEDS = {
    EventType.QUANTITY_CHANGED: "quantity",
    EventType.STATUS_CHANGED: "status",
    EventType.RENEWAL_CHANGED: "end_of_term",
    EventType.RENAMED: "name",
}
_CALLED = {"end_of_term": "end_of_term_action"}


def read_event(said: object, *, uri: str) -> NeutralEvent | list[FieldError]:
    """What it says, or everything that is wrong with it. ``uri``: the source it must name."""
    if not isinstance(said, Mapping):
        return [FieldError("event", "must be a JSON object")]
    errors: list[FieldError] = []
    top = Fields(said, "", errors)
    version = top.text("specversion", most=10)
    if version not in {"", "1.0"}:
        top.wrong("specversion", "must be 1.0")
    if top.text("source", most=LONGEST_ID, required=True) not in {"", uri}:
        top.wrong("source", "is not the source this token belongs to")
    if top.has("data_base64"):
        top.wrong("data_base64", "is not read here: send data as JSON")
    nothing = Moment(NEVER.at, "")
    moment = top.read("time", read_moment, nothing, most=60)
    event_id = top.text("id", most=LONGEST_ID, required=True)
    data = top.inner("data")
    product = _product(data)
    event = NeutralEvent(
        id=event_id,
        type=top.read("type", _type, EventType.RENAMED, most=60),
        subject=top.text("subject", most=LONGEST_SUBJECT, required=True),
        time=str(said.get("time", ""))[:60],
        happened_at=moment.at,
        place=Place(_number(top), moment.key, event_id),
        before=_state(data.inner("before")),
        after=replace(
            _state(data.inner("after")), offer=None if product is None else offer_key(product)
        ),
        effective_on=data.day("effective_from"),
        succeeded=data.one_of("status", _DONE, True),
        customer=_customer(data),
        product=product,
        correlation_id=data.text("correlation_id", most=64),
        body=said,
    )
    if not errors:
        _check_what_it_needs(event, data)
    return errors or event


def read_state(said: Mapping[str, Any]) -> State:
    """What ``State.as_json`` wrote."""
    ends = said.get("end_of_term")
    return _state(
        Fields(
            {**said, "term_end": said.get("term_ends_on"), "end_of_term_action": ends}, "", []
        )
    )  # fmt: skip


NEVER = read_moment("0001-01-01T00:00:00Z")


def _type(text: str) -> EventType:
    found = _TYPES.get(text)
    if found is None:
        raise ValueError(f"“{text[:40]}” is not one of: {', '.join(_TYPES)}")
    return found


def _number(top: Fields) -> int | None:
    """CloudEvents' ``sequence`` is a text; ours counts the events of one subject, from 1 on."""
    text = top.text("sequence", most=20)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LARGEST_NUMBER):
        top.wrong("sequence", "must be a number in digits, counted from 1 for each subject")
        return None
    return int(text)


def _state(said: Fields) -> State:
    state = State(
        quantity=said.quantity("quantity"),
        status=said.one_of("status", _STATUSES, None),
        unit_price=said.amount("unit_price"),
        unit_cost=said.amount("unit_cost"),
        currency=said.currency("currency"),
        term_ends_on=said.day("term_end"),
        end_of_term=said.one_of("end_of_term_action", _ENDS, None),
        name=said.text("name", most=LONGEST_NAME) or None,
        starts_on=said.day("starts_on"),
    )
    priced = state.unit_price is not None or state.unit_cost is not None
    if priced and state.currency is None:
        said.wrong("currency", "is needed with a price or a cost")
    return state


def _customer(data: Fields) -> CustomerSaid | None:
    if not data.has("customer"):
        return None
    said = data.inner("customer")
    return CustomerSaid(
        said.text("id", most=LONGEST_SUBJECT, required=True),
        said.text("name", most=LONGEST_NAME, required=True),
    )


def _product(data: Fields) -> OfferFacts | None:
    if not data.has("product"):
        return None
    said = data.inner("product")
    return OfferFacts(
        product_id=said.text("product_id", most=LONGEST_SUBJECT, required=True),
        sku_id=said.text("sku_id", most=LONGEST_SUBJECT, required=True),
        name=said.text("name", most=LONGEST_NAME, required=True),
        segment=said.one_of("segment", _SEGMENTS, Segment.COMMERCIAL),
        term=said.one_of("term", _TERMS, Term.NONE),
        billing_cycle=said.one_of("billing_plan", _CYCLES, BillingCycle.NONE),
        kind=said.one_of("kind", _KINDS, OfferKind.NCE_LICENCE),
    )


def _check_what_it_needs(event: NeutralEvent, data: Fields) -> None:
    after = data.inner("after")
    needed = _NEEDS.get(event.type)
    if needed and getattr(event.after, needed) is None:
        after.wrong(_CALLED.get(needed, needed), f"is missing: {event.type.value} says it")
    amounts = (event.after.unit_price, event.after.unit_cost)
    if event.type is EventType.PRICE_CHANGED and amounts == (None, None):
        after.wrong("unit_price", f"is missing: {event.type.value} says it")
    if event.type is EventType.CREATED:
        if event.after.quantity is None:
            after.wrong("quantity", "is missing: what was bought?")
        for name, found in (("customer", event.customer), ("product", event.product)):
            if found is None:
                data.wrong(name, "is missing: who bought what?")
    if event.type is EventType.CUSTOMER_CHANGED and event.customer is None:
        data.wrong("customer", "is missing: how is it called now?")
