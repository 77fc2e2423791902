"""Autotask's REST manners: queries read to their proved end, writes sent exactly once.

Vendor facts: query by POST, because the addresses of GET queries grow too long; the next page of a
POST query must be POSTed with the same body (a GET answers 405 and naive clients end up with one
page); ``filter`` is required; ``MaxRecords`` is 1 to 500; with ``IncludeFields`` the ``id`` must be
among them (official page and live clients).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from tallystick.connections.trouble import (
    BillingError,
    Misconfigured,
    Throttled,
    Unavailable,
    Unclear,
)
from tallystick.connectors.autotask.answers import UNAUTHORIZED, classify_write, read_or_raise
from tallystick.connectors.autotask.bodies import JsonObject, Written, encode
from tallystick.connectors.autotask.credentials import AutotaskCredentials
from tallystick.connectors.autotask.limits import Gate
from tallystick.connectors.autotask.origins import check_page_url
from tallystick.connectors.autotask.wire import Broken, Outcome, Reply, Wire
from tallystick.connectors.autotask.zone import Zone, zone_book
from tallystick.kit import clock
from tallystick.sync.port import AccessRefused, Answer, NotSent, Postponed

MOST_RECORDS = 500
MOST_PAGES = 4000
"""Two million rows: far above any tenant, low enough to end a server that never does."""

Condition = dict[str, Written]
_TOO_LATE = "The time for sending was over before it was our turn. Nothing was sent."
_jitter = random.SystemRandom()


def equal(field: str, value: Written) -> Condition:
    return {"op": "eq", "field": field, "value": value}


def one_of(field: str, values: Sequence[int]) -> Condition:
    """At most 500 values: the vendor's limit of conditions in one query."""
    return {"op": "in", "field": field, "value": list(values)}


def one_of_texts(field: str, values: Sequence[str]) -> Condition:
    """As ``one_of``, of texts."""
    return {"op": "in", "field": field, "value": list(values)}


def at_least(field: str, value: Written) -> Condition:
    return {"op": "gte", "field": field, "value": value}


def at_most(field: str, value: Written) -> Condition:
    return {"op": "lte", "field": field, "value": value}


