"""How many requests the tenant's database may take per hour, and how many it took."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.connectors.autotask.client import AutotaskClient
from tallystick.connectors.autotask.fields import whole


@dataclass(frozen=True, slots=True)
class Threshold:
    """``used`` of ``limit`` requests in the past ``minutes``, by everybody who uses the database.

    Vendor: ``GET /V1.0/ThresholdInformation`` (swagger; seen live). It says no reset time, counts
    as a request itself, and is best asked seldom.
    """

    limit: int
    used: int
    minutes: int


def read_threshold(client: AutotaskClient) -> Threshold:
    """Ask Autotask. Raises BillingError."""
    answer = client.get("ThresholdInformation", endpoint="ThresholdInformation")
    return Threshold(
        limit=whole(answer, "externalRequestThreshold"),
        used=whole(answer, "currentTimeframeRequestCount"),
        minutes=whole(answer, "requestThresholdTimeframe"),
    )
