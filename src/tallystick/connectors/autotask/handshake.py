"""Does this connection work? A list of named checks, each with words for a person.

Only reads. Stops early where the next check could not tell anything new, so that wrong credentials
are tried once and not five times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from tallystick.connections.trouble import BillingError, Misconfigured, Rejected
from tallystick.connectors.autotask.answers import read_or_raise
from tallystick.connectors.autotask.bodies import JsonObject
from tallystick.connectors.autotask.client import AutotaskClient
from tallystick.connectors.autotask.credentials import AutotaskCredentials
from tallystick.connectors.autotask.limits import Gate
from tallystick.connectors.autotask.threshold import read_threshold
from tallystick.connectors.autotask.wire import Reply, Wire
from tallystick.kit.clock import Clock

READ = ("ContractServiceUnits", "ContractServices", "Contracts", "Companies", "Services")
CREATE = ("ContractServiceAdjustments",)
LARGEST_CLOCK_DIFFERENCE = 120.0
"""Seconds. Days come from civil calendars, so only a grossly wrong clock matters."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``ok`` false means a person must act, in the words of ``words``."""

    name: str
    ok: bool
    words: str


def test(*, credentials: AutotaskCredentials, gate: Gate, http: Wire, clock: Clock) -> list[Check]:
    """Try the connection out. Never raises BillingError; costs about eight calls."""
    client = AutotaskClient(credentials=credentials, gate=gate, wire=http)
    return list(_checks(client, credentials, clock))


def _checks(
    client: AutotaskClient, credentials: AutotaskCredentials, clock: Clock
) -> Iterator[Check]:
    try:
        zone = client.zone()
    except Misconfigured as failure:
        yield Check("reachable", True, "Autotask answered.")
        yield Check("zone", False, str(failure))
        return
    except BillingError as failure:
        yield Check("reachable", False, str(failure))
        return
    yield Check("reachable", True, "Autotask answered.")
    yield Check("zone", True, zone.name or zone.base)

    first, *others = READ
    try:
        asked_at = clock.now()
        outcome = client.ask(f"{first}/entityInformation", endpoint=first)
        info = read_or_raise(outcome, hide=credentials.hide)
    except BillingError as failure:
        # A refusal in Autotask's words is about the right, anything else about getting in at all.
        refused = isinstance(failure, Rejected)
        yield Check("credentials", refused, "Accepted." if refused else str(failure))
        if refused:
            yield Check(f"read {first}", False, str(failure))
        return
    yield Check("credentials", True, "Accepted.")
    yield _right(first, "Query", info)
    for entity in others:
        yield _asked_right(client, entity, "Query")
    for entity in CREATE:
        yield _asked_right(client, entity, "Create")
    yield _threshold(client)
    if isinstance(outcome, Reply) and outcome.date:
        yield _clock_difference(outcome.date, asked_at.timestamp())


def _asked_right(client: AutotaskClient, entity: str, right: str) -> Check:
    try:
        info = client.get(f"{entity}/entityInformation", endpoint=entity)
    except BillingError as failure:
        return Check(_name(entity, right), False, str(failure))
    return _right(entity, right, info)


def _right(entity: str, right: str, answer: JsonObject) -> Check:
    """``info.canQuery`` is what the entity allows, ``userAccessForQuery`` what this user may."""
    info = answer.get("info")
    facts = info if isinstance(info, dict) else {}
    can, access = facts.get(f"can{right}"), facts.get(f"userAccessFor{right}")
    name = _name(entity, right)
    if can is not True or access == "None":
        return Check(name, False, f"The API user may not {name}. Give it that right in Autotask.")
    if access == "Restricted":
        return Check(
            name,
            False,
            f"The API user may {name} only in part: what it cannot see looks like nothing. "
            "Give it the full right in Autotask.",
        )
    return Check(name, True, "Allowed.")


def _name(entity: str, right: str) -> str:
    return f"{'read' if right == 'Query' else 'create'} {entity}"


def _threshold(client: AutotaskClient) -> Check:
    try:
        seen = read_threshold(client)
    except BillingError as failure:
        return Check("threshold", False, str(failure))
    words = f"{seen.used} of {seen.limit} requests used in the past {seen.minutes} minutes."
    return Check("threshold", seen.used < seen.limit, words)


def _clock_difference(date_header: str, ours: float) -> Check:
    try:
        theirs = parsedate_to_datetime(date_header).timestamp()
    except ValueError:
        return Check("clock", True, "Autotask did not say what time it has.")
    apart = abs(theirs - ours)
    if apart <= LARGEST_CLOCK_DIFFERENCE:
        return Check("clock", True, f"{apart:.0f} seconds apart.")
    return Check(
        "clock", False, f"This server's clock and Autotask's are {apart:.0f} seconds apart."
    )
