"""Does this connection work? A list of named checks, each with words for a person.

Only reads. Stops early where the next check could not tell anything new, so that wrong credentials
are tried once and not five times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from tallystick.connections.checks import Check
from tallystick.connections.trouble import BillingError, Misconfigured, Rejected
from tallystick.connectors.autotask.answers import read_or_raise
from tallystick.connectors.autotask.bodies import JsonObject
from tallystick.connectors.autotask.client import AutotaskClient, at_least
from tallystick.connectors.autotask.credentials import AutotaskCredentials
from tallystick.connectors.autotask.fields import flag, text_or_none
from tallystick.connectors.autotask.limits import Gate
from tallystick.connectors.autotask.threshold import read_threshold
from tallystick.connectors.autotask.wire import Reply, Wire
from tallystick.kit.clock import Clock

READ = (
    *("ContractServiceUnits", "ContractServices", "Contracts", "Companies", "Services"),
    *("ContractCharges", "BillingCodes"),
)
CREATE = ("ContractServiceAdjustments", "ContractServices", "ContractCharges")
UPDATE = ("ContractCharges",)
_ACTS = {"Query": "read", "Create": "create", "Update": "change"}
LARGEST_CLOCK_DIFFERENCE = 120.0
"""Seconds. Days come from civil calendars, so only a grossly wrong clock matters."""

_TRY_AGAIN = "Look whether this server may reach webservices*.autotask.net by https, and try again."
_USER = (
    "Check the API user name: in Autotask, Admin > Resources/Users, the user of the security level "
    "API User. It looks like an e-mail address."
)
_CODE = (
    "Check the tracking identifier: in Autotask, the API user's Integration Vendor section; it has "
    "27 letters and digits."
)
_WHICH_OF_TWO = (
    "Autotask does not say which of the two is wrong. Generate a new secret for the API user, look "
    "whether the user is active and not locked, and enter both again."
)
_GIVE_RIGHT = "Give the API user's security level that right in Autotask (see the guide)."


@dataclass(frozen=True, slots=True)
class Currencies:
    """What the connection was told: the customers' currency, and Autotask's internal one."""

    price: str
    cost: str


def test(
    *,
    credentials: AutotaskCredentials,
    gate: Gate,
    http: Wire,
    clock: Clock,
    currencies: Currencies,
) -> list[Check]:
    """Try the connection out. Never raises BillingError; costs about fifteen calls."""
    client = AutotaskClient(credentials=credentials, gate=gate, wire=http)
    return list(_checks(client, credentials, clock, currencies))


def _checks(
    client: AutotaskClient,
    credentials: AutotaskCredentials,
    clock: Clock,
    currencies: Currencies,
) -> Iterator[Check]:
    try:
        zone = client.zone()
    except Misconfigured as failure:
        yield Check("reachable", "Autotask answers", True, "It answered.")
        yield Check("zone", "The user's zone", False, str(failure), _USER)
        return
    except BillingError as failure:
        yield Check("reachable", "Autotask answers", False, str(failure), _TRY_AGAIN)
        return
    yield Check("reachable", "Autotask answers", True, "It answered.")

    first, *others = READ
    try:
        asked_at = clock.now()
        outcome = client.ask(f"{first}/entityInformation", endpoint=first)
        info = read_or_raise(outcome, hide=credentials.hide)
    except Rejected as failure:
        # A refusal in Autotask's own words is about the right: the credentials were taken.
        yield from _let_in(zone.name or zone.base)
        yield _denied(first, "Query", str(failure))
        return
    except BillingError as failure:
        yield Check("zone", "The user's zone", True, zone.name or zone.base)
        yield _kept_out(failure)
        return
    # The client asks for the zone again when the first one refuses: zones move.
    now_at = client.zone()
    moved = now_at.base != zone.base
    yield from _let_in(
        f"Moved from {zone.name or zone.base} to {now_at.name or now_at.base}; the new one is used."
        if moved
        else now_at.name or now_at.base
    )
    yield _right(first, "Query", info)
    for entity in others:
        yield _asked_right(client, entity, "Query")
    for entity in CREATE:
        yield _asked_right(client, entity, "Create")
    for entity in UPDATE:
        yield _asked_right(client, entity, "Update")
    yield from _currencies(client, currencies)
    yield _threshold(client)
    if isinstance(outcome, Reply) and outcome.date:
        yield _clock_difference(outcome.date, asked_at.timestamp())


def _let_in(zone: str) -> Iterator[Check]:
    yield Check("zone", "The user's zone", True, zone)
    yield Check("code", "Integration code", True, "Accepted.")
    yield Check("secret", "User name and secret", True, "Accepted.")


def _kept_out(failure: BillingError) -> Check:
    said = str(failure)
    if "IntegrationCode" in said:
        return Check("code", "Integration code", False, said, _CODE)
    if isinstance(failure, Misconfigured):
        return Check("secret", "User name and secret", False, said, _WHICH_OF_TWO)
    return Check("secret", "User name and secret", False, said, _TRY_AGAIN)


def _asked_right(client: AutotaskClient, entity: str, right: str) -> Check:
    try:
        info = client.get(f"{entity}/entityInformation", endpoint=entity)
    except BillingError as failure:
        return _denied(entity, right, str(failure))
    return _right(entity, right, info)


def _right(entity: str, right: str, answer: JsonObject) -> Check:
    """``info.canQuery`` is what the entity allows, ``userAccessForQuery`` what this user may."""
    info = answer.get("info")
    facts = info if isinstance(info, dict) else {}
    can, access = facts.get(f"can{right}"), facts.get(f"userAccessFor{right}")
    name = _name(entity, right)
    if can is not True or access == "None":
        return _denied(entity, right, f"The API user may not {name}.")
    if access == "Restricted":
        return _denied(
            entity,
            right,
            f"The API user may {name} only in part: what it cannot see looks like nothing.",
        )
    return Check(name, f"Right to {name}", True, "Allowed.")


def _denied(entity: str, right: str, words: str) -> Check:
    name = _name(entity, right)
    return Check(name, f"Right to {name}", False, words, _GIVE_RIGHT)


def _name(entity: str, right: str) -> str:
    return f"{_ACTS[right]} {entity}"


def _currencies(client: AutotaskClient, wanted: Currencies) -> Iterator[Check]:
    """A single-currency instance may have none to be read: then nothing can be said."""
    try:
        rows = client.query(
            "Currencies",
            where=[at_least("id", 0)],
            fields=("name", "isActive", "isInternalCurrency"),
        )
    except BillingError as failure:
        words = f"Could not be checked: {failure}"
        yield Check("currency", "Currencies", True, words)
        return
    if not rows:
        yield Check("currency", "Currencies", True, "Autotask lists none: could not be checked.")
        return
    active = {text_or_none(row, "name") or "" for row in rows if flag(row, "isActive")}
    internal = {text_or_none(row, "name") or "" for row in rows if flag(row, "isInternalCurrency")}
    ours = ", ".join(sorted(internal))
    yield Check(
        "cost currency",
        "Cost currency",
        wanted.cost in internal,
        f"Autotask's internal currency is {ours or 'not said'}; the connection says {wanted.cost}.",
        ""
        if wanted.cost in internal
        else "Costs are kept in Autotask's internal currency: set the connection's cost currency "
        "to it.",
    )
    yield Check(
        "price currency",
        "Price currency",
        wanted.price in active,
        f"{wanted.price} is active in Autotask."
        if wanted.price in active
        else f"{wanted.price} is not an active currency there ({', '.join(sorted(active))} are).",
        ""
        if wanted.price in active
        else "Activate it in Autotask, or set the connection's price currency to the customers'.",
    )


def _threshold(client: AutotaskClient) -> Check:
    title = "Calls left this hour"
    try:
        seen = read_threshold(client)
    except BillingError as failure:
        return Check("threshold", title, False, str(failure), _TRY_AGAIN)
    words = f"{seen.used} of {seen.limit} requests used in the past {seen.minutes} minutes."
    left = seen.used < seen.limit
    todo = "" if left else "Wait, or let other integrations ask less: the limit is one for all."
    return Check("threshold", title, left, words, todo)


def _clock_difference(date_header: str, ours: float) -> Check:
    title = "Clocks agree"
    try:
        theirs = parsedate_to_datetime(date_header).timestamp()
    except ValueError:
        return Check("clock", title, True, "Autotask did not say what time it has.")
    apart = abs(theirs - ours)
    if apart <= LARGEST_CLOCK_DIFFERENCE:
        return Check("clock", title, True, f"{apart:.0f} seconds apart.")
    words = f"This server's clock and Autotask's are {apart:.0f} seconds apart."
    return Check("clock", title, False, words, "Let this server's clock be set by the network.")
