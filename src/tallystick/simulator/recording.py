"""A recording of a tenant's metadata, as the simulator holds it (read by ``read_recording``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COSTS = ("shown", "none shown", "not known")


@dataclass(frozen=True, slots=True)
class NotRead:
    """Something Autotask did not tell whoever recorded, with its words about it."""

    words: str


@dataclass(frozen=True, slots=True)
class RecordedEntity:
    """What a tenant said of one entity, in the API's own shapes."""

    information: dict[str, Any] | NotRead
    fields: list[dict[str, Any]] | NotRead
    user_defined_fields: list[dict[str, Any]] | NotRead


@dataclass(frozen=True, slots=True)
class Recording:
    """A tenant's metadata. ``threshold`` has ``limit`` and ``minutes``; ``costs`` is in COSTS."""

    recorded_by: str
    recorded_on: str
    api_versions: list[str] | NotRead
    threshold: dict[str, int] | NotRead
    costs: str
    entities: Mapping[str, RecordedEntity]

    def knobs(self) -> dict[str, Any]:
        """The knobs that are this tenant's facts."""
        known: dict[str, Any] = {}
        if not isinstance(self.threshold, NotRead):
            known["hourly_threshold"] = self.threshold["limit"]
        if self.costs != "not known":
            known["cost_hidden"] = "off" if self.costs == "shown" else "on"
        return known

    @property
    def minutes(self) -> int | None:
        """How long the window of the tenant's threshold is, when it was told."""
        return None if isinstance(self.threshold, NotRead) else self.threshold["minutes"]

    def summary(self) -> dict[str, Any]:
        """Where it comes from and what it holds, for whoever looks at the stand-in."""
        return {
            "recorded_by": self.recorded_by,
            "recorded_on": self.recorded_on,
            "entities": list(self.entities),
        }
