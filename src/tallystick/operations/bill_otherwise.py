"""Tell how the changes of one customer or one subscription are billed: policies and included
units together, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from tallystick.connections.override import override, subject_of
from tallystick.connections.policies import INCLUDED_UNITS
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked
from tallystick.operations.include_units import include_units


@dataclass(frozen=True, slots=True)
class Whose:
    """Exactly one of the two."""

    customer_id: int | None = None
    subscription_id: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The names of what is another now, and the operation that brings the line there, if any."""

    changed: Sequence[str]
    recorded: Recorded | None = None


def bill_otherwise(
    connection_id: int,
    changes: Mapping[str, str | None],
    *,
    whose: Whose,
    effective_on: object = None,
    today: date,
    asked: Asked,
) -> Told:
    """None sets a policy back. ``effective_on``: from when another number of included units counts.

    Raises NotAllowed, NotFound, InvalidInput (naming the policy), Conflicting.
    """
    subject_of(asked.context, customer_id=whose.customer_id, subscription_id=whose.subscription_id)
    of_one = whose.subscription_id
    units = of_one is not None and INCLUDED_UNITS in changes
    if effective_on is not None and not units:
        raise InvalidInput.one("effective_on", "is the day of included units: give them too")
    policies = {name: to for name, to in changes.items() if not units or name != INCLUDED_UNITS}
    with transaction.atomic():
        changed = override(
            connection_id,
            policies,
            customer_id=whose.customer_id,
            subscription_id=of_one,
            context=asked.context,
            now=asked.now,
            correlation_id=asked.correlation_id,
        )
        if of_one is None or not units:
            return Told(changed)
        included = include_units(
            subscription_id=of_one,
            connection_id=connection_id,
            units=changes[INCLUDED_UNITS],
            effective_on=effective_on,
            today=today,
            asked=asked,
        )
        more = [INCLUDED_UNITS] if included.changed else []
        return Told([*changed, *more], included.recorded)