class AutotaskClient:
    """One connection's way to Autotask. Stateless besides what ``wire`` and ``gate`` remember."""

    def __init__(self, *, credentials: AutotaskCredentials, gate: Gate, wire: Wire) -> None:
        self._credentials = credentials
        self._gate = gate
        self._wire = wire
        self._settings = wire.settings
        self._zones = zone_book(wire)

    # Reading

    def query(
        self,
        entity: str,
        *,
        where: Sequence[Condition],
        fields: Sequence[str],
        max_records: int = MOST_RECORDS,
    ) -> list[JsonObject]:
        """All rows of ``entity`` that meet every condition, each with an integer ``id``.

        Complete or raises BillingError: pages must add up to what Autotask itself counts, no row
        may come twice, no page may be empty or lead elsewhere.
        """
        if not where:
            raise ValueError("Autotask requires a filter; for all rows use id at least 0")
        if not 1 <= max_records <= MOST_RECORDS:
            raise ValueError("MaxRecords must be between 1 and 500")
        filters: list[Written] = list(where)
        names: list[Written] = ["id", *(name for name in fields if name != "id")]
        body = encode({"MaxRecords": max_records, "IncludeFields": names, "filter": filters})
        rows: dict[int, JsonObject] = {}
        page_url: str | None = None
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            answer = self._read("POST", self._page_of(entity, page_url), entity, body)
            page, page_url = _page(answer, entity)
            for row in page:
                number = row.get("id")
                if not isinstance(number, int) or isinstance(number, bool):
                    raise Unclear(f"Autotask answered with a row of {entity} without an id.")
                if number in rows:
                    raise Unclear(f"Autotask answered with {entity} {number} twice in one read.")
                rows[number] = row
            if page_url is None:
                break
            if page_url in seen or not page:
                raise Unclear(f"Autotask's pages of {entity} lead in a circle.")
            seen.add(page_url)
        else:
            raise Unclear(f"Autotask's pages of {entity} do not end.")
        # A full last page looks just like a chain that was cut, and "nothing" is what most is
        # concluded from: there the vendor's own count is asked as well.
        doubtful = bool(seen) or len(rows) >= max_records or not rows
        if doubtful and self.count(entity, where=where) != len(rows):
            raise Unclear(f"{entity} changed while it was read, or a page is missing.")
        return list(rows.values())

    def count(self, entity: str, *, where: Sequence[Condition]) -> int:
        """How many rows meet every condition, by Autotask's own count. Raises BillingError."""
        filters: list[Written] = list(where)
        answer = self._read(
            "POST",
            lambda zone: zone.url(f"{entity}/query/count"),
            entity,
            encode({"filter": filters}),
        )
        counted = answer.get("queryCount")
        if not isinstance(counted, int) or isinstance(counted, bool):
            raise Unclear(f"Autotask did not say how many rows of {entity} there are.")
        return counted

    def get(self, path: str, *, endpoint: str, versioned: bool = True) -> JsonObject:
        """Read one address below ``/V1.0/``, or beside it. Raises BillingError."""
        return self._read(
            "GET", lambda zone: zone.url(path) if versioned else zone.beside(path), endpoint, None
        )

    def zone(self) -> Zone:
        """The zone in use; asks for it if need be. Raises BillingError."""
        user = self._credentials.user_name
        return self._zones.of(user, wire=self._wire, deadline=self._read_until())

    def ask(self, path: str, *, endpoint: str) -> Outcome:
        """One GET, no retry, with the raw outcome: for the handshake, which shows headers too.

        Raises BillingError when the zone or the gate stands in the way.
        """
        return self._read_once("GET", lambda zone: zone.url(path), endpoint, None)

    def _page_of(self, entity: str, page_url: str | None) -> Callable[[Zone], str]:
        if page_url is None:
            return lambda zone: zone.url(f"{entity}/query")
        # Checked against the zone of the moment: after a move the old pages are not followed.
        return lambda zone: check_page_url(page_url, base=zone.base, entity=entity)

    def _read(
        self, method: str, address: Callable[[Zone], str], endpoint: str, body: bytes | None
    ) -> JsonObject:
        """Ask, and ask again a little later only for what may heal by itself (Unavailable)."""
        for attempt in range(self._settings.read_retries + 1):
            try:
                outcome = self._read_once(method, address, endpoint, body)
                return read_or_raise(outcome, hide=self._credentials.hide)
            except Unavailable:
                if attempt == self._settings.read_retries:
                    raise
            time.sleep(self._settings.retry_pause * 2**attempt * _jitter.uniform(0.5, 1.0))
        raise AssertionError("unreachable")

    def _read_once(
        self, method: str, address: Callable[[Zone], str], endpoint: str, body: bytes | None
    ) -> Outcome:
        user, wire = self._credentials.user_name, self._wire
        zone = self._zones.of(user, wire=wire, deadline=self._read_until())
        outcome = self._send(method, address(zone), endpoint, body)
        if isinstance(outcome, Reply) and outcome.status == UNAUTHORIZED:
            until = self._read_until()
            zone = self._zones.again(user, instead_of=zone, wire=wire, deadline=until)
            outcome = self._send(method, address(zone), endpoint, body)
        if isinstance(outcome, Broken) and not outcome.sent:
            self._zones.forget(user)
        return outcome

    def _read_until(self) -> float:
        return clock.monotonic() + self._settings.read_timeout

    def _send(self, method: str, url: str, endpoint: str, body: bytes | None) -> Outcome:
        # Counted before the place is taken: a place is for the call, not for our bookkeeping.
        self._gate.spend(endpoint)
        with self._gate.slot(endpoint, deadline=self._read_until()):
            return self._exchange(
                method, url, body, until=self._read_until(), most=self._settings.max_read_bytes
            )

    def _exchange(
        self, method: str, url: str, body: bytes | None, *, until: float, most: int
    ) -> Outcome:
        """The one place where credentials are put on a request; an echo of them is taken out."""
        outcome = self._wire.exchange(
            method=method,
            url=url,
            headers=self._credentials.headers(),
            body=body,
            deadline=until,
            most_bytes=most,
        )
        if isinstance(outcome, Reply):
            return replace(outcome, body=self._credentials.scrub(outcome.body))
        return outcome

    # Writing

    def post_once(
        self, path: str, *, endpoint: str, body: bytes, deadline: float, method: str = "POST"
    ) -> Answer:
        """Send one write, once, before ``deadline`` (``kit.clock.monotonic``); never raises for
        what Autotask or the network does.

        1. The zone is known or asked for (no secret in that); no zone, nothing sent.
        2. A place and one call of the hour's budget are taken; none, nothing sent.
        3. The deadline is looked at again, last of all at the first byte: too late, nothing sent.
        4. The request goes out once and its outcome is classified.
        5. A 401 was not executed, and may only mean that the tenant moved: the zone is asked for
           once more and the request sent once more, if there is time. That is the only repetition.
        """
        user, wire = self._credentials.user_name, self._wire
        if clock.monotonic() >= deadline:
            return NotSent(_TOO_LATE)
        try:
            zone = self._zones.of(user, wire=wire, deadline=deadline)
        except BillingError as failure:
            return _without_zone(failure)
        outcome = self._write(method, zone.url(path), endpoint, body, deadline=deadline)
        if isinstance(outcome, Reply) and outcome.status == UNAUTHORIZED:
            try:
                zone = self._zones.again(user, instead_of=zone, wire=wire, deadline=deadline)
            except BillingError as failure:
                return _refused_and_without_zone(failure)
            outcome = self._write(method, zone.url(path), endpoint, body, deadline=deadline)
        if isinstance(outcome, Broken) and not outcome.sent:
            self._zones.forget(user)
        if isinstance(outcome, Reply | Broken):
            return classify_write(outcome, hide=self._credentials.hide)
        return outcome

    def _write(
        self, method: str, url: str, endpoint: str, body: bytes, *, deadline: float
    ) -> Outcome | NotSent | Postponed:
        outcome: Outcome | None = None
        try:
            if clock.monotonic() >= deadline:
                return NotSent(_TOO_LATE)
            self._gate.spend(endpoint)
            with self._gate.slot(endpoint, deadline=deadline):
                now = clock.monotonic()
                if now >= deadline:
                    return NotSent(_TOO_LATE)
                until = min(deadline, now + self._settings.write_timeout)
                outcome = self._exchange(
                    method, url, body, until=until, most=self._settings.max_write_bytes
                )
        except Throttled as wait:
            if outcome is not None:  # a gate that complains on leaving must not cost the answer
                return outcome
            if clock.monotonic() >= deadline:
                return NotSent(_TOO_LATE)
            return Postponed(f"{wait} Nothing was sent.", wait.retry_after_seconds)
        return outcome


