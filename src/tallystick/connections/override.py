"""Tell a connection that changes of one customer or one subscription are billed otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.connections.edit import WORDS
from tallystick.connections.included import MOST
from tallystick.connections.models import Connection, PolicyOverride
from tallystick.connections.policies import INCLUDED_UNITS, OVERRIDABLE, POLICIES
from tallystick.connections.queries import living
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput, NotFound
from tallystick.ledger.group import group_of
from tallystick.subscriptions.queries import get_customer, get_subscription

# Of a policy by its name, or of the included units as text; None sets it back.
Overrides = Mapping[str, str | None]
_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)


def override(
    connection_id: int,
    changes: Overrides,
    *,
    customer_id: int | None = None,
    subscription_id: int | None = None,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> Sequence[str]:
    """All of it or nothing, for exactly one of the two; answers the names of what is another now.

    Raises NotAllowed, NotFound, InvalidInput (naming the policy), Conflicting (a line bills it
    together with others).
    """
    context.require(Right.CONNECT)
    subject = subject_of(context, customer_id=customer_id, subscription_id=subscription_id)
    if errors := _check(changes, of_one=subscription_id is not None):
        raise InvalidInput(errors)
    wanted = {
        name: None if name == INCLUDED_UNITS and int(value or 0) == 0 else value
        for name, value in changes.items()
    }
    with transaction.atomic():
        connection = living(context).select_for_update(no_key=True).filter(pk=connection_id).first()
        if connection is None:
            raise NotFound("There is no such connection.")
        if subscription_id is not None and group_of(subscription_id):
            raise Conflicting(
                "It is billed on one line together with others. Nothing was changed. Say it for "
                "the customer, or bill it apart from them first."
            )
        whose = {"customer_id": customer_id, "subscription_id": subscription_id}
        before = dict(
            PolicyOverride.objects.filter(connection=connection, **whose).values_list(
                "policy", "value"
            )
        )
        after = {name: to for name, to in wanted.items() if to != before.get(name)}
        for name, value in after.items():
            _store(connection, whose, name, value, now)
        if after:
            record(
                Event.UPDATE_POLICIES,
                actor=context.actor,
                now=now,
                subject=replace(
                    subject, connection_id=connection.pk, connection_name=connection.name
                ),
                correlation_id=correlation_id,
                summary=in_words(tuple(after)),
                details={
                    "before": {name: before.get(name) for name in after},
                    "after": dict(after),
                },
            )
    return tuple(after)


def subject_of(
    context: Context, *, customer_id: int | None = None, subscription_id: int | None = None
) -> Subject:
    """Whom it is about. Raises NotFound, InvalidInput (both or none)."""
    if (customer_id is None) == (subscription_id is None):
        raise InvalidInput.one("subscription", "or customer is needed: exactly one of the two")
    if subscription_id is not None:
        return get_subscription(context, subscription_id).subject()
    customer = get_customer(context, customer_id or 0)
    return Subject(
        tenant_id=context.tenant_id,
        reseller_id=context.reseller_id,
        customer_id=customer.id,
        customer_name=customer.name,
    )


def in_words(names: Sequence[str]) -> str:
    """``Fewer units, included units``."""
    text = ", ".join("included units" if name == INCLUDED_UNITS else WORDS[name] for name in names)
    return text[:1].upper() + text[1:]


def _store(
    connection: Connection,
    whose: Mapping[str, int | None],
    name: str,
    value: str | None,
    now: datetime,
) -> None:
    known = PolicyOverride.objects.filter(connection=connection, policy=name, **whose)
    if value is None:
        known.delete()
    elif not known.update(value=value):
        PolicyOverride.objects.create(
            connection=connection, policy=name, value=value, created_at=now, **whose
        )


def _check(changes: Overrides, *, of_one: bool) -> list[FieldError]:
    return [
        FieldError(name, message)
        for name, value in changes.items()
        if (message := _wrong(name, value, of_one=of_one))
    ]


def _wrong(name: str, value: str | None, *, of_one: bool) -> str:
    """What is wrong with it, or nothing."""
    if name == INCLUDED_UNITS:
        if not of_one:
            return "are told of one subscription, not of a customer"
        fits = value is None or (_NUMBER.fullmatch(value) and int(value) <= MOST)
        return "" if fits else f"must be a whole number, 0 to {MOST}"
    if name not in OVERRIDABLE:
        return f"is not one of {', '.join(OVERRIDABLE)}"
    known = [one.value for one in POLICIES[name]]
    return "" if value is None or value in known else f"must be one of {', '.join(known)}"
