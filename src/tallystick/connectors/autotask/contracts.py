"""The one thing about a contract itself that is ever written: a later last day.

Vendor facts: PATCH goes to the collection with the id in the body and leaves what is not named as
it is (official page, live clients); shortening ``endDate`` deletes everything that was billed for
after it (vendor's knowledge base), so an earlier day can not even be expressed here.
"""

from __future__ import annotations

from datetime import date

from tallystick.connectors.autotask.bodies import encode
from tallystick.connectors.autotask.client import AutotaskClient, equal
from tallystick.connectors.autotask.fields import day_or_none
from tallystick.sync.port import Answer, Refused


class AutotaskContracts:
    """The contracts of one connection's Autotask. Holds no state."""

    def __init__(self, client: AutotaskClient) -> None:
        self._client = client

    def last_day(self, contract_id: int) -> date | None:
        """None when Autotask shows no such contract, or it has no last day. Raises BillingError."""
        rows = self._client.query(
            "Contracts", where=[equal("id", contract_id)], fields=("endDate",)
        )
        return day_or_none(rows[0], "endDate") if rows else None

    def extend(self, contract_id: int, *, until: date, now: date, deadline: float) -> Answer:
        """Set a later last day, once. ``now``: the last day it was just read with."""
        if until <= now:
            return Refused("Not sent to Autotask: a contract is never shortened.")
        return self._client.post_once(
            "Contracts",
            endpoint="Contracts",
            body=encode({"id": contract_id, "endDate": until.isoformat()}),
            deadline=deadline,
            method="PATCH",
        )