def _page(answer: JsonObject, entity: str) -> tuple[list[JsonObject], str | None]:
    """The rows of a page and the address of the next one, both as they must be."""
    rows, details = answer.get("items"), answer.get("pageDetails")
    if not isinstance(rows, list) or not isinstance(details, dict):
        raise Unclear(f"Autotask's answer about {entity} was not a page of rows.")
    if not all(isinstance(row, dict) for row in rows) or details.get("count") != len(rows):
        raise Unclear(f"A page of {entity} does not hold the rows it says it holds.")
    following = details.get("nextPageUrl")
    if following is not None and not isinstance(following, str):
        raise Unclear(f"A page of {entity} does not say where the next one is.")
    return rows, following or None


def _without_zone(failure: BillingError) -> Answer:
    """The zone is not known, so nothing with a secret or a change in it was sent."""
    match failure:
        case Misconfigured():
            return AccessRefused(str(failure))
        case Throttled():
            return Postponed(str(failure), failure.retry_after_seconds)
        case _:
            return NotSent(f"The zone could not be found out. {failure} Nothing was sent.")


def _refused_and_without_zone(failure: BillingError) -> Answer:
    """A 401, so not executed, and nobody to ask whether the tenant moved."""
    if isinstance(failure, Misconfigured):
        return AccessRefused(f"Autotask refused the credentials (401). {failure}")
    wait = failure.retry_after_seconds if isinstance(failure, Throttled) else None
    return Postponed(
        f"Autotask refused the credentials (401), and its zone could not be looked up. {failure}",
        wait,
    )
