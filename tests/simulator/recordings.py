"""Recordings to load: written by hand from the manual's description of the file."""

from __future__ import annotations

from typing import Any

from tallystick.simulator.entities import ENTITIES
from tallystick.simulator.fields import Kind

RIGHTS = ("Create", "Delete", "Query", "Update")


def field(name: str, kind: str = "string", **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "dataType": kind,
        "length": 0,
        "isRequired": False,
        "isReadOnly": False,
        "isQueryable": True,
        "isReference": False,
        "referenceEntityType": "",
        "isPickList": False,
        "picklistValues": None,
        "picklistParentValueField": "",
        "isSupportedWebhookField": False,
        **changes,
    }


def value(number: int | str, label: str) -> dict[str, Any]:
    return {
        "value": str(number),
        "label": label,
        "isDefaultValue": False,
        "sortOrder": 1,
        "parentValue": "",
        "isActive": True,
        "isSystem": True,
    }


def udf(name: str) -> dict[str, Any]:
    facts = field(name, length=100)
    del facts["dataType"]
    return {**facts, "label": name, "type": "string"}


def information(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        **{f"can{right}": True for right in RIGHTS},
        **{f"userAccessFor{right}": "All" for right in RIGHTS},
        "hasUserDefinedFields": False,
        "supportsWebhookCallouts": False,
        **changes,
    }


def entity(
    name: str, *fields: dict[str, Any], udfs: tuple[dict[str, Any], ...] = (), **rights: Any
) -> dict[str, Any]:
    return {
        "information": information(name, hasUserDefinedFields=bool(udfs), **rights),
        "fields": list(fields),
        "user_defined_fields": list(udfs),
    }


def recording(**entities: dict[str, Any]) -> dict[str, Any]:
    return {
        "format": "Autotask metadata recorded by Tallystick",
        "format_version": 1,
        "recorded_by": "Tallystick 0.0.1",
        "recorded_on": "2026-05-01",
        "api_versions": ["1.0", "1.1"],
        "threshold": {"limit": 5000, "minutes": 30},
        "costs": "none shown",
        "entities": entities,
    }


def like_ours(name: str, **changes: dict[str, Any]) -> dict[str, Any]:
    """An entity with our own field list, some fields told otherwise; ``x={}`` leaves x out."""
    words = {Kind.MONEY: "double", Kind.DATE: "datetime", Kind.INT: "integer", Kind.BOOL: "boolean"}
    fields = []
    for known in ENTITIES[name].fields.values():
        told = field(
            known.name,
            words.get(known.kind, known.kind.value),
            length=known.length,
            isRequired=known.required,
            isReadOnly=known.read_only or known.create_only,
            isQueryable=known.queryable,
        )
        if changes.get(known.name) != {}:
            fields.append({**told, **changes.get(known.name, {})})
    return entity(ENTITIES[name].singular, *fields)
