"""Read what a tenant's Autotask says of its entities, redacted: nothing else leaves this file.

Only reads, one request after another, each spent from the connection's budget. The result is the
document ``tallystick doctor --record`` writes and the simulator loads; ``docs/simulator.md``
describes it part by part.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar
from urllib.parse import quote

from tallystick.connections.recorded import Recorded
from tallystick.connections.trouble import Rejected, Unavailable, Unclear
from tallystick.connectors.autotask import redact
from tallystick.connectors.autotask.bodies import JsonObject
from tallystick.connectors.autotask.client import AutotaskClient
from tallystick.connectors.autotask.threshold import read_threshold

FORMAT = "Autotask metadata recorded by Tallystick"
VERSION = 1
USED = (
    "Companies",
    "Services",
    "Contracts",
    "ContractServices",
    "ContractServiceUnits",
    "ContractServiceAdjustments",
    "Currencies",
)
"""What the connector reads and writes."""
ASKED_ABOUT = (
    "BillingCodes",
    "BillingItems",
    "ContractCharges",
    "ContractNotes",
    "InternalLocations",
    "PriceListServices",
)
"""What an open question of ours is about (``docs/vendor/autotask.md``)."""
MOST_UNANSWERED = 3
"""Requests without a clear answer that are taken for a peculiarity; more are an outage."""
LARGEST_LIMIT = 10**9
LONGEST_WINDOW = 24 * 60  # minutes
NO_CLEAR_ANSWER = "Autotask gave no clear answer."
NOT_ASKED = "Not asked: whether there are any was not told."

_COSTS = "Services/query?search=" + quote(
    '{"MaxRecords":50,"IncludeFields":["id","unitCost"],'
    '"filter":[{"op":"gte","field":"id","value":0}]}'
)
T = TypeVar("T")


def record(
    client: AutotaskClient, *, recorded_by: str, recorded_on: date, with_udf_names: bool
) -> JsonObject:
    """The whole document, of plain JSON values. Costs about thirty calls.

    What Autotask refuses is recorded with its words. Raises BillingError when there is nothing to
    be had: wrong credentials, no calls left, an outage.
    """
    reader = _Reader(client, with_udf_names=with_udf_names)
    return {
        "format": FORMAT,
        "format_version": VERSION,
        "recorded_by": recorded_by,
        "recorded_on": recorded_on.isoformat(),
        "api_versions": reader.part(reader.api_versions),
        "threshold": reader.part(reader.threshold),
        "costs": reader.costs(),
        "entities": {name: reader.entity(name) for name in (*USED, *ASKED_ABOUT)},
    }


class _Reader:
    """Reads part by part and counts what got no clear answer."""

    def __init__(self, client: AutotaskClient, *, with_udf_names: bool) -> None:
        self._client = client
        self._with_udf_names = with_udf_names
        self._unanswered = 0

    def part(self, read: Callable[[], T]) -> T | JsonObject:
        """What was read, or ``{"not_read": words}``. Raises BillingError."""
        try:
            return read()
        except Rejected as refusal:
            return {"not_read": redact.words(str(refusal))}
        except (Unavailable, Unclear):
            self._unanswered += 1
            if self._unanswered > MOST_UNANSWERED:
                raise
            return {"not_read": NO_CLEAR_ANSWER}

    def api_versions(self) -> list[str]:
        """Vendor: below the service, not below ``/V1.0`` (swagger)."""
        return redact.api_versions(
            self._client.get("VersionInformation", endpoint="VersionInformation", versioned=False)
        )

    def threshold(self) -> JsonObject:
        """The limit alone: how much of it was used says something of the tenant's day."""
        seen = read_threshold(self._client)
        if not (0 <= seen.limit < LARGEST_LIMIT and 1 <= seen.minutes <= LONGEST_WINDOW):
            raise Unclear("Autotask's threshold was no threshold.")
        return {"limit": seen.limit, "minutes": seen.minutes}

    def costs(self) -> str:
        """Whether the API user sees costs, from the first services; no amount is kept."""
        answer = self.part(lambda: self._client.get(_COSTS, endpoint="Services"))
        rows = answer.get("items")
        found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        if not found:
            return "not known"
        return "shown" if any(row.get("unitCost") is not None for row in found) else "none shown"

    def entity(self, name: str) -> JsonObject:
        about = f"{name}/entityInformation"
        information = self.part(lambda: redact.information(self._get(about, name)))
        return {
            "information": information,
            "fields": self.part(lambda: redact.fields(name, self._get(f"{about}/fields", name))),
            "user_defined_fields": self._user_defined_fields(name, information),
        }

    def _user_defined_fields(self, name: str, information: JsonObject) -> Any:
        """Not asked where there are none: the address may not exist then (seen live)."""
        if "not_read" in information:
            return {"not_read": NOT_ASKED}
        if information["hasUserDefinedFields"] is not True:
            return []
        path = f"{name}/entityInformation/userDefinedFields"
        return self.part(
            lambda: redact.user_defined_fields(
                self._get(path, name), with_names=self._with_udf_names
            )
        )

    def _get(self, path: str, entity: str) -> JsonObject:
        return self._client.get(path, endpoint=entity)


def as_text(document: JsonObject) -> str:
    """The document as it is written: one fact a line, so that a person can read and compare it."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def contents(document: JsonObject) -> Recorded:
    """What a document holds."""
    entities: dict[str, JsonObject] = document["entities"]
    fields = [one for facts in entities.values() for one in _listed(facts["fields"])]
    udfs = [one for facts in entities.values() for one in _listed(facts["user_defined_fields"])]
    lists = [one["picklistValues"] for one in (*fields, *udfs) if one["picklistValues"]]
    left_out = sum(redact.is_left_out(value["label"]) for values in lists for value in values)
    return Recorded(
        entities=len(entities),
        fields=len(fields),
        lists=len(lists),
        labels_kept=sum(map(len, lists)) - left_out,
        labels_left_out=left_out,
        user_defined_fields=len(udfs),
        not_read=_not_read(document),
    )


def _listed(part: Any) -> list[JsonObject]:
    return part if isinstance(part, list) else []


def _not_read(document: JsonObject) -> dict[str, str]:
    parts = {"api_versions": document["api_versions"], "threshold": document["threshold"]}
    for name, facts in document["entities"].items():
        parts |= {f"{name}, {about.replace('_', ' ')}": part for about, part in facts.items()}
    return {
        name: part["not_read"]
        for name, part in parts.items()
        if isinstance(part, dict) and "not_read" in part and part["not_read"] != NOT_ASKED
    }
