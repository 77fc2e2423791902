"""Which resource an address names, and the verbs it takes.

Addresses are matched without regard to case, as both spellings are used live. Zone 1 lives at
``/ATServicesRest/``, zone n at ``/zone{n}/ATServicesRest/`` of the same server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from tallystick.simulator.entities import by_name, child_of
from tallystick.simulator.fields import Entity

_ADDRESS = re.compile(r"^/(?:zone(\d+)/)?atservicesrest/(?:v1\.0/)?(.*?)/?$", re.IGNORECASE)


class Resource(Enum):
    ZONE = "ZoneInformation"
    VERSION = "VersionInformation"
    THRESHOLD = "ThresholdInformation"
    ENTITIES = "EntityInformation"
    QUERY = "query"
    COUNT = "count"
    NEXT_PAGE = "next page"
    ITEM = "item"
    COLLECTION = "collection"
    ENTITY = "entity information"
    FIELDS = "fields"
    UDF_FIELDS = "user defined fields"


@dataclass(frozen=True, slots=True)
class Route:
    """A resource of the API; ``zone`` is the one in the address."""

    resource: Resource
    verbs: frozenset[str]
    zone: int
    entity: Entity | None = None
    parent_id: int | None = None
    record_id: int | None = None

    @property
    def endpoint(self) -> str:
        """What the thread limit counts by: the entity, its metadata included (official)."""
        return self.entity.name if self.entity is not None else self.resource.value


_GET = frozenset({"GET"})
_GET_POST = frozenset({"GET", "POST"})
_SINGLE = {
    "zoneinformation": Resource.ZONE,
    "versioninformation": Resource.VERSION,
    "thresholdinformation": Resource.THRESHOLD,
    "entityinformation": Resource.ENTITIES,
}
_METADATA = {
    ("entityinformation",): Resource.ENTITY,
    ("entityinformation", "fields"): Resource.FIELDS,
    ("entityinformation", "userdefinedfields"): Resource.UDF_FIELDS,
}
_QUERIES = {
    ("query",): Resource.QUERY,
    ("query", "count"): Resource.COUNT,
    ("query", "next"): Resource.NEXT_PAGE,
}


def zone_prefix(zone: int) -> str:
    """The path of a zone's API, with a slash at the end."""
    return "/ATServicesRest/" if zone == 1 else f"/zone{zone}/ATServicesRest/"


def find_route(path: str) -> Route | None:
    """The resource at an address, or ``None`` where Autotask has none."""
    match = _ADDRESS.match(path)
    if match is None:
        return None
    zone = int(match[1] or 1)
    words = match[2].split("/")
    folded = tuple(word.lower() for word in words)
    if len(folded) == 1 and folded[0] in _SINGLE:
        return Route(_SINGLE[folded[0]], _GET, zone)
    entity = by_name(words[0])
    if entity is None:
        return None
    if len(words) == 1:
        return Route(Resource.COLLECTION, entity.root, zone, entity) if entity.root else None
    return _beneath(entity, folded[1:], zone) or _child(entity, folded[1:], zone)


def _beneath(entity: Entity, words: tuple[str, ...], zone: int) -> Route | None:
    if words in _METADATA:
        return Route(_METADATA[words], _GET, zone, entity)
    if not entity.queried:
        return None
    if words in _QUERIES:
        return Route(_QUERIES[words], _GET_POST, zone, entity)
    if len(words) == 1 and words[0].isdigit():
        verbs = _GET | {"DELETE"} if entity.root_delete else _GET
        return Route(Resource.ITEM, verbs, zone, entity, record_id=int(words[0]))
    return None


def _child(parent: Entity, words: tuple[str, ...], zone: int) -> Route | None:
    if len(words) < 2 or not words[0].isdigit():  # noqa: PLR2004 - "{parentId}/{child}"
        return None
    entity = child_of(parent.name, words[1])
    if entity is None:
        return None
    parent_id, rest = int(words[0]), words[2:]
    if rest in _METADATA:
        return Route(_METADATA[rest], _GET, zone, entity, parent_id)
    reading = _GET if entity.queried else frozenset[str]()
    if not rest:
        return Route(Resource.COLLECTION, entity.child | reading, zone, entity, parent_id)
    if len(rest) == 1 and rest[0].isdigit() and entity.queried:
        verbs = _GET | {"DELETE"} if entity.child_delete else _GET
        return Route(Resource.ITEM, verbs, zone, entity, parent_id, int(rest[0]))
    return None
