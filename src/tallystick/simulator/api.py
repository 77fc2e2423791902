"""Autotask's side: an authorised request for a known resource becomes an answer.

Nothing here knows of faults, limits or sockets. Every path raises Refusal for what Autotask would
refuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_never

from tallystick.simulator import errors
from tallystick.simulator.catalogue import Catalogue
from tallystick.simulator.errors import Refusal
from tallystick.simulator.fields import Entity
from tallystick.simulator.jsontext import read
from tallystick.simulator.knobs import Knobs
from tallystick.simulator.limits import Limits
from tallystick.simulator.messages import HTML, Answer, Request, as_json, framework_error
from tallystick.simulator.paging import Page, address, count, read_page, read_token
from tallystick.simulator.query import Query, read_query
from tallystick.simulator.rights import check_right
from tallystick.simulator.routes import Resource, Route, zone_prefix
from tallystick.simulator.table import Record
from tallystick.simulator.world import ROWS_OF_BUNDLES, ROWS_OF_SERVICES, World
from tallystick.simulator.writes import create, delete, update

#: Money a security level without the right to read costs does not see (official: the level
#: exists; that the fields come back as null is inference).
COST_FIELDS = frozenset({"cost", "unitCost", "ourCost", "extendedCost"})
_NOT_FOUND_PAGE = (
    b"<!DOCTYPE html><html><head><title>404 - File or directory not found.</title></head>"
    b"<body><h1>Server Error</h1><h2>404 - File or directory not found.</h2></body></html>"
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request for a resource, with what is known about it."""

    request: Request
    route: Route
    origin: str
    seq: int

    def body(self) -> Any:
        """The parsed body. Raises Refusal with the JSON reader's words."""
        try:
            return read(self.request.body)
        except (ValueError, RecursionError):
            start = self.request.body[:1].decode("latin-1")
            raise Refusal(errors.PARSE.format(character=start, path="")) from None


