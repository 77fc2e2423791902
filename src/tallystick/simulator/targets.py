"""Which lines and contract a request is about, so that a fault can be meant for one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tallystick.simulator.adjust import find_line
from tallystick.simulator.api import Call
from tallystick.simulator.errors import Refusal
from tallystick.simulator.query import folded
from tallystick.simulator.routes import Resource
from tallystick.simulator.values import read_body
from tallystick.simulator.world import World
from tallystick.simulator.writes import read_adjustment

_LINE_FIELDS = {"ContractServices": "id", "ContractServiceUnits": "contractServiceID"}


@dataclass(frozen=True, slots=True)
class Target:
    """The contract services a request names, and its contract when it names one."""

    line_ids: frozenset[int] = frozenset()
    contract_id: int | None = None

    @property
    def only_line(self) -> int | None:
        return next(iter(self.line_ids)) if len(self.line_ids) == 1 else None


def target_of(world: World, call: Call) -> Target:
    """What a request is about; an unreadable one is about nothing."""
    entity, route = call.route.entity, call.route
    if entity is None:
        return Target()
    try:
        body = call.body() if call.request.body else None
    except Refusal:
        body = None
    if entity.name == "ContractServiceAdjustments" and isinstance(body, dict):
        return _of_adjustment(world, call, body)
    if entity.name in _LINE_FIELDS:
        if route.resource is Resource.ITEM and entity.name == "ContractServices":
            return Target(frozenset({route.record_id or 0}), route.parent_id)
        if isinstance(body, dict):
            if route.resource is Resource.COLLECTION:
                line_id = folded(body).get("id")
                ids = frozenset({line_id}) if isinstance(line_id, int) and line_id else frozenset()
                return Target(ids, route.parent_id)
            ids = frozenset(_values(body, _LINE_FIELDS[entity.name].lower()))
            contracts = _values(body, "contractid")
            return Target(ids, contracts[0] if len(contracts) == 1 else None)
    return Target(contract_id=route.parent_id)


def _of_adjustment(world: World, call: Call, body: dict[str, Any]) -> Target:
    entity = call.route.entity
    assert entity is not None  # noqa: S101 - the caller looked at its name
    try:
        values = read_body(entity, body)
    except Refusal:
        return Target(contract_id=call.route.parent_id)
    values.setdefault("effectiveDate", None)
    if call.route.parent_id is not None:
        values["contractID"] = call.route.parent_id
    line = find_line(world, read_adjustment(entity, values))
    if line is None:
        return Target(contract_id=values.get("contractID"))
    return Target(frozenset({line.id}), line.contract_id)


def _values(body: dict[str, Any], field: str) -> list[int]:
    """The whole numbers a query's ``eq`` and ``in`` conditions ask of a field."""
    found: list[int] = []
    waiting = _conditions(folded(body).get("filter"))
    while waiting:
        item = folded(waiting.pop())
        waiting.extend(_conditions(item.get("items")))
        if str(item.get("field", "")).lower() != field:
            continue
        value = item.get("value")
        values = value if isinstance(value, list) else [value]
        found.extend(v for v in values if isinstance(v, int) and not isinstance(v, bool))
    return found


def _conditions(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
