"""What the stand-in says of its entities and holds requests to: its own catalogue, or a recording.

A recording replaces the catalogue entity by entity; what it does not have, or says was not read,
is held to the built-in facts. What a *kind* of value is stays built-in for fields known here: the
metadata answer has one word for days and moments, and one for money and other numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tallystick.simulator import metadata
from tallystick.simulator.entities import all_entities
from tallystick.simulator.errors import Refusal
from tallystick.simulator.fields import Entity, Field, Kind
from tallystick.simulator.recording import NotRead, RecordedEntity, Recording
from tallystick.simulator.routes import Route

#: Words of ``dataType``: those the simulator answers, and those of the vendor's model (swagger).
_KINDS = {
    "byte": Kind.INT,
    "short": Kind.INT,
    "integer": Kind.INT,
    "long": Kind.LONG,
    "boolean": Kind.BOOL,
    "decimal": Kind.MONEY,
    "double": Kind.DOUBLE,
    "float": Kind.DOUBLE,
    "datetime": Kind.DATETIME,
}
_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)
_ACTS = {"query": "Query", "create": "Create", "update": "Update", "delete": "Delete"}


class Catalogue:
    """The entities as this stand-in has them. ``recording`` ``None`` is the built-in catalogue."""

    def __init__(self, recording: Recording | None = None) -> None:
        self.recording = recording
        self._recorded: Mapping[str, RecordedEntity] = recording.entities if recording else {}
        self._entities = {
            entity.name: _as_recorded(entity, self._recorded[entity.name])
            for entity in all_entities()
            if entity.name in self._recorded
        }

    def on(self, route: Route) -> Route:
        """The route with its entity as the tenant has it."""
        entity = route.entity
        if entity is None or entity.name not in self._entities:
            return route
        return replace(route, entity=self._entities[entity.name])

    # The answers. Each raises Refusal with the tenant's words where it did not tell.

    def information(self, entity: Entity) -> dict[str, Any]:
        recorded = self._recorded.get(entity.name)
        if recorded is None:
            return metadata.entity_information(entity)
        return dict(_told(recorded.information))

    def all_information(self) -> list[dict[str, Any]]:
        """Of every entity; those a recording could not read are told by the built-in facts."""
        return [{"info": self._information_or_own(entity)} for entity in all_entities()]

    def _information_or_own(self, entity: Entity) -> dict[str, Any]:
        try:
            return self.information(entity)
        except Refusal:
            return metadata.entity_information(entity)

    def fields(self, entity: Entity) -> list[dict[str, Any]]:
        recorded = self._recorded.get(entity.name)
        if recorded is None:
            return [metadata.field_information(field) for field in entity.fields.values()]
        return list(_told(recorded.fields))

    def user_defined_fields(
        self, entity: Entity, own: Iterable[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """``own`` are the simulator's, for an entity without a recording."""
        recorded = self._recorded.get(entity.name)
        if recorded is None:
            return [metadata.udf_information(udf) for udf in own]
        untold = {"description": "", "defaultValue": ""}
        return [{**udf, **untold} for udf in _told(recorded.user_defined_fields)]

    def api_versions(self) -> list[str]:
        return ["1.0"] if self.recording is None else list(_told(self.recording.api_versions))

    def check_threshold_told(self) -> None:
        if self.recording is not None:
            _told(self.recording.threshold)


def _told(part: Any) -> Any:
    if isinstance(part, NotRead):
        raise Refusal(part.words)
    return part


def _as_recorded(entity: Entity, recorded: RecordedEntity) -> Entity:
    """The entity whose rights and fields requests are held to."""
    information, fields = recorded.information, recorded.fields
    if not isinstance(information, NotRead):
        entity = replace(
            entity,
            has_udfs=information["hasUserDefinedFields"] is True,
            has_webhooks=information["supportsWebhookCallouts"] is True,
            denied=frozenset(act for act, word in _ACTS.items() if _is_denied(information, word)),
        )
    if not isinstance(fields, NotRead):
        entity = replace(entity, fields={facts["name"]: _field(entity, facts) for facts in fields})
    return entity


def _is_denied(information: Mapping[str, Any], word: str) -> bool:
    return information[f"can{word}"] is False or information[f"userAccessFor{word}"] == "None"


def _field(entity: Entity, facts: Mapping[str, Any]) -> Field:
    """A field as recorded, with what only the built-in catalogue knows of one of that name.

    The answer has one flag for *read-only* and *read-only after create*. A field that must be given
    on create can be given then.
    """
    own = entity.field(facts["name"])
    kind = own.kind if own else _KINDS.get(str(facts["dataType"]).lower(), Kind.STRING)
    required, read_only = facts["isRequired"] is True, facts["isReadOnly"] is True
    given_on_create = (own.create_only or (required and not own.read_only)) if own else required
    return Field(
        name=facts["name"],
        kind=kind,
        length=facts["length"] or 0,
        required=required,
        read_only=read_only and not given_on_create,
        create_only=read_only and given_on_create,
        queryable=facts["isQueryable"] is not False,
        reference=facts["referenceEntityType"] or "",
        picklist=_picklist(kind, facts),
    )


def _picklist(kind: Kind, facts: Mapping[str, Any]) -> Mapping[int, str] | Mapping[str, str] | None:
    values = facts["picklistValues"]
    if facts["isPickList"] is not True or values is None:
        return None
    if kind in (Kind.INT, Kind.LONG):
        return {int(v["value"]): v["label"] for v in values if _NUMBER.fullmatch(v["value"])}
    return {v["value"]: v["label"] for v in values} if kind is Kind.STRING else None