class Api:
    """The resources of the API over one tenant."""

    def __init__(self, *, world: World, knobs: Knobs, limits: Limits, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._world = world
        self._knobs = knobs
        self._limits = limits

    def answer(self, call: Call) -> Answer:
        """Answer a request whose verb the route takes. Raises Refusal."""
        route = call.route
        match route.resource:
            case Resource.ZONE:
                return self._zone(call)
            case Resource.VERSION:
                return as_json({"apiVersions": self.catalogue.api_versions()})
            case Resource.THRESHOLD:
                return self._threshold()
            case Resource.ENTITIES:
                return as_json({"entityDescriptions": self.catalogue.all_information()})
            case _:
                assert route.entity is not None  # noqa: S101 - all others have one
                return self._of_entity(call, route.entity)

    def _of_entity(self, call: Call, entity: Entity) -> Answer:
        check_right(entity, call.route.resource, call.request.method)
        match call.route.resource:
            case Resource.QUERY | Resource.NEXT_PAGE:
                return self._query(call, entity)
            case Resource.COUNT:
                query, _ = self._read_query(call, entity)
                return as_json({"queryCount": count(self._table(entity), query)})
            case Resource.ITEM:
                return self._item(call, entity)
            case Resource.COLLECTION:
                return self._collection(call, entity)
            case Resource.ENTITY:
                return as_json({"info": self.catalogue.information(entity)})
            case Resource.FIELDS:
                return as_json({"fields": self.catalogue.fields(entity)})
            case Resource.UDF_FIELDS:
                return self._udf_fields(call, entity)
            case Resource.ZONE | Resource.VERSION | Resource.THRESHOLD | Resource.ENTITIES:
                raise AssertionError("answered before")
            case never:
                assert_never(never)

    # Information

    def _zone(self, call: Call) -> Answer:
        user = call.request.parameters().get("user", "")
        if user.lower() != self._user.lower():
            raise Refusal(errors.ZONE_UNKNOWN)
        zone = self._knobs["zone"]
        return as_json(
            {
                "zoneName": f"Simulator Zone {zone}",
                "url": f"{call.origin}{zone_prefix(zone)}",
                "webUrl": f"{call.origin}/",
                "ci": zone,
            }
        )

    _user = ""

    def set_user(self, user: str) -> None:
        """The only user whose zone can be determined."""
        self._user = user

    def _threshold(self) -> Answer:
        self.catalogue.check_threshold_told()
        return as_json(
            {
                "externalRequestThreshold": self._knobs["hourly_threshold"],
                "requestThresholdTimeframe": self._limits.minutes,
                "currentTimeframeRequestCount": self._limits.usage(),
            }
        )

    def _udf_fields(self, call: Call, entity: Entity) -> Answer:
        if not entity.has_udfs:  # live: the path can be missing
            uri = call.origin + call.request.target
            return framework_error(errors.NO_RESOURCE.format(uri=uri), 404)
        own = self._world.udf_fields.get(entity.name, [])
        return as_json({"fields": self.catalogue.user_defined_fields(entity, own)})

    # Reading

    def _table(self, entity: Entity) -> Any:
        if entity.name in (ROWS_OF_SERVICES, ROWS_OF_BUNDLES):
            self._world.publish_due()
        return self._world.table(entity.name)

    def shown(
        self, entity: Entity, record: Record, include: tuple[str, ...] | None
    ) -> dict[str, Any]:
        """A record as the API writes it: all fields of the entity, or the included ones."""
        names = include or entity.fields
        shown = {name: record.get(name) for name in names}
        if self._knobs.is_on("cost_hidden"):
            for name in COST_FIELDS & shown.keys():
                shown[name] = None
        if include is None and entity.has_udfs:
            shown["userDefinedFields"] = record.get("userDefinedFields") or []
        return shown

    def _read_query(self, call: Call, entity: Entity) -> tuple[Query, str | None]:
        """The query of the body, or of ``search`` for a GET, with that search as it was sent."""
        if call.request.method == "POST":
            return read_query(entity, call.body()), None
        search = call.request.parameters().get("search")
        if search is None:
            raise Refusal(errors.FILTER_REQUIRED)
        try:
            body = read(search)
        except (ValueError, RecursionError):
            raise Refusal(errors.PARSE.format(character=search[:1], path="")) from None
        return read_query(entity, body), search

    def _query(self, call: Call, entity: Entity) -> Answer:
        parameters = call.request.parameters()
        is_next = call.route.resource is Resource.NEXT_PAGE
        if is_next and call.request.method == "GET" and "search" not in parameters:
            return framework_error(errors.NOT_ALLOWED.format(method="GET"), 405)
        query, search = self._read_query(call, entity)
        token = read_token(parameters.get("paging", ""), query) if is_next else None
        page = read_page(self._table(entity), query, token)
        return self._page(call, entity, query, page, search)

    def _page(
        self, call: Call, entity: Entity, query: Query, page: Page, search: str | None
    ) -> Answer:
        if page.following and query.include is not None and "id" not in query.include:
            raise Refusal(errors.ID_NEEDED)
        base = f"{call.origin}{zone_prefix(call.route.zone)}V1.0/{entity.name}"
        return as_json(
            {
                "items": [self.shown(entity, record, query.include) for record in page.records],
                "pageDetails": {
                    "count": len(page.records),
                    "requestCount": query.most,
                    "prevPageUrl": address(base, page.preceding, search),
                    "nextPageUrl": address(base, page.following, search),
                },
            }
        )

    def _item(self, call: Call, entity: Entity) -> Answer:
        record_id = call.route.record_id
        assert record_id is not None  # noqa: S101 - an item route has one
        if call.request.method == "DELETE":
            deleted = delete(self._world, entity, record_id, parent_id=call.route.parent_id)
            return as_json({"itemId": deleted})
        record = self._table(entity).get(record_id)
        parent_id = call.route.parent_id
        if record is not None and parent_id not in (None, record.get(entity.parent_field)):
            record = None
        # A missing id answers 200 with null, not 404 (live).
        return as_json({"item": None if record is None else self.shown(entity, record, None)})

    # Writing

    def _collection(self, call: Call, entity: Entity) -> Answer:
        parent_id = call.route.parent_id
        match call.request.method:
            case "GET":
                return self._children(call, entity)
            case "POST":
                item_id = create(
                    self._world,
                    entity,
                    call.body(),
                    parent_id=parent_id,
                    request_seq=call.seq,
                )
                return as_json({"itemId": item_id})
            case method:
                if method == "PATCH" and self._knobs.is_on("patch_html_404"):
                    return Answer(status=404, body=_NOT_FOUND_PAGE, content_type=HTML)
                replace = method == "PUT"
                item_id = update(
                    self._world, entity, call.body(), parent_id=parent_id, replace=replace
                )
                return as_json({"itemId": item_id})

    def _children(self, call: Call, entity: Entity) -> Answer:
        """A parent's children; further pages continue as a query of the children's entity."""
        search = (
            f'{{"filter":[{{"op":"eq","field":"{entity.parent_field}",'
            f'"value":{call.route.parent_id}}}]}}'
        )
        query = read_query(entity, read(search))
        page = read_page(self._table(entity), query, None)
        return self._page(call, entity, query, page, search)
